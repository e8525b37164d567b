/** Trains step by step and keeps what is worth a row: losses, evaluations, norms per layer, where it diverged. */

import { traceKinds } from "../../nn/optimizers/update.ts";
import { type Evaluation, evaluate, type Samples } from "./evaluation.ts";
import type { Batches, Divergence, Trainer } from "./trainer.ts";

/** Norms per parameter before the step, in the order of the network's parameters. */
export interface LayerNorms {
  readonly weights: readonly number[];
  readonly gradients: readonly number[];
  /** norm(dw). */
  readonly moved: readonly number[];
  /** Effective learning rates. */
  readonly rates: readonly number[];
}

export interface TrainingRow {
  /** Steps done. */
  readonly step: number;
  readonly lr: number;
  /** Of the step's mini-batch, before its update; NaN and infinity where it diverged. */
  readonly loss: number;
  /** Mean over the steps since the last row. */
  readonly meanLoss: number;
  readonly evaluation: Evaluation | null;
  /** Null without a trace, and of a step that was skipped. */
  readonly layers: LayerNorms | null;
  readonly diverged: Divergence | null;
  /** Of a training with a loss scale: the scale of the next step, and the steps skipped so far. */
  readonly scale: number | null;
  readonly skipped: number | null;
}

export interface RecordOptions {
  readonly steps: number;
  /** A row every so many steps, at the last one, and where it diverges. */
  readonly every: number;
  /** Evaluates after every so many steps and at the last one. */
  readonly evaluateEvery: number;
  readonly evaluated?: Samples;
  readonly signal?: AbortSignal;
  /** Called after each step. */
  readonly progress?: (step: number, loss: number) => void;
  /** Called between steps, about ten times a second: a chance to save the state. */
  readonly pause?: () => void;
}

/** Milliseconds of training between turns of others. */
const turn = 100;

/** The losses since the last row, which a resumed run needs too. */
export interface Pending {
  readonly sum: number;
  readonly count: number;
}

export class TrainingRecord {
  readonly rows: TrainingRow[];
  #pending: Pending;

  constructor(rows: readonly TrainingRow[] = [], pending: Pending = { sum: 0, count: 0 }) {
    this.rows = [...rows];
    this.#pending = pending;
  }

  get pending(): Pending {
    return this.#pending;
  }

  get diverged(): Divergence | undefined {
    return this.rows.at(-1)?.diverged ?? undefined;
  }

  /**
   * Trains until the last step, a divergence or an interruption; other work of the process gets a turn every 0.1 s.
   * @returns whether it was interrupted
   */
  async run(trainer: Trainer, batches: Batches, options: RecordOptions): Promise<boolean> {
    let last = Date.now();
    while (trainer.steps < options.steps && this.diverged === undefined) {
      if (options.signal?.aborted === true) return true;
      const diverged = trainer.step(batches);
      const { sum, count } = this.#pending;
      this.#pending = { sum: sum + trainer.loss, count: count + 1 };
      this.#record(trainer, diverged, options);
      options.progress?.(trainer.steps, trainer.loss);
      if (Date.now() - last < turn) continue;
      await new Promise(setImmediate);
      options.pause?.();
      last = Date.now();
    }
    return false;
  }

  #record(trainer: Trainer, diverged: Divergence | undefined, options: RecordOptions): void {
    const { steps, loss } = trainer;
    const last = steps === options.steps || diverged !== undefined;
    const evaluates = options.evaluated !== undefined && (last || steps % options.evaluateEvery === 0);
    if (!last && !evaluates && steps % options.every !== 0) return;
    this.rows.push({
      step: steps,
      lr: trainer.rateAt(steps - 1),
      loss,
      meanLoss: this.#pending.sum / this.#pending.count,
      layers: normsOf(trainer),
      evaluation: evaluates ? evaluate(trainer.engine, options.evaluated as Samples, trainer.network.classes) : null,
      diverged: diverged ?? null,
      scale: trainer.scaler?.state.scale ?? null,
      skipped: trainer.scaler?.state.skipped ?? null,
    });
    this.#pending = { sum: 0, count: 0 };
  }
}

/** Null without a trace, and of a skipped step, which has no update. */
function normsOf({ trace, skipped }: Trainer): LayerNorms | null {
  if (trace === undefined || skipped) return null;
  return Object.fromEntries(traceKinds.map((kind) => [kind, Array.from(trace[kind])])) as unknown as LayerNorms;
}
