/** The picture of the bifurcation zone: |pre-activation| on a plane of perturbed first-layer weights (relu0 E1). */
import { stream } from "../../base/random.ts";
import { compile } from "../../compile.ts";
import type { Precision } from "../../formats/precision.ts";
import { trace } from "../../ir/trace.ts";
import { add, linear, mul } from "../../ops/index.ts";
import type { Nearest } from "./separation.ts";

export interface Picture {
  /** Grid points per side and the distance between them. */
  readonly size: number;
  readonly step: number;
  /** |z|, row-major: v along rows, u along columns, from -size/2 steps. */
  readonly values: Float32Array;
}

/** One unit's row of a direction: entries uniform on (0, 1), the whole [units, inputs] matrix of Frobenius norm 1. */
function direction(seed: number, name: string, units: number, inputs: number, unit: number): Float64Array {
  const draws = stream(seed, `separation/${name}`);
  const row = new Float64Array(inputs);
  let square = 0;
  for (let i = 0; i < units * inputs; i++) {
    const u = draws.uniform();
    square += u * u;
    if (Math.floor(i / inputs) === unit) row[i % inputs] = u;
  }
  return row.map((u) => u / Math.sqrt(square));
}

/** Evaluates W1 + u P1 + v P2 on a `size` x `size` grid of spacing `step`, in the precision of the run. */
export function zonePicture(
  at: Nearest,
  units: number,
  precision: Precision,
  seed: number,
  size = 200,
  step = 5e-8,
): Picture {
  const inputs = at.weights.length;
  const program = trace((t) => ({ z: linear(add(add(t.w, mul(t.u, t.p1)), mul(t.v, t.p2)), t.x, t.b) }), {
    w: [inputs],
    p1: [inputs],
    p2: [inputs],
    u: [size, 1],
    v: [],
    x: [1, inputs],
    b: [1],
  });
  const engine = compile({ plane: program }, { precision });
  engine.write("w", at.weights);
  engine.write("p1", direction(seed, "p1", units, inputs, at.unit));
  engine.write("p2", direction(seed, "p2", units, inputs, at.unit));
  engine.write("x", at.x);
  engine.write("b", [at.bias]);
  const coordinate = (k: number): number => (k - size / 2) * step;
  engine.write(
    "u",
    Float64Array.from({ length: size }, (_, k) => coordinate(k)),
  );
  const values = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    engine.write("v", [coordinate(row)]);
    engine.run("plane");
    values.set(engine.buffer("z").map(Math.abs), row * size);
  }
  engine.dispose();
  return { size, step, values };
}
