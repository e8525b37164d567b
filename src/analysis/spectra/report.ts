/** One question, one spectrum: which activation, which points, which width, and how the arithmetic rounds. */
import { UsageError } from "../../base/errors.ts";
import type { Convention } from "../../conventions/convention.ts";
import type { Format, Rounding } from "../../formats/index.ts";
import { type Activation, className } from "./activation.ts";
import { deepNetwork } from "./deep-network.ts";
import { dualOf } from "./dual.ts";
import { eigenvalues, factoredEigenvalues } from "./eigenvalues.ts";
import type { FeatureOptions, Layer } from "./features.ts";
import { type BiasUse, type InfiniteOptions, infiniteGram } from "./infinite.ts";
import { halfCircleLaw, type Law, pairBound } from "./law.ts";
import type { SymmetricMatrix } from "./matrix.ts";
import { type Points, row } from "./points.ts";
import { predictedFloor, type RoundedMode, roundedEntries, roundedLayer } from "./rounded.ts";
import { type PairReport, separation } from "./separation.ts";
import { finest, infiniteSpectrum, type Spectrum, spectrumOf } from "./spectrum.ts";
import { tangentKernel } from "./tangent-kernel.ts";
import { gaussianWeights } from "./weights.ts";
import { exactWidthGram, widthGram } from "./width.ts";

export interface SpectrumRequest extends InfiniteOptions {
  readonly activation: Activation;
  readonly points: Points;
  /** Units per layer; infinite by default. */
  readonly width?: number;
  readonly format?: Format;
  readonly rounding?: Rounding;
  readonly mode?: RoundedMode;
  readonly convention?: Convention;
  readonly seed?: number;
  readonly replica?: number;
  readonly signal?: AbortSignal;
}

export interface SpectrumReport extends Spectrum {
  readonly activation: string;
  readonly class: string;
  readonly law: Law;
  readonly data: PairReport;
  /** What rounding to the format adds; 0 without one. */
  readonly predictedFloor: number;
  /** Share of pre-activations exactly on a kink; null at infinite width. */
  readonly zeroShare: number | null;
}

/** n^2 entries of 8 bytes, several times. */
const mostPoints = 8192;

function check({
  points,
  width,
  depth = 1,
  bias = "none",
  format,
  mode,
  normalization,
  layers,
}: SpectrumRequest): void {
  if (points.n > mostPoints) {
    const size = ((points.n ** 2 * 8) / 2 ** 20).toFixed(0);
    throw new UsageError(`--n is ${points.n}: one matrix has ${size} MiB; at most ${mostPoints} points`);
  }
  if (points.raw === true && width === undefined) {
    throw new UsageError("--raw: infinite width is computed from angles; give --width, or leave --raw out");
  }
  if (depth > 1 && bias !== "none") throw new UsageError("--bias: only for one hidden layer");
  if (depth > 1 && (normalization ?? "none") === "none") {
    throw new UsageError("--depth: more than one layer needs --normalization plain or centred");
  }
  if (format === undefined) return;
  const simple = depth === 1 && (layers ?? "first") === "first" && (normalization ?? "none") === "none";
  if (mode !== "G" && (width === undefined || !simple)) {
    throw new UsageError(`--mode ${mode}: rounds features of a finite first layer; give --width, or use --mode G`);
  }
}

/** The points with a coordinate 1 that a bias multiplies. */
function withBias(points: Points): Points {
  const { n, d } = points;
  const rows = new Float64Array(n * (d + 1)).fill(1);
  for (let i = 0; i < n; i++) rows.set(row(points, i), i * (d + 1));
  return { name: `${points.name} with bias`, n, d: d + 1, rows };
}

function layerOf({ points, activation, width = 1, bias = "none", seed, replica }: SpectrumRequest): Layer {
  const seen = bias === "none" ? points : withBias(points);
  const weights = gaussianWeights(width, seen.d, seed, replica);
  return { activation, weights, points: seen, factors: bias === "trained" ? seen : points };
}

interface Measured {
  readonly spectrum: Spectrum;
  readonly matrix?: SymmetricMatrix;
  readonly zeroShare: number | null;
}

function roundedSpectrum(request: SpectrumRequest, format: Format): Measured {
  const how = { format, rounding: request.rounding ?? "nearest", seed: request.seed ?? 0 };
  const mode = request.mode ?? "G";
  if (mode === "G") {
    const { matrix, zeroShare } =
      request.width === undefined
        ? { matrix: infiniteGram(request.points, request.activation, request), zeroShare: null }
        : wide(request);
    const rounded = roundedEntries(matrix as SymmetricMatrix, how);
    return { spectrum: spectrumOf(eigenvalues(rounded)), matrix: rounded, zeroShare };
  }
  const { layer, options } = roundedLayer(layerOf(request), mode, how);
  const matrix = exactWidthGram(layer, { ...featureOptions(request), ...options });
  const bad = matrix.high.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw new UsageError(`--format ${format.name}: values exceed its largest number ${format.largest}`);
  return { spectrum: spectrumOf(factoredEigenvalues(matrix)), matrix, zeroShare: matrix.zeroShare };
}

function featureOptions({ convention, signal }: SpectrumRequest): FeatureOptions {
  return { ...(convention === undefined ? {} : { convention }), ...(signal === undefined ? {} : { signal }) };
}

/** Finite width: features for the first layer, gradients of a program for everything else. */
function wide(request: SpectrumRequest): Measured {
  const { points, activation, width = 1, depth = 1, layers = "first", normalization, seed, replica } = request;
  if (depth === 1 && layers === "first" && (normalization ?? "none") === "none") {
    const layer = layerOf(request);
    const matrix = widthGram(layer, featureOptions(request));
    const exact = (): SymmetricMatrix => exactWidthGram(layer, featureOptions(request));
    return { spectrum: spectrumOf(finest(matrix, exact)), matrix, zeroShare: matrix.zeroShare };
  }
  const network = deepNetwork(points, activation, width, depth, normalization, seed, replica);
  const wrt = layers === "all" ? network.parameters : layers === "second" ? ["a"] : ["w1"];
  const { program, inputs } = network;
  const chosen = request.convention === undefined ? {} : { convention: request.convention };
  const matrix = tangentKernel(program, { wrt, inputs, output: "f", ...chosen });
  return { spectrum: spectrumOf(eigenvalues(matrix)), matrix, zeroShare: null };
}

function lawOf({ points, activation, depth = 1, layers = "first", bias = "none", width }: SpectrumRequest): Law {
  if (depth > 1 || layers !== "first" || (bias as BiasUse) !== "none") return { name: "none", predicted: null };
  const limit = width === undefined ? "" : " (infinite width)";
  if (points.arc?.kind === "half") {
    const law = halfCircleLaw(activation, points.n);
    return { ...law, name: law.name + limit };
  }
  if (points.raw === true) return { name: "none", predicted: null };
  return { name: `at most H(1) - |H| of the closest pair${limit}`, predicted: pairBound(points, dualOf(activation)) };
}

/** @throws UsageError where the parts of the question do not fit together. */
export function measureSpectrum(request: SpectrumRequest): SpectrumReport {
  check(request);
  const { points, activation, format, width } = request;
  const measured: Measured =
    format !== undefined
      ? roundedSpectrum(request, format)
      : width === undefined
        ? { spectrum: infiniteSpectrum(points, activation, request), zeroShare: null }
        : wide(request);
  const { spectrum, matrix, zeroShare } = measured;
  return {
    activation: activation.name,
    class: className(activation),
    ...spectrum,
    law: lawOf(request),
    data: separation(points),
    predictedFloor:
      format === undefined || matrix === undefined ? 0 : predictedFloor(request.mode ?? "G", format, matrix),
    zeroShare,
  };
}
