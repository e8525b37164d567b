/** One mini-batch whose gradients differ: by how much, where, and whether over the reals. */
import type { ZoneCell } from "./cell.ts";
import type { Rule } from "./comparison.ts";
import type { Cut } from "./contrasts.ts";
import { type Distance, difference, differs, distance } from "./difference.ts";
import type { ZoneNetwork } from "./network.ts";
import { exactDistance } from "./replay.ts";

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

/** The buffers of a pullback's gradient: the kept ones where the cut leaves them alone. */
function gradientsOf(network: ZoneNetwork, { gradients }: Cut): readonly ArrayLike<number>[] {
  return network.parameters.map((parameter) =>
    network.engine.buffer(gradients.get(parameter) ?? `kept/d:${parameter}`),
  );
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

/** Names of the decisive contrasts: those of the cell's variant, or the only ones. */
function decisive({ comparison: { contrasts }, variant }: ZoneCell): readonly string[] {
  const own = contrasts.filter(({ rule }) => rule === variant);
  return (own.length > 0 ? own : contrasts).map(({ name }) => name);
}

export interface Judgement {
  readonly hit?: Hit;
  /** `product` differs and `overwrite` does not, or the reverse. */
  readonly disagree: boolean;
}

/**
 * Runs the other pullbacks on the mini-batch in the arena; `kept` has run.
 * @param top The last layer with something that reaches a parameter.
 * @param judged Whether to ask the exact judge.
 */
export function judge(network: ZoneNetwork, cell: ZoneCell, batch: number, top: number, judged: boolean): Judgement {
  const { contrasts } = cell.comparison;
  const kept = network.kept();
  const found = contrasts.map((contrast) => {
    const cut = network.contrasts.cut(contrast.name, top);
    if (cut.kernel !== undefined) network.engine.run(cut.kernel);
    const gradients = gradientsOf(network, cut);
    return { ...contrast, cut, gradients, differs: differs(kept, gradients) };
  });
  const byRule = (rule: string): boolean => found.some((c) => c.rule === rule && c.differs);
  const disagree = found.some(({ rule }) => rule === "overwrite") && byRule("product") !== byRule("overwrite");
  const own = decisive(cell);
  const hits = found.filter((contrast) => own.includes(contrast.name) && contrast.differs);
  if (hits.length === 0) return { disagree };
  const distances = hits.map((contrast) => ({ contrast, d: distance(kept, contrast.gradients) }));
  const { contrast, d } = distances.reduce((far, next) => (next.d.linf > far.d.linf ? next : far));
  const change = (rule: Rule): Change | null => {
    const same = found.find((candidate) => candidate.rule === rule && candidate.choice === contrast.choice);
    return same === undefined ? null : changeOf(kept, same.gradients);
  };
  const hit: Hit = {
    batch,
    firstLayer: hits.some(({ gradients }) => differs(kept.slice(0, 1), gradients.slice(0, 1))),
    reached: kept.filter((a, i) => differs([a], [contrast.gradients[i]])).length,
    bifurcates: judged
      ? exactly(
          network,
          hits.map(({ cut }) => cut),
        )
      : null,
    d,
    exact: judged ? exactDistance(network, contrast.cut) : null,
    product: change("product") as Change,
    overwrite: change("overwrite"),
  };
  return { hit, disagree };
}

/** Whether some choice differs from the kept one over the reals. */
function exactly(network: ZoneNetwork, cuts: readonly Cut[]): boolean | null {
  const verdicts = cuts.map((cut) => cut.exact().differ((buffer) => network.engine.buffer(buffer), "kept", "other"));
  if (verdicts.includes(true)) return true;
  return verdicts.includes(null) ? null : false;
}
