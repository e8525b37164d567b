/** Two trainings that differ only in ReLU'(0): when do the weights separate, and is an exact zero the cause? (relu0 E1) */
import { UsageError } from "../../base/errors.ts";
import { stream } from "../../base/random.ts";
import type { ImageSet } from "../../data/image-set.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Mlp } from "../../nn/architecture.ts";
import { drawParameters } from "../../nn/initializers.ts";
import { mlpNetwork } from "../../nn/mlp.ts";
import { differs } from "../zone/difference.ts";
import { type RuleName, Training } from "./training.ts";

export interface SeparationOptions {
  readonly mlp: Mlp;
  readonly precision: Precision;
  readonly batch: number;
  /** Iterations scanned for the first hit: at most one epoch. */
  readonly iterations: number;
  /** Iterations recorded at the start, and after the first hit. */
  readonly recorded: number;
  readonly seed: number;
  readonly stopped?: () => boolean;
  readonly progress?: (share: number) => void;
}

/** Distances before the step of an iteration; L1 over all weights and biases. */
export interface SeparationPoint {
  readonly iteration: number;
  readonly product: number;
  readonly overwrite: number;
  readonly control: number;
  /** Least |pre-activation| of the first hidden layer. */
  readonly leastActivation: number;
}

/** The pre-activation of the first layer that came nearest to zero, with what is needed to compute it again. */
export interface Nearest {
  readonly iteration: number;
  readonly sample: number;
  readonly unit: number;
  readonly value: number;
  readonly weights: Float64Array;
  readonly bias: number;
  readonly x: Float64Array;
}

export interface Separation {
  readonly learningRate: number;
  /** First iteration whose gradient depends on the choice, and where the zero was; null if none. */
  readonly firstHit: {
    readonly iteration: number;
    readonly layer: number;
    readonly sample: number;
    readonly unit: number;
  } | null;
  /** First iteration with a pre-activation equal to zero. */
  readonly firstZero: number | null;
  readonly iterations: number;
  readonly points: readonly SeparationPoint[];
  readonly nearest: Nearest;
}

function locateZero(net: Training, batch: number): { layer: number; sample: number; unit: number } {
  for (const [layer, { preActivation }] of net.layers.entries()) {
    const z = net.engine.buffer(preActivation);
    const at = z.indexOf(0);
    const width = z.length / batch;
    if (at >= 0) return { layer, sample: Math.floor(at / width), unit: at % width };
  }
  throw new Error("the census counted a zero that is not there");
}

/** Follows the nearest miss of the first layer. */
class NearestMiss {
  best: Nearest | undefined;

  /** Returns the least |z| of this iteration. */
  see(net: Training, iteration: number, batch: number): number {
    const z = net.engine.buffer(net.layers[0].preActivation);
    let [least, at] = [Infinity, 0];
    for (let i = 0; i < z.length; i++) {
      const size = Math.abs(z[i]);
      if (size < least) [least, at] = [size, i];
    }
    if (this.best === undefined || least < Math.abs(this.best.value)) {
      const width = z.length / batch;
      const [sample, unit] = [Math.floor(at / width), at % width];
      const [x, w] = [net.engine.buffer("x"), net.engine.buffer("w1")];
      const inputs = x.length / batch;
      this.best = {
        iteration,
        sample,
        unit,
        value: z[at],
        weights: Float64Array.from(w.subarray(unit * inputs, (unit + 1) * inputs)),
        bias: net.engine.buffer("b1")[unit],
        x: Float64Array.from(x.subarray(sample * inputs, (sample + 1) * inputs)),
      };
    }
    return least;
  }
}

/**
 * Trains the network with ReLU'(0) = 0 until the gradient under ReLU'(0) = 1 differs; from there on four copies go on:
 * 1 by product, 1 by overwriting, 0, and 0 again as the control. Plain SGD, lr = 0.01 (1 + U / 5), U from the seed.
 * @throws UsageError if the iterations need more samples than there are.
 */
export function separate(data: ImageSet, options: SeparationOptions): Separation {
  const { mlp, precision, batch, iterations, recorded, seed } = options;
  if (iterations * batch > data.count) {
    throw new UsageError(`${iterations} iterations of ${batch} samples exceed the ${data.count} of ${data.name}`);
  }
  const learningRate = 0.01 * (1 + stream(seed, "separation/learning-rate").uniform() / 5);
  const build = (): Training => new Training(mlp, batch, learningRate, precision, data);
  const main = build();
  const draw = precision.store.carrier === "float64" ? "format" : "float32";
  const law = { law: "default", draw, format: precision.store } as const;
  for (const [name, values] of Object.entries(drawParameters(mlpNetwork(mlp), law, seed, 0)))
    main.engine.write(name, values);
  const copies = new Map<RuleName, Training>();
  const points: SeparationPoint[] = [];
  const miss = new NearestMiss();
  let firstHit: Separation["firstHit"] = null;
  let firstZero: number | null = null;
  let done = 0;
  for (let iteration = 0; iteration < iterations && !options.stopped?.(); iteration++) {
    if (firstHit !== null && iteration >= firstHit.iteration + recorded) break;
    main.forward(iteration);
    const leastActivation = firstHit === null || iteration < recorded ? miss.see(main, iteration, batch) : Number.NaN;
    const zeros = main.onKink();
    if (zeros > 0) firstZero ??= iteration;
    const distance = (rule: RuleName): number => copies.get(rule)?.distance(main) ?? 0;
    if (iteration < recorded || firstHit !== null) {
      points.push({
        iteration,
        product: distance("product"),
        overwrite: distance("overwrite"),
        control: distance("zero"),
        leastActivation,
      });
    }
    const zero = main.gradient("zero");
    if (firstHit === null && zeros > 0 && differs(zero, main.gradient("product"))) {
      firstHit = { iteration, ...locateZero(main, batch) };
      for (const rule of ["product", "overwrite", "zero"] as const) {
        const copy = build();
        copy.copyFrom(main);
        copies.set(rule, copy);
      }
    }
    for (const [rule, copy] of copies) {
      copy.forward(iteration);
      copy.gradient(rule);
      copy.step(rule);
    }
    main.step("zero");
    done = iteration + 1;
    options.progress?.(done / iterations);
  }
  main.dispose();
  for (const copy of copies.values()) copy.dispose();
  return { learningRate, firstHit, firstZero, iterations: done, points, nearest: miss.best as Nearest };
}
