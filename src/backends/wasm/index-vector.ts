/** The `index` of an expression as a vector of numbers. */
import { type Expr, visit } from "../../ir/expression.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Lanes } from "./lanes.ts";
import type { Nest } from "./nest.ts";

/** Whether an expression depends on where it is: then axes stay as they are. */
export function readsIndex(root: Expr): boolean {
  let found = false;
  visit(root, (e) => {
    found ||= e.kind === "index" || e.kind === "draw";
  });
  return found;
}

/** The axes whose index an expression reads. */
export function indicesOf(roots: readonly Expr[]): ReadonlySet<number> {
  const found = new Set<number>();
  for (const root of roots) {
    visit(root, (e) => {
      if (e.kind === "index") found.add(e.axis);
    });
  }
  return found;
}

/** Pushes 0, 1, 2, ... as lanes. */
function pushSteps(f: FunctionBuilder, lanes: Lanes): void {
  const bytes = new DataView(new ArrayBuffer(16));
  for (let lane = 0; lane < lanes.count; lane++) {
    if (lanes.scalar === "f32") bytes.setFloat32(lane * 4, lane, true);
    else bytes.setFloat64(lane * 8, lane, true);
  }
  f.vector([...new Uint8Array(bytes.buffer)]);
}

/** Pushes the index along an axis of the nest: consecutive numbers along its vector axis. */
export function pushIndex(f: FunctionBuilder, lanes: Lanes, nest: Nest, axis: number): void {
  const fixed = nest.fixed[axis];
  if (fixed !== undefined) {
    f.splat(fixed, lanes.scalar);
    return;
  }
  f.get(nest.counters[axis]).op(`${lanes.scalar}.convert_i32_s`).op(`${lanes.name}.splat`);
  if (axis !== nest.vectorAxis) return;
  pushSteps(f, lanes);
  f.op(`${lanes.name}.add`);
}

/** Pushes all ones in the int32 lanes (one per lane of numbers) that are inside the nest's vector axis. */
export function pushInside(f: FunctionBuilder, nest: Nest, extent: number): void {
  f.get(nest.counters[nest.vectorAxis]).op("i32x4.splat");
  f.vector([0, 1, 2, 3].flatMap((lane) => [lane, 0, 0, 0])).op("i32x4.add");
  f.splat(extent, "i32").op("i32x4.lt_s");
}
