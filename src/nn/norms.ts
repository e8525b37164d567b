/** Norms by name, and batch norm in the arithmetic forms that implementations have (papers/bn-relu E11). */
import { UsageError, unknown } from "../base/errors.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import {
  add,
  type BatchStatistics,
  batchNormWithStatistics,
  cast,
  div,
  groupNormWithStatistics,
  layerNormWithStatistics,
  mean,
  mul,
  reshape,
  rmsNormWithStatistics,
  sqrt,
  square,
  sub,
} from "../ops/index.ts";
import { GhostBatches } from "./ghost.ts";
import type { NormTaps } from "./network.ts";

/**
 * How batch norm computes. `library`: statistics in the accumulate format, the rest exact, one rounding (docs/numerics.md).
 * `rounded-mean`: the mean is rounded to the format of x, and so is every step. `wide`: every step in the accumulate
 * format, the result is cast. `fused-wide`: h a + b with a = gamma / s, b = beta - m a, all in the accumulate format, cast.
 * `fused-narrow`: the same with a, b and their product and sum rounded to the format of x.
 */
export const batchNormForms = ["library", "rounded-mean", "wide", "fused-wide", "fused-narrow"] as const;
export type BatchNormForm = (typeof batchNormForms)[number];

export const normKinds = ["batch", "layer", "group", "rms"] as const;

export interface NormSpec {
  /** Default "batch". */
  readonly kind?: (typeof normKinds)[number];
  /** Of group norm. */
  readonly groups?: number;
  /** Default 1e-5. */
  readonly eps?: number;
  /** Of batch norm; default "library". */
  readonly form?: BatchNormForm;
  /** Of batch norm in form "library": the backward takes the statistics as constants (default: it goes through them). */
  readonly frozen?: boolean;
  /** Of batch norm: statistics are over so many samples that follow each other (default: the whole batch). */
  readonly ghost?: number;
}

export interface Normalized {
  readonly y: Tensor;
  readonly taps: NormTaps;
  /** Of batch norm; means over ghost batches. */
  readonly statistics?: BatchStatistics;
}

/** [channels, 1, 1] beside x. */
const besideChannels = (x: Shape): number[] => x.slice(1).map((extent, axis) => (axis === 0 ? extent : 1));

/** Batch norm out of single steps, each rounded to the type that the form gives it. */
function stepwise(x: Tensor, gamma: Tensor, beta: Tensor, eps: number, form: BatchNormForm): Normalized {
  const narrow = x.type;
  const wide = "accumulate";
  const axes = [...x.shape.keys()].filter((axis) => axis !== 1);
  const kept = [1, ...besideChannels(x.shape)];
  const perChannel = (t: Tensor): Tensor => reshape(t, kept);
  const work = form === "rounded-mean" || form === "fused-narrow" ? narrow : wide;
  const m = mean(cast(x, wide), axes, true);
  const h = cast(x, work);
  const centred = sub(h, cast(m, work));
  // Of the fused forms the statistics are wide: only a and b are rounded.
  const deviation = form === "rounded-mean" ? cast(centred, wide) : sub(cast(x, wide), m);
  const variance = mean(square(deviation), axes, true);
  const s = sqrt(add(variance, eps));
  const statistics = { mean: reshape(m, [x.shape[1]]), variance: reshape(variance, [x.shape[1]]) };
  const taps = tapsOf(gamma, variance, kept, x.shape, kept, eps);
  const [g, b] = [perChannel(cast(gamma, wide)), perChannel(cast(beta, wide))];
  if (form === "fused-wide" || form === "fused-narrow") {
    const a = div(g, s);
    const shift = sub(b, mul(m, a));
    return { y: cast(add(mul(h, cast(a, work)), cast(shift, work)), narrow), taps, statistics };
  }
  const u = mul(centred, cast(div(1, s), work));
  return { y: cast(add(mul(u, cast(g, work)), cast(b, work)), narrow), taps, statistics };
}

function tapsOf(gamma: Tensor, variance: Tensor, kept: Shape, view: Shape, affine: Shape, eps: number): NormTaps {
  return { variance: variance.value, kept, view, eps, gamma: gamma.value, affine };
}

/** Samples that one statistic of batch norm is over. */
export const statisticsBatch = (batch: number, { ghost = batch }: NormSpec = {}): number => ghost;

/** Each ghost batch by itself: bit for bit what `normalize` makes of it. */
function ghostNormalize(x: Tensor, gamma: Tensor, beta: Tensor, { ghost, ...spec }: NormSpec): Normalized {
  const ghosts = new GhostBatches(x.shape, ghost as number);
  if (ghosts.parts === 1) return normalize(x, gamma, beta, spec);
  const inner = normalize(ghosts.split(x), ghosts.repeat(gamma), ghosts.repeat(beta), spec);
  return {
    y: ghosts.join(inner.y),
    taps: ghosts.taps(inner.taps, gamma),
    ...(inner.statistics === undefined ? {} : { statistics: ghosts.average(inner.statistics) }),
  };
}

/**
 * @throws UsageError on a negative eps, a batch of one value, an unknown form, a batch that ghost batches do not divide;
 * ShapeError where groups do not divide
 */
export function normalize(x: Tensor, gamma: Tensor, beta: Tensor, spec: NormSpec = {}): Normalized {
  const { kind = "batch", eps = 1e-5, form = "library", groups = 1, frozen = false } = spec;
  if (!(eps >= 0)) throw new UsageError(`norm: eps is ${eps}, expected a number of at least 0`);
  if (!batchNormForms.includes(form)) throw unknown("form of batch norm", form, batchNormForms);
  if (spec.ghost !== undefined) {
    if (kind !== "batch") throw new UsageError(`ghost batches: only batch norm has them, found norm ${kind}`);
    return ghostNormalize(x, gamma, beta, spec);
  }
  const channels = [1, ...besideChannels(x.shape)];
  const [batch, units] = x.shape;
  const pixels = sizeOf(x.shape.slice(2));
  switch (kind) {
    case "batch": {
      if (form !== "library") return stepwise(x, gamma, beta, eps, form);
      const { y, ...statistics } = batchNormWithStatistics(x, gamma, beta, eps, frozen);
      return { y, statistics, taps: tapsOf(gamma, statistics.variance, channels, x.shape, channels, eps) };
    }
    case "rms": {
      const { y, square: squares } = rmsNormWithStatistics(x, gamma, beta, eps);
      const kept = x.shape.map((extent, axis) => (axis === 0 ? extent : 1));
      return { y, taps: tapsOf(gamma, squares, kept, x.shape, channels, eps) };
    }
    case "layer":
      if (x.shape.length === 2) {
        const { y, variance } = layerNormWithStatistics(x, gamma, beta, eps);
        return { y, taps: tapsOf(gamma, variance, [batch, 1], x.shape, channels, eps) };
      }
      return normalize(x, gamma, beta, { ...spec, kind: "group", groups: 1 });
    case "group": {
      const { y, variance } = groupNormWithStatistics(x, gamma, beta, groups, eps);
      const view = [batch, groups, units / groups, pixels];
      return { y, taps: tapsOf(gamma, variance, [batch, groups, 1, 1], view, [1, groups, units / groups, 1], eps) };
    }
  }
}

/** The number behind the colon: `group:8`. @throws UsageError */
function countOf(text: string, what: string): number {
  const [head, digits] = text.split(":");
  const count = Number(digits);
  if (digits !== undefined && Number.isInteger(count) && count >= 1) return count;
  throw new UsageError(`norm ${text}: expected the ${what}, as in ${head}:8`);
}

/** "batch", "batch:frozen", "ghost:32", "layer", "group:8", "rms"; undefined of "none". @throws UsageError with the near name */
export function normNamed(
  text: string,
  { eps, form = "library" }: { readonly eps: number; readonly form?: BatchNormForm },
): NormSpec | undefined {
  const [head, count, ...rest] = text.split(":");
  const frozen = text === "batch:frozen";
  const names = ["batch", "batch:frozen", "ghost:B", "layer", "group:G", "rms", "none"];
  if (rest.length > 0 || (count !== undefined && head !== "group" && head !== "ghost" && !frozen)) {
    throw unknown("norm", text, names);
  }
  if (frozen && form !== "library") throw new UsageError(`norm ${text}: expected form library, found ${form}`);
  if (form !== "library" && head !== "batch" && head !== "ghost") {
    throw new UsageError(`form ${form}: only batch norm has forms, found norm ${text}`);
  }
  switch (head) {
    case "none":
      return undefined;
    case "batch":
      return frozen ? { kind: "batch", eps, form, frozen } : { kind: "batch", eps, form };
    case "ghost":
      return { kind: "batch", eps, form, ghost: countOf(text, "samples of a ghost batch") };
    case "layer":
    case "rms":
      return { kind: head, eps };
    case "group":
      return { kind: "group", eps, groups: countOf(text, "number of groups") };
    default:
      throw unknown("norm", text, names);
  }
}
