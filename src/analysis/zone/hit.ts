/** One mini-batch whose gradients differ: by how much, where, and whether over the reals. */

import type { ZoneCell } from "./cell.ts";
import type { Contrast } from "./comparison.ts";
import { type Distance, difference, differs, distance } from "./difference.ts";
import type { ZoneNetwork } from "./network.ts";
import { exactDistance, freeze } from "./replay.ts";

/**
 * Size of the change of the first layer's weight gradient relative to the kept one (papers/relu0 E3), in three norms, and
 * of all parameters' in L2; null where the kept gradient is zero.
 */
export interface Change {
  readonly l1: number | null;
  readonly l2: number | null;
  readonly max: number | null;
  readonly all: number | null;
}

/** A mini-batch whose gradient depends on the choice. Of several choices the one that is farthest in L-infinity. */
export interface Hit {
  readonly batch: number;
  /** Whether the first layer's weights see it: the published test (papers/relu0 2.6). */
  readonly firstLayer: boolean;
  /** Parameters whose gradient differs. */
  readonly reached: number;
  /** The exact judge; null where it was not asked, or cannot decide because values are not finite. */
  readonly bifurcates: boolean | null;
  readonly d: Distance;
  /** The distance in float64 on the stored values and selections; null where it was not asked. */
  readonly exact: Distance | null;
  readonly product: Change;
  /** Null where no kink can be overwritten. */
  readonly overwrite: Change | null;
}

export function gradientsOf(network: ZoneNetwork, pullback: string): ArrayLike<number>[] {
  return network.parameters.map((parameter) => network.engine.buffer(network.gradient(pullback, parameter)));
}

function changeOf(kept: readonly ArrayLike<number>[], other: readonly ArrayLike<number>[]): Change {
  const first = difference(kept.slice(0, 1), other.slice(0, 1));
  const all = difference(kept, other);
  const relative = (change: number, reference: number): number | null => (reference > 0 ? change / reference : null);
  return {
    l1: relative(first.l1, first.reference.l1),
    l2: relative(first.l2, first.reference.l2),
    max: relative(first.max, first.reference.max),
    all: relative(all.l2, all.reference.l2),
  };
}

/** The decisive contrasts: those of the cell's variant, or the only ones. */
function decisive({ comparison: { contrasts }, variant }: ZoneCell): readonly Contrast[] {
  const own = contrasts.filter(({ rule }) => rule === variant);
  return own.length > 0 ? own : contrasts;
}

export interface Judgement {
  readonly hit?: Hit;
  /** `product` differs and `overwrite` does not, or the reverse. */
  readonly disagree: boolean;
}

/** Runs the other pullbacks on the mini-batch in the arena; `kept` has run. @param judged Whether to ask the exact judge. */
export function judge(network: ZoneNetwork, cell: ZoneCell, batch: number, judged: boolean): Judgement {
  const { contrasts } = cell.comparison;
  for (const { name } of contrasts) network.engine.run(name);
  const kept = gradientsOf(network, "kept");
  const differing = new Set(
    contrasts.filter(({ name }) => differs(kept, gradientsOf(network, name))).map(({ name }) => name),
  );
  const byRule = (rule: string): boolean => contrasts.some((c) => c.rule === rule && differing.has(c.name));
  const disagree = contrasts.some(({ rule }) => rule === "overwrite") && byRule("product") !== byRule("overwrite");
  const hits = decisive(cell).filter(({ name }) => differing.has(name));
  if (hits.length === 0) return { disagree };
  const distances = hits.map(({ name }) => ({ name, d: distance(kept, gradientsOf(network, name)) }));
  const { name, d } = distances.reduce((far, next) => (next.d.linf > far.d.linf ? next : far));
  const other = gradientsOf(network, name);
  const { choice } = hits.find((contrast) => contrast.name === name) as Contrast;
  const change = (rule: string): Change | null => {
    const found = contrasts.find((contrast) => contrast.rule === rule && contrast.choice === choice);
    return found === undefined ? null : changeOf(kept, gradientsOf(network, found.name));
  };
  if (judged) freeze(network);
  const hit: Hit = {
    batch,
    firstLayer: hits.some((contrast) => differs(kept.slice(0, 1), gradientsOf(network, contrast.name).slice(0, 1))),
    reached: kept.filter((a, i) => differs([a], [other[i]])).length,
    bifurcates: judged ? exactly(network, hits) : null,
    d,
    exact: judged ? exactDistance(network, "kept", name) : null,
    product: change("product") as Change,
    overwrite: change("overwrite"),
  };
  return { hit, disagree };
}

/** Whether some choice differs from the kept one over the reals. */
function exactly(network: ZoneNetwork, contrasts: readonly Contrast[]): boolean | null {
  const verdicts = contrasts.map(({ name }) =>
    network.exact().differ((buffer) => network.engine.buffer(buffer), "kept", name),
  );
  if (verdicts.includes(true)) return true;
  return verdicts.includes(null) ? null : false;
}
