/** A traced network as blocks: a weight layer (or the sum of a residual) and the layers that follow it on its only path. */
import type { Visit } from "../../nn/network.ts";

export interface Block {
  /** "linear3", "residual2". */
  readonly name: string;
  readonly kind: "linear" | "conv2d" | "residual" | "dense";
  /** Norm and activation between a branching point and the weight (pre-activation residuals). */
  readonly before: readonly Visit[];
  /** The weight layer or the residual. */
  readonly core: Visit;
  readonly after: readonly Visit[];
  /** The value that the block hands on. */
  readonly output: number;
  /** Whether the core is the only reader of its input, so that the whole cotangent of the input comes through it. */
  readonly alone: boolean;
}

const kinds: Readonly<Record<string, Block["kind"]>> = {
  conv: "conv2d",
  linear: "linear",
  residual: "residual",
  dense: "dense",
};

interface Chain {
  readonly core: Visit | undefined;
  readonly before: readonly Visit[];
  readonly after: Visit[];
  readonly alone: boolean;
}

/** The blocks in the order of their weights; residuals come after their bodies. */
export function blocksOf(visits: readonly Visit[]): readonly Block[] {
  const readers = new Map<number, number>();
  for (const { input } of visits) readers.set(input, (readers.get(input) ?? 0) + 1);
  const open = new Map<number, Chain>();
  const chains: Chain[] = [];
  for (const visit of visits) {
    const alone = readers.get(visit.input) === 1;
    const previous = alone ? open.get(visit.input) : undefined;
    open.delete(visit.input);
    if (kinds[visit.layer] !== undefined) {
      const before = previous !== undefined && previous.core === undefined ? previous.after : [];
      const chain: Chain = { core: visit, before, after: [], alone };
      chains.push(chain);
      open.set(visit.output, chain);
    } else {
      const chain = previous ?? { core: undefined, before: [], after: [], alone };
      chain.after.push(visit);
      open.set(visit.output, chain);
    }
  }
  return chains.flatMap(({ core, before, after, alone }) => {
    if (core === undefined) return [];
    const output = [core, ...after][after.length].output;
    return [{ name: core.name, kind: kinds[core.layer], before, core, after, output, alone }];
  });
}
