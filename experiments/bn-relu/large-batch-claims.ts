/** C7, for the LALC-like candidates only: the published rule's text is not available. */
import { mean, standardError } from "../../src/analysis/statistics.ts";
import type { Claim, Evaluation, StoredRow } from "../../src/lab/experiment.ts";
import type { LargeBatchRow, LargeBatchTrial } from "./large-batch-trial.ts";
import { type Contestant, contestantNamed } from "./rules.ts";

export type LargeBatchStored = StoredRow<LargeBatchTrial, LargeBatchRow>;

/** Mean, and its standard error. */
export interface Score {
  readonly rule: string;
  readonly lr: number;
  readonly mean: number;
  readonly error: number;
  readonly runs: number;
}

function scoreOf(rule: string, rows: readonly LargeBatchStored[]): Score {
  const values = rows.map(({ accuracy }) => accuracy);
  return { rule, lr: rows[0].lr, mean: mean(values), error: standardError(values), runs: values.length };
}

/** A run is lost where it diverged, or where its accuracy stays near chance, which is 0.1. */
export const isLost = ({ accuracy, divergedAt }: LargeBatchRow): boolean => divergedAt !== null || accuracy < 0.15;

/** Each training once: cells that differ in the number of replicas alone share some, bit for bit. */
export function distinctTrainings(rows: readonly LargeBatchStored[]): LargeBatchStored[] {
  const keyOf = (row: LargeBatchStored): string => {
    const { seed, rule, depth, width, batch, steps, samples, epochs, phase, lr, more, replica } = row;
    return [seed, rule, depth, width, batch, steps, samples, epochs, phase, lr, more, replica].join("|");
  };
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}

/** Of every rate of a rule on the toy. */
export function toyScores(rows: readonly LargeBatchStored[]): Score[] {
  const toy = distinctTrainings(rows).filter(({ phase }) => phase === "toy");
  const cells = new Set(toy.map(({ rule, lr }) => `${rule}|${lr}`));
  return [...cells].map((cell) => {
    const own = toy.filter(({ rule, lr }) => `${rule}|${lr}` === cell);
    return scoreOf(own[0].rule, own);
  });
}

/** Of every tuned rule on MNIST's test images at a batch. */
export function finalScores(rows: readonly LargeBatchStored[], batch: number): Score[] {
  const final = distinctTrainings(rows).filter((row) => row.phase === "final" && row.batch === batch);
  return [...new Set(final.map(({ rule }) => rule))].map((rule) =>
    scoreOf(
      rule,
      final.filter((row) => row.rule === rule),
    ),
  );
}

const best = (scores: readonly Score[], kind: Contestant["kind"]): Score | undefined =>
  scores.filter(({ rule }) => contestantNamed(rule).kind === kind).sort((a, b) => b.mean - a.mean)[0];

interface Contest {
  readonly text: string;
  /** 1: a candidate is ahead by two standard errors of the difference; -1: behind by as much; 0: neither. */
  readonly sign: number;
}

function contest(name: string, scores: readonly Score[]): Contest | undefined {
  const [candidate, scaling] = [best(scores, "candidate"), best(scores, "scaling")];
  if (candidate === undefined || scaling === undefined) return undefined;
  const difference = candidate.mean - scaling.mean;
  const error = Math.hypot(candidate.error, scaling.error);
  const show = ({ rule, mean, error: own }: Score): string => `${rule} ${mean.toFixed(3)} (${own.toFixed(3)})`;
  return {
    text: `${name}: ${show(candidate)} against ${show(scaling)}`,
    sign: Math.abs(difference) > 2 * error ? Math.sign(difference) : 0,
  };
}

const largeBatch: Claim<LargeBatchTrial, LargeBatchRow> = {
  id: "bn-relu/C7",
  statement:
    "The proposed rule beats learning-rate scaling methods in large batch (v1); here: our LALC-like candidates, not the published rule",
  published:
    "no number available; toy, derived: LALC-like .53-.55, LARS .42, SGD + WarmUp .39, SGD .26 (best rate each)",
  rule: "best candidate (lalc-like-a..d) against best scaling method (SGD, SGD + WarmUp, linear scaling, LARS, LARC, LAMB, LAMBC), mean test accuracy over seeds, each at its best rate (toy) or tuned with the same budget on validation samples (MNIST, largest batch): holds if the candidate is ahead by two standard errors of the difference in both tasks, fails if it is behind by as much in one, else undecided",
  evaluate(rows): Evaluation {
    const batches = rows.filter(({ phase }) => phase === "final").map(({ batch }) => batch);
    const largest = Math.max(...batches);
    const contests = [
      contest("toy, batch 512", toyScores(rows)),
      contest(`MNIST, batch ${largest}`, finalScores(rows, largest)),
    ];
    const known = contests.filter((one) => one !== undefined);
    const ours = known.map(({ text }) => text).join("; ");
    if (known.length < 2) return { verdict: "undecided", ours: ours || "cells are missing" };
    if (known.every(({ sign }) => sign > 0)) return { verdict: "holds", ours };
    return { verdict: known.some(({ sign }) => sign < 0) ? "fails" : "undecided", ours };
  },
};

export const largeBatchClaims: readonly Claim<LargeBatchTrial, LargeBatchRow>[] = [largeBatch];
