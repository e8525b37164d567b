/** Loss scales per layer: powers of two on the gradient between the blocks of a network (papers/bn-relu 8.2). */
import { UsageError } from "../../base/errors.ts";
import type { Visit } from "../../nn/network.ts";
import { blocksOf } from "../propagation/blocks.ts";

export interface LayerScales {
  /** By value of the forward: the factor on its gradient on the way down. */
  readonly rescaled: ReadonlyMap<number, number>;
  /** By parameter: the total factor on its gradient. */
  readonly factors: Readonly<Record<string, number>>;
}

/**
 * @param scale Total factor on the gradient at the output of the block `below` blocks under the top one, a power of two.
 * @throws UsageError on a network with branches, or a factor that is no power of two
 */
export function layerScales(visits: readonly Visit[], scale: (below: number) => number): LayerScales {
  const blocks = [...blocksOf(visits)].reverse();
  const branched = blocks.find(({ alone, kind }) => !alone || kind === "residual" || kind === "dense");
  if (branched !== undefined) {
    throw new UsageError(`layer scales: ${branched.name} has branches, expected blocks one behind the other`);
  }
  const rescaled = new Map<number, number>();
  const factors: Record<string, number> = {};
  let above = 1;
  for (const [below, { name, core, before, after, output }] of blocks.entries()) {
    const total = scale(below);
    if (!Number.isInteger(Math.log2(total))) {
      throw new UsageError(`layer scales: ${name} has ${total}, expected a power of two`);
    }
    if (total !== above) rescaled.set(output, total / above);
    for (const visit of [...before, core, ...after]) {
      for (const part of ["weight", "bias"]) factors[`${visit.name}.${part}`] = total;
    }
    above = total;
  }
  return { rescaled, factors };
}
