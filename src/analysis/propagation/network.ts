/** Deep networks of equal blocks, as the theory has them: linear or convolutional, in both orders, plain or residual. */
import { UsageError } from "../../base/errors.ts";
import { type Stream, stream } from "../../base/random.ts";
import { sizeOf } from "../../base/shape.ts";
import { conv, type Layer } from "../../nn/layer.ts";
import { tracedLayers } from "../../nn/layered.ts";
import type { Parameter, Traced } from "../../nn/network.ts";
import type { NormSpec } from "../../nn/norms.ts";
import { activationNamed } from "../spectra/activations.ts";

export const orders = ["norm-act", "act-norm"] as const;
/** `pre1`, `pre2`: pre-activation with one or two weight layers per block; `post2`: relu(x + branch of two). */
export const residuals = ["none", "pre1", "pre2", "post2"] as const;

export interface DeepNetwork {
  readonly kind: "mlp" | "conv";
  readonly depth: number;
  /** Units, or channels. */
  readonly width: number;
  /** Shape of one sample (default: the width; of a convolution: width x 8 x 8). */
  readonly input?: readonly number[];
  readonly padding?: "circular" | "zero";
  readonly activation: string;
  /** Undefined: none. */
  readonly norm?: NormSpec;
  readonly order: (typeof orders)[number];
  readonly residual: (typeof residuals)[number];
  /** After each block every sample is scaled to mean square 1: the control of papers/bn-relu E3. */
  readonly renormalized?: boolean;
}

/** Shape of one sample. */
export function inputShape(net: Pick<DeepNetwork, "kind" | "width" | "input">): readonly number[] {
  const { kind, width, input = kind === "mlp" ? [width] : [width, 8, 8] } = net;
  return input;
}

function weightLayer({ kind, width, padding = "circular" }: DeepNetwork): Layer {
  if (kind === "mlp") return { layer: "linear", units: width, bias: false };
  return conv(width, 3, { padding: 1, circular: padding === "circular" });
}

function layersOf(net: DeepNetwork): readonly Layer[] {
  const { depth, order, residual } = net;
  const active: Layer = { layer: "activation", name: net.activation };
  const normed: readonly Layer[] = net.norm === undefined ? [] : [{ layer: "norm", spec: net.norm }];
  const rescaled: readonly Layer[] =
    net.renormalized === true ? [{ layer: "norm", spec: { kind: "rms", eps: 0 } }] : [];
  const around = [...(order === "norm-act" ? [...normed, active] : [active, ...normed]), ...rescaled];
  const weight = weightLayer(net);
  const repeat = (block: readonly Layer[]): readonly Layer[] => Array.from({ length: depth }, () => block).flat();
  const branch = (body: readonly Layer[]): Layer => ({ layer: "residual", body, shortcut: [] });
  switch (residual) {
    case "none":
      return repeat([weight, ...around]);
    case "pre1":
      return repeat([branch([...around, weight])]);
    case "pre2":
      return repeat([branch([...around, weight, ...around, weight])]);
    case "post2":
      return repeat([branch([weight, ...around, weight, ...normed]), active]);
  }
}

/** @throws UsageError on a depth or width below 1, a residual whose input has another width, an unknown activation */
export function deepNetwork(net: DeepNetwork, batch: number): Traced {
  if (!(net.depth >= 1)) throw new UsageError(`depth: found ${net.depth}, expected an integer of at least 1`);
  if (!(net.width >= 1)) throw new UsageError(`width: found ${net.width}, expected an integer of at least 1`);
  const shape = inputShape(net);
  if (net.kind === "mlp" && batch < 2 && net.norm !== undefined && (net.norm.kind ?? "batch") === "batch") {
    throw new UsageError(`batch ${batch}: batch norm has no variance over one sample; give 2 or more, better 8`);
  }
  if (net.residual !== "none" && shape[0] !== net.width) {
    throw new UsageError(`residual ${net.residual}: inputs of ${shape[0]} numbers, expected the width, ${net.width}`);
  }
  const { norm } = net;
  if (norm?.kind === "group" && net.width % (norm.groups ?? 1) !== 0) {
    throw new UsageError(`norm group:${norm.groups}: ${net.width} units do not divide into ${norm.groups} groups`);
  }
  const activations = (name: string) => activationNamed(name).apply;
  return tracedLayers(layersOf(net), shape, batch, activations);
}

export interface Draws {
  /** gamma and beta of all norms (default 1 and 0). */
  readonly gamma?: number;
  readonly beta?: number;
  /** A factor on gamma of some norms, by the name of the parameter (default 1). */
  readonly factor?: (name: string) => number;
}

/** Of `post2` blocks: a factor on gamma of the last norm of each branch, every second one. */
export const lastNorms =
  (factor: number) =>
  (name: string): number =>
    Number(/^norm(\d+)/.exec(name)?.[1]) % 2 === 0 ? factor : 1;

/** Weights N(0, 2 / fan_in) from streams of the seed, norms at gamma and beta, biases 0; written into the buffers given. */
export function drawWeights(
  parameters: readonly Parameter[],
  seed: number,
  { gamma = 1, beta = 0, factor = () => 1 }: Draws,
  write: (name: string, values: Float64Array) => void,
): void {
  for (const parameter of parameters) {
    const { name, shape, layer, bias, fanIn } = parameter;
    const values = new Float64Array(sizeOf(shape));
    if (layer === "norm") values.fill(bias ? beta : gamma * factor(name));
    else if (!bias) fillNormal(values, stream(seed, `propagation/${name}`), Math.sqrt(2 / fanIn));
    write(name, values);
  }
}

/** Fills with N(0, deviation^2) draws. */
export function fillNormal(values: Float64Array, draws: Stream, deviation = 1): void {
  for (let i = 0; i < values.length; i++) values[i] = deviation * draws.normal();
}
