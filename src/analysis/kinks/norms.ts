/** Windows whose computed Euclidean norm is 0: because every entry is 0, or because squares of other entries underflowed. */
import { compile } from "../../compile.ts";
import type { Precision } from "../../formats/precision.ts";
import { ProgramBuilder } from "../../ir/builder.ts";
import type { Program } from "../../ir/program.ts";
import { ops } from "../../ops/index.ts";
import { windowsOf } from "../../ops/window.ts";

export interface ZeroNorms {
  /** `normPool.zero@<node>` */
  readonly layer: string;
  readonly windows: number;
  /** Computed norm 0: all entries are 0, or some are not. */
  readonly allZero: number;
  readonly underflowed: number;
}

/** Runs the forward once on the inputs given by name and looks at every normPool. */
export function zeroNorms(
  program: Program,
  precision: Precision,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
): ZeroNorms[] {
  const nodes = program.nodes.filter(({ op }) => op === "normPool");
  const builder = new ProgramBuilder(ops, program);
  for (const { id, inputs: operands, outputs } of nodes) {
    builder.output(`entries@${id}`, operands[0]);
    builder.output(`norm@${id}`, outputs[0]);
  }
  const engine = compile(builder.finish(), { precision });
  for (const [name, values] of Object.entries(inputs)) engine.write(name, values);
  engine.run("program");
  const found = nodes.map((node) => {
    const { shape } = program.values[node.inputs[0]];
    const [entries, norms] = [engine.buffer(`entries@${node.id}`), engine.buffer(`norm@${node.id}`)];
    const { window, stride, padding, count } = windowsOf(node.op, shape, node.options);
    const [height, width] = shape.slice(-2);
    const hasEntry = (place: number): boolean => {
      const column = place % count[1];
      const row = Math.floor(place / count[1]) % count[0];
      const base = Math.floor(place / (count[0] * count[1])) * height * width;
      for (let dy = 0; dy < window[0]; dy++) {
        for (let dx = 0; dx < window[1]; dx++) {
          const [y, x] = [row * stride[0] - padding[0] + dy, column * stride[1] - padding[1] + dx];
          if (y >= 0 && y < height && x >= 0 && x < width && entries[base + y * width + x] !== 0) return true;
        }
      }
      return false;
    };
    let [allZero, underflowed] = [0, 0];
    for (let place = 0; place < norms.length; place++) {
      if (norms[place] !== 0) continue;
      if (hasEntry(place)) underflowed++;
      else allZero++;
    }
    return { layer: `normPool.zero@${node.id}`, windows: norms.length, allZero, underflowed };
  });
  engine.dispose();
  return found;
}
