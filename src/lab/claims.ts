/** The verdicts of all claims over a store. */
import { DataError } from "../base/errors.ts";
import { type Experiment, type Scale, type StoredRow, scales, type Verdict } from "./experiment.ts";
import { listRuns, type StoredRun } from "./store.ts";

/** One line of `claims`. */
export interface ClaimResult {
  readonly id: string;
  readonly paper: string;
  readonly experiment: string;
  readonly statement: string;
  readonly published: string;
  readonly ours: string;
  readonly verdict: Verdict;
  readonly rule: string;
  /** The scale whose rows decided; null where nothing was run. */
  readonly scale: Scale | null;
  /** Number of rows the verdict rests on. */
  readonly rows: number;
}

/** Rows of the runs of one scale, each trial once. */
export function rowsOfScale(runs: readonly StoredRun[], scale: Scale): StoredRow[] {
  const seen = new Map<string, string>();
  return runs
    .filter((run) => run.scale === scale)
    .flatMap((run) =>
      run.rows.filter((row) => {
        const owner = seen.get(row.trial) ?? run.folder;
        seen.set(row.trial, owner);
        return owner === run.folder;
      }),
    );
}

const largestFirst: readonly Scale[] = [...scales].reverse();

/** The largest scale that decides a claim, else the largest that has rows. */
function evaluateClaim(
  experiment: Experiment,
  claim: Experiment["claims"][number],
  runs: readonly StoredRun[],
): ClaimResult {
  const { id, statement, published, rule } = claim;
  const about = { id, paper: experiment.paper, experiment: experiment.id, statement, published, rule };
  let best: ClaimResult = { ...about, ours: "", verdict: "not-run", scale: null, rows: 0 };
  for (const scale of largestFirst) {
    const rows = rowsOfScale(runs, scale);
    if (rows.length === 0) continue;
    const found = claim.evaluate(rows);
    const decided = found.verdict === "holds" || found.verdict === "fails";
    if (decided || (found.verdict === "undecided" && best.verdict === "not-run")) {
      best = { ...about, ours: found.ours, verdict: found.verdict, scale, rows: found.rows ?? rows.length };
    }
    if (decided) break;
  }
  return best;
}

/** C2 before C10. */
function byNumber(a: ClaimResult, b: ClaimResult): number {
  return a.id.localeCompare(b.id, "en", { numeric: true });
}

/**
 * Verdicts of all claims (of one paper), ordered by id. A claim is judged on the rows of one scale: the largest that
 * decides it. Runs of one scale are taken together.
 * @throws DataError if the store is damaged or of another numerics version.
 */
export function collectClaims(experiments: readonly Experiment[], store: string, paper?: string): ClaimResult[] {
  return experiments
    .filter((experiment) => paper === undefined || experiment.paper === paper)
    .flatMap((experiment) => {
      if (experiment.claims.length === 0) return [];
      const runs = listRuns(store, experiment.id);
      return experiment.claims.map((claim) => evaluateClaim(experiment, claim, runs));
    })
    .sort(byNumber);
}

/**
 * The rows a figure is drawn from: those of the largest scale that has any.
 * @throws DataError if the store has none.
 */
export function rowsForFigure(experiment: Experiment, store: string): { scale: Scale; rows: StoredRow[] } {
  const runs = listRuns(store, experiment.id);
  for (const scale of largestFirst) {
    const rows = rowsOfScale(runs, scale);
    if (rows.length > 0) return { scale, rows };
  }
  throw new DataError(`${experiment.id}: the store ${store} has no rows; run \`nonsmooth run ${experiment.id}\` first`);
}
