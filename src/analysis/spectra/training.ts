/** Gradient descent on the first layer of a wide two-layer network (papers/activations E2), by a program of the engine. */
import { gradient } from "../../autodiff/gradient.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import type { Convention } from "../../conventions/convention.ts";
import type { Program } from "../../ir/program.ts";
import { extend, trace, update } from "../../ir/trace.ts";
import { add, cast, matmul, mul, square, sub, sum } from "../../ops/index.ts";
import type { Layer } from "./features.ts";
import { usual } from "./values.ts";

export interface TrainingOptions {
  /** Targets, one per point. */
  readonly labels: ArrayLike<number>;
  readonly eta: number;
  readonly steps: number;
  /** Subtract the output at initialization, so that the first residual is -y. */
  readonly subtract?: boolean;
  readonly convention?: Convention;
  /** The forward pass rounds the weights to this format; the gradient passes (a master copy stays in the precision). */
  readonly weightFormat?: string;
  /** Number format of everything; default float64. */
  readonly precision?: string;
  /** Loss ratios whose first step is recorded. */
  readonly levels: readonly number[];
  readonly signal?: AbortSignal;
  readonly progress?: (share: number) => void;
}

export interface TrainingRecord {
  /** Steps at which the ratio of the loss to the first one is recorded: 0, 1, 2, 3, 5, ... */
  readonly steps: readonly number[];
  readonly ratios: readonly number[];
  /** First step at or below each level; null if it was not reached. */
  readonly reached: readonly (number | null)[];
  /** Outputs minus targets before the first step. */
  readonly residual: readonly number[];
  /** Largest distance that the weights of one unit moved, and the share of signs of w_k . x_i that changed. */
  readonly moved: number;
  readonly signChanges: number;
}

/** loss = sum (f - y)^2 / 2 with f = a . phi(W x) / sqrt m - f0, and W <- W - eta dloss/dW in place. */
function step(layer: Layer, { convention, weightFormat }: TrainingOptions): Record<string, Program> {
  const { activation, points, weights } = layer;
  const [n, d, m] = [points.n, points.d, weights.m];
  const forward = trace(
    (t) => {
      const w = weightFormat === undefined ? t.w : cast(cast(t.w, weightFormat), "store");
      const z = matmul(w, t.x, { transposeB: true });
      const f = mul(matmul(t.a, activation.apply(z)), 1 / Math.sqrt(m));
      const residual = add(sub(f, t.f0), mul(t.y, -1));
      return { z, f, residual, loss: mul(sum(square(residual)), 0.5) };
    },
    { w: [m, d], x: [n, d], a: [m], y: [n], f0: [n] },
  );
  const backward = gradient(forward, convention ?? usual, { wrt: ["w"], of: "loss" });
  const descend = extend(backward, (t) => ({ next: update("w", sub(t.w, mul(t["d:w"], t.eta))) }), { eta: [] });
  // What a step need not keep takes no memory.
  const wanted = ["loss", "next"];
  return { forward, step: { ...descend, outputs: descend.outputs.filter(({ name }) => wanted.includes(name)) } };
}

/** 0, 1, 2, 3, 5, 7, 10, 14, ... */
function recordedSteps(last: number): number[] {
  const steps = [0];
  for (let t = 1; t < last; t = Math.max(t + 1, Math.round(t * 1.4))) steps.push(t);
  return [...steps, last];
}

function start(engine: Engine, layer: Layer, options: TrainingOptions): void {
  const { points, weights } = layer;
  const w = new Float64Array(weights.m * weights.d);
  weights.fill(w, 0, weights.m);
  engine.write("w", w);
  engine.write("x", points.rows);
  engine.write(
    "a",
    Float64Array.from({ length: weights.m }, (_, k) => weights.output(k)),
  );
  engine.write("y", options.labels);
  engine.write("eta", [options.eta]);
  engine.buffer("f0").fill(0);
  engine.run("forward");
  if (options.subtract === true) engine.buffer("f0").set(engine.buffer("f") as never);
}

/** Trains until the last level is reached, or `steps`. */
export function train(layer: Layer, options: TrainingOptions): TrainingRecord {
  const engine = compile(step(layer, options), { precision: options.precision ?? "float64" });
  try {
    start(engine, layer, options);
    engine.run("forward");
    const [before, signs] = [engine.buffer("w").slice(), engine.buffer("z").slice()];
    const residual = Array.from(engine.buffer("residual"));
    const first = engine.buffer("loss")[0];
    const record = recordedSteps(options.steps);
    const [steps, ratios]: number[][] = [[], []];
    const reached: (number | null)[] = options.levels.map(() => null);
    for (let t = 0; t <= options.steps; t++) {
      options.signal?.throwIfAborted();
      engine.run("step");
      const ratio = engine.buffer("loss")[0] / first;
      options.levels.forEach((level, i) => {
        if (ratio <= level) reached[i] ??= t;
      });
      const done = reached.every((at) => at !== null);
      if (record.includes(t) || done) {
        steps.push(t);
        ratios.push(ratio);
      }
      if (t % 16 === 0) options.progress?.(t / options.steps);
      if (done || !Number.isFinite(ratio)) break;
    }
    engine.run("forward");
    return { steps, ratios, reached, residual, ...movement(engine, layer, before, signs) };
  } finally {
    engine.dispose();
  }
}

function movement(engine: Engine, { points, weights }: Layer, before: ArrayLike<number>, signs: ArrayLike<number>) {
  const [w, z, d] = [engine.buffer("w"), engine.buffer("z"), points.d];
  let [moved, changed] = [0, 0];
  for (let k = 0; k < weights.m; k++) {
    let square = 0;
    for (let c = k * d; c < (k + 1) * d; c++) square += (w[c] - before[c]) ** 2;
    moved = Math.max(moved, square);
  }
  for (let i = 0; i < z.length; i++) if (z[i] > 0 !== signs[i] > 0) changed++;
  return { moved: Math.sqrt(moved), signChanges: changed / z.length };
}
