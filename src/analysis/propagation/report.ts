/** How gradients propagate through a deep network at initialization: rows and rates over seeds beside theory. */
import { UsageError, unknown } from "../../base/errors.ts";
import { stream } from "../../base/random.ts";
import type { Convention } from "../../conventions/convention.ts";
import type { Images } from "../../data/image-set.ts";
import type { Precision } from "../../formats/precision.ts";
import { architectureNames, networkNamed } from "../../nn/architectures/index.ts";
import type { Traced } from "../../nn/network.ts";
import { statisticsBatch } from "../../nn/norms.ts";
import { drawInputs, type InputSpec } from "./inputs.ts";
import { PropagationMeter } from "./meter.ts";
import { type DeepNetwork, deepNetwork, drawWeights, inputShape, lastNorms } from "./network.ts";
import { meanRates, type Rate, type Rates, ratesOf, weightLayers } from "./rate.ts";
import { type LayerRow, meanRows } from "./rows.ts";
import { type TheoryRate, theoryRate } from "./theory/rate.ts";
import { drawTop, type TopGradient } from "./top.ts";

export interface PropagationRequest extends Omit<DeepNetwork, "kind"> {
  /** mlp, conv, or an architecture such as vgg16, resnet18. */
  readonly model: string;
  readonly batch: number;
  readonly inputs: InputSpec;
  /** Images of a data set that `inputs` names. */
  readonly images?: Images;
  readonly gamma: number;
  readonly beta: number;
  /** Of residual `post2`: a factor on gamma of the last norm of each branch (default 1). */
  readonly lastGamma?: number;
  readonly precision: Precision;
  readonly backend?: string;
  readonly convention?: Convention;
  readonly seed: number;
  readonly seeds: number;
  /** What enters at the top (default random), and its root mean square unless it is that of the loss (default 1). */
  readonly topGradient?: TopGradient;
  readonly top?: number;
  readonly geometry?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (done: number) => void;
}

export interface PropagationReport {
  /** Means over seeds. */
  readonly layers: readonly LayerRow[];
  readonly rate: Rate;
  readonly theory: TheoryRate;
  /** Of each seed. */
  readonly runs: readonly { readonly layers: readonly LayerRow[]; readonly rate: Rates }[];
  readonly warnings: readonly string[];
  readonly topGradient: TopGradient;
}

interface Plan {
  readonly traced: Traced;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly theory: TheoryRate;
  /** Of a classifier. */
  readonly classes?: number;
}

function planOf(request: PropagationRequest): Plan {
  const { model, batch, gamma, beta, images, inputs, norm, ...net } = request;
  const picture = images === undefined ? undefined : [images.channels, images.height, images.width];
  if (model === "mlp" || model === "conv") {
    const shape = picture === undefined ? undefined : model === "mlp" ? [picture.reduce((a, b) => a * b, 1)] : picture;
    const input = shape ?? net.input;
    const deep = {
      ...net,
      kind: model,
      ...(norm === undefined ? {} : { norm }),
      ...(input === undefined ? {} : { input }),
    } as const;
    const own = inputShape(deep);
    const samples = statisticsBatch(batch, norm);
    const values = model === "mlp" ? samples : samples * own[1] * own[2];
    return { traced: deepNetwork(deep, batch), shape: own, theory: theoryRate(deep, values, gamma, beta) };
  }
  const body = model.replace(/-bn$/, "");
  if (!architectureNames.includes(body)) throw unknown("model", model, ["mlp", "conv", ...architectureNames]);
  if (net.residual !== "none" || net.order !== "norm-act") {
    throw new UsageError(`model ${model}: order and residual are its own; --order and --residual are for mlp and conv`);
  }
  const sample = picture === undefined ? undefined : { input: picture, classes: 10 };
  const name = `${body}${norm === undefined ? "" : "-bn"}${net.activation === "relu" ? "" : `:${net.activation}`}`;
  const network = networkNamed(name, sample, norm);
  const source = "no theory: pools, strides and borders";
  const { input: shape, classes } = network;
  return { traced: network.traced(batch), shape, classes, theory: { rate: null, error: 0, source } };
}

function warningsOf({ batch, norm, model }: PropagationRequest, rows: readonly LayerRow[]): string[] {
  const isBatch = norm !== undefined && (norm.kind ?? "batch") === "batch" && model === "mlp";
  const samples = statisticsBatch(batch, norm);
  const name = samples === batch ? "batch" : "ghost batches of";
  const few =
    isBatch && samples === 2 && norm.frozen !== true
      ? [`${name} 2: normalized values are +-1, so every gradient below a batch norm is 0 but for rounding (2.5)`]
      : isBatch && samples === 3
        ? [`${name} 3: E[1 / s^2] diverges, the rate has no finite second moment (2.5); give 8 or more`]
        : [];
  const dead = rows.filter((row) => row.dead > 0);
  if (dead.length === 0) return few;
  const count = dead.reduce((sum, row) => sum + row.dead, 0);
  const most = dead.slice(0, 5).map(({ name, dead: own }) => `${name}: ${Number(own.toPrecision(3))}`);
  const effect =
    norm?.eps === 0
      ? "0 / 0: gradients are NaN there and below; give --eps 1e-5"
      : "they pass 1 / sqrt(eps) or nothing";
  const where = `${most.join(", ")}${dead.length > 5 ? ", ..." : ""}`;
  return [...few, `dead features: ${Number(count.toPrecision(3))} statistics have variance 0 (${where}); ${effect}`];
}

/** Of inputs that have none of their own. */
function drawLabels(batch: number, classes: number, seed: number): Int32Array {
  const draws = stream(seed, "propagation/labels");
  return Int32Array.from({ length: batch }, () => draws.integer(classes));
}

/** @throws UsageError on sizes that do not fit; an AbortError where the signal says so */
export function measurePropagation(request: PropagationRequest): PropagationReport {
  const { traced, shape, theory, classes } = planOf(request);
  const { batch, precision, backend, convention, gamma, beta, seed, seeds, top = 1, geometry } = request;
  const { topGradient = { kind: "random" } } = request;
  if (topGradient.kind === "loss" && classes === undefined) {
    throw new UsageError(`top gradient loss: model ${request.model} has no classifier; give an architecture`);
  }
  const plain = traced.program.outputs.some(({ name }) => name === "y") ? "y" : "last";
  const factor = lastNorms(request.residual === "post2" ? (request.lastGamma ?? 1) : 1);
  const meter = new PropagationMeter(traced, {
    precision,
    top: topGradient.kind === "loss" ? "loss" : plain,
    ...(backend === undefined ? {} : { backend }),
    ...(convention === undefined ? {} : { convention }),
    ...(geometry === undefined ? {} : { geometry }),
  });
  try {
    const runs = Array.from({ length: seeds }, (_, i) => {
      request.signal?.throwIfAborted();
      const own = seed + i;
      const parameters: Record<string, Float64Array> = {};
      drawWeights(traced.parameters, own, { gamma, beta, factor }, (name, values) => {
        parameters[name] = values;
      });
      const { images } = request;
      const labels = drawLabels(batch, classes ?? 1, own);
      const x = drawInputs(request.inputs, {
        batch,
        shape,
        seed: own,
        labels,
        ...(images === undefined ? {} : { images }),
      });
      const enters =
        topGradient.kind === "loss" ? { labels } : { gradient: drawTop(topGradient, meter.topSize, batch, own, top) };
      const layers = meter.measure({ parameters, x, ...enters });
      request.progress?.(i + 1);
      return { layers, rate: ratesOf(layers) };
    });
    const layers = meanRows(runs.map((run) => run.layers));
    if (weightLayers(layers).length === 0) throw new UsageError("propagation: no layers");
    return {
      layers,
      rate: meanRates(runs.map((run) => run.rate)),
      theory,
      runs,
      warnings: warningsOf(request, layers),
      topGradient,
    };
  } finally {
    meter.dispose();
  }
}
