/** Trials of E11: overflow, exact zeros, ReLU'(0) and loss scales of deep BN-ReLU networks in number formats. */
import { BlockBackward, type ScaledLayer } from "../../src/analysis/propagation/block-backward.ts";
import { KinkChange } from "../../src/analysis/propagation/kink-change.ts";
import { PropagationMeter } from "../../src/analysis/propagation/meter.ts";
import { type DeepNetwork, deepNetwork, drawWeights, fillNormal } from "../../src/analysis/propagation/network.ts";
import { layerScale, overflowDepth, zeroDensity } from "../../src/analysis/propagation/theory/formats.ts";
import { stream } from "../../src/base/random.ts";
import { formatNamed } from "../../src/formats/index.ts";
import type { TrialContext } from "../../src/lab/experiment.ts";
import type { Parameter } from "../../src/nn/network.ts";
import { type BatchNormForm, batchNormForms, normNamed } from "../../src/nn/norms.ts";

export const parts = ["overflow", "zeros", "kink", "scale"] as const;
export const forms: readonly ("none" | BatchNormForm)[] = ["none", ...batchNormForms];

export interface FormatsTrial {
  readonly part: (typeof parts)[number];
  readonly format: string;
  /** Arithmetic of batch norm; "none": no norm. */
  readonly form: (typeof forms)[number];
  readonly depth: number;
  readonly width: number;
  readonly batch: number;
  /** Binary logarithm of the rms of the gradient at the top (overflow). */
  readonly top: number;
  readonly replicas: number;
}

export interface FormatsRow {
  readonly replica: number;
  /** overflow: blocks below the top at which g or dH is first not finite (null: nowhere), and where theory has it. */
  readonly overflow: number | null;
  readonly predicted: number | null;
  /** Largest over rms of g, mean over finite blocks; rate of dH from block to block there. */
  readonly peak: number | null;
  readonly rate: number | null;
  /** zeros, kink: exact zeros at ReLU and values, of all blocks but the first; density that theory expects. */
  readonly zeros: number | null;
  readonly values: number | null;
  readonly expected: number | null;
  /** kink: relative change of the first weight's gradient for alpha .5, 1, 10. */
  readonly changes: readonly number[];
  /** scale: per loss scaling, blocks whose weight gradient is lost: not finite, or more than half of it underflowed. */
  readonly lost: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, readonly number[]>>;
  /** The one scale (its binary logarithm) that loses the fewest blocks. */
  readonly best: number | null;
}

const blank: Omit<FormatsRow, "replica"> = {
  ...{ overflow: null, predicted: null, peak: null, rate: null, zeros: null, values: null, expected: null, best: null },
  ...{ changes: [], lost: {}, errors: {} },
};

export const alphas: readonly number[] = [0.5, 1, 10];

/** float16 and narrower need an eps that they hold: none, as the statistics are wide. */
function netOf({ form, depth, width }: FormatsTrial): DeepNetwork {
  const norm = form === "none" ? undefined : normNamed("batch", { eps: 0, form });
  return {
    ...{ kind: "mlp", depth, width, activation: "relu", order: "norm-act", residual: "none" },
    ...(norm === undefined ? {} : { norm }),
  };
}

interface Data {
  readonly parameters: Record<string, Float64Array>;
  readonly x: Float64Array;
  readonly gradient: Float64Array;
}

function dataOf(parameters: readonly Parameter[], { batch, width }: FormatsTrial, seed: number): Data {
  const drawn: Record<string, Float64Array> = {};
  drawWeights(parameters, seed, {}, (name, values) => {
    drawn[name] = values;
  });
  const x = new Float64Array(batch * width);
  const gradient = new Float64Array(batch * width);
  fillNormal(x, stream(seed, "propagation/x"));
  fillNormal(gradient, stream(seed, "propagation/top"));
  return { parameters: drawn, x, gradient };
}

function overflow(trial: FormatsTrial, { backend }: TrialContext, seeds: readonly number[]): FormatsRow[] {
  const { batch, depth, width, format } = trial;
  const traced = deepNetwork(netOf(trial), batch);
  const meter = new PropagationMeter(traced, { precision: format, backend, geometry: false });
  try {
    return seeds.map((seed, replica) => {
      const { parameters, x, gradient } = dataOf(traced.parameters, trial, seed);
      const rows = meter.measure({ parameters, x, gradient: gradient.map((g) => g * 2 ** trial.top) }).toReversed();
      const bad = rows.findIndex((row) => !Number.isFinite(row.gradient) || !Number.isFinite(row.signal));
      const finite = bad < 0 ? depth : bad;
      const peaks = rows.slice(0, finite).map((row) => (row.maxAbs / row.gradient) * Math.sqrt(batch * width));
      const peak = peaks.reduce((sum, k) => sum + k, 0) / finite;
      const rate = (rows[finite - 1].signal / rows[0].signal) ** (1 / (finite - 1));
      const predicted = overflowDepth(formatNamed(format), { rate, from: 2 ** trial.top, peak });
      return { ...blank, replica, overflow: bad < 0 ? null : bad, predicted, peak, rate };
    });
  } finally {
    meter.dispose();
  }
}

function kink(trial: FormatsTrial, { backend }: TrialContext, seeds: readonly number[]): FormatsRow[] {
  const traced = deepNetwork(netOf(trial), trial.batch);
  const change = new KinkChange(traced, trial.format, backend, trial.part === "zeros");
  try {
    return seeds.map((seed, replica) => {
      const { parameters, x, gradient } = dataOf(traced.parameters, trial, seed);
      const { zeros, values } = change.load({ ...parameters, x });
      // The first block's mean is near 0: theory is of the others, where there are any.
      const counted = zeros.length > 1 ? zeros.slice(1) : zeros;
      return {
        ...blank,
        replica,
        zeros: counted.reduce((sum, count) => sum + count, 0),
        values: values * counted.length,
        expected: zeroDensity(formatNamed(trial.format)),
        changes: change.changes(gradient, alphas),
      };
    });
  } finally {
    change.dispose();
  }
}

/** Beyond the format's range; what rounding alone adds to a gradient that has come a long way is in `errors`. */
const isLost = ({ underflow, finite }: ScaledLayer): boolean => !finite || underflow > 0.5;

function scale(trial: FormatsTrial, { backend, progress }: TrialContext, seeds: readonly number[]): FormatsRow[] {
  const { depth, format, batch } = trial;
  const traced = deepNetwork(netOf(trial), batch);
  const block = new BlockBackward(netOf(trial), batch, format, backend);
  const powers = Array.from({ length: 15 }, (_, i) => 16 - 4 * i);
  try {
    return seeds.map((seed, replica) => {
      const { parameters, x, gradient } = dataOf(traced.parameters, trial, seed);
      block.load(
        x,
        Array.from({ length: depth }, (_, l) => parameters[`linear${l + 1}.weight`]),
      );
      const exact = block.exact(gradient);
      const lostUnder = (by: (below: number) => number) => {
        const layers = block.scaled(gradient, by, exact);
        return { count: layers.filter(isLost).length, errors: layers.map(({ error }) => Number(error.toPrecision(3))) };
      };
      const tried = powers.map((power, i) => {
        progress((replica + i / powers.length) / seeds.length);
        return { power, ...lostUnder(() => 2 ** power) };
      });
      const best = tried.reduce((a, b) => (b.count < a.count ? b : a));
      const perLayer = lostUnder((below) => layerScale(below));
      const unscaled = tried.find(({ power }) => power === 0) as (typeof tried)[number];
      return {
        ...blank,
        replica,
        best: best.power,
        lost: { "one, 1": unscaled.count, "one, best": best.count, "per layer": perLayer.count },
        errors: { "one, 1": unscaled.errors, "one, best": best.errors, "per layer": perLayer.errors },
      };
    });
  } finally {
    block.dispose();
  }
}

/** One row per replica. */
export function formatsTrial(trial: FormatsTrial, context: TrialContext): FormatsRow[] {
  const seeds = Array.from({ length: trial.replicas }, (_, replica) => 1000 * context.seed + replica);
  switch (trial.part) {
    case "overflow":
      return overflow(trial, context, seeds);
    case "zeros":
    case "kink":
      return kink(trial, context, seeds);
    case "scale":
      return scale(trial, context, seeds);
  }
}
