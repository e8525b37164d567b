/** A training in a store: rows when it ends, its state beside them until then, so that the same command continues it. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TrainingRecord, type TrainingRow } from "../analysis/training/record.ts";
import { startTraining, type TrainingSettings } from "../analysis/training/settings.ts";
import { loadState, saveState } from "../analysis/training/state.ts";
import { storeFailure } from "../base/files.ts";
import type { Images, Split } from "../data/image-set.ts";
import { numericsVersion } from "../formats/numerics-version.ts";
import type { StoredRow } from "../lab/experiment.ts";
import { decodeJson, encodeJson } from "../lab/json.ts";
import type { ParameterRecord } from "../lab/parameters.ts";
import { progress } from "../lab/progress.ts";
import { provenance } from "../lab/provenance.ts";
import { type OpenRun, openRun } from "../lab/store.ts";
import { type Trial, trialId } from "../lab/trial.ts";

/** The store's name for trainings. */
export const trainingName = "train";

export interface TrainingRequest {
  readonly settings: TrainingSettings;
  /** A row every so many steps; an evaluation every so many. */
  readonly every: number;
  readonly evaluateEvery: number;
  readonly seed: number;
  readonly store: string;
  readonly backend: string;
  readonly signal: AbortSignal;
  images(split: Split): Images;
}

export interface TrainingResult {
  readonly id: string;
  readonly folder: string;
  readonly parameters: readonly string[];
  /** "validation" or the split that was evaluated. */
  readonly evaluatedOn: string;
  readonly rows: readonly TrainingRow[];
  readonly interrupted: boolean;
  /** Steps done. */
  readonly steps: number;
  /** Step at which it was taken up; 0 for a new run, the last one for a finished one. */
  readonly resumedAt: number;
}

/** Milliseconds between states that are saved while it runs. */
const saveInterval = 30_000;

const noteName = "record";

/** Runs a training, or continues it. @throws UsageError on wrong settings; DataError where the store or the data fail */
export async function runTraining(request: TrainingRequest): Promise<TrainingResult> {
  const { settings, seed, store } = request;
  const train = request.images("train");
  const data = { [`${train.name}/${train.split}`]: train.checksum };
  const { every, evaluateEvery } = request;
  const parameters = { ...settings, every, evaluateEvery } as unknown as ParameterRecord;
  const id = trialId(trainingName, parameters, seed, train.standard ? undefined : data);
  const trial: Trial = { id, experiment: trainingName, parameters, seed };
  const started = startTraining(settings, { train, test: () => request.images("test") }, seed, request.backend);
  const names = started.trainer.network.parameters.map(({ name }) => name);
  const { evaluatedOn } = started;
  const engine = { backend: started.trainer.engine.backend, parameters: names, evaluatedOn };
  const params = { experiment: trainingName, id, scale: "minimal" as const, seed, numerics: numericsVersion };
  const full = { ...params, overrides: parameters, parameters, data, engine, provenance: [provenance()] };
  const run = openRun(store, full);
  try {
    return { id, folder: run.folder, parameters: names, evaluatedOn, ...(await advance(run, trial, started, request)) };
  } finally {
    run.close();
    started.trainer.dispose();
  }
}

async function advance(
  run: OpenRun,
  trial: Trial,
  { trainer, batches, evaluated }: ReturnType<typeof startTraining>,
  { settings: { steps }, every, evaluateEvery, signal }: TrainingRequest,
): Promise<Pick<TrainingResult, "rows" | "interrupted" | "steps" | "resumedAt">> {
  if (run.done.has(trial.id)) {
    const rows = trainingRows(run.rows);
    return { rows, interrupted: false, steps: rows[rows.length - 1].step, resumedAt: steps };
  }
  const path = join(run.folder, "state.safetensors");
  const record = existsSync(path) ? recordFrom(loadState(path, trainer)[noteName]) : new TrainingRecord();
  const resumedAt = trainer.steps;
  const save = (state: "running" | "interrupted"): void => {
    saveState(path, trainer, { [noteName]: encodeJson({ rows: record.rows, pending: record.pending }) });
    run.status({ state, done: 0, total: 1, failures: [] });
  };
  run.status({ state: "running", done: 0, total: 1, failures: [] });
  const line = progress({ title: "train", total: steps, before: resumedAt });
  const update = (step: number, loss: number): void => line.update(step, `step ${step}, loss ${loss.toPrecision(4)}`);
  let saved = Date.now();
  const pause = (): void => {
    if (Date.now() - saved < saveInterval) return;
    save("running");
    saved = Date.now();
  };
  const options = { steps, every, evaluateEvery, evaluated, signal, progress: update, pause };
  try {
    if (await record.run(trainer, batches, options)) {
      save("interrupted");
      return { rows: record.rows, interrupted: true, steps: trainer.steps, resumedAt };
    }
  } finally {
    line.end();
  }
  run.append(trial, record.rows);
  run.status({ state: "complete", done: 1, total: 1, failures: [] });
  storeFailure(path, () => rmSync(path, { force: true }));
  return { rows: record.rows, interrupted: false, steps: trainer.steps, resumedAt };
}

function recordFrom(note: string | undefined): TrainingRecord {
  const { rows, pending } = decodeJson(note ?? "{}") as Partial<Pick<TrainingRecord, "pending" | "rows">>;
  return new TrainingRecord(rows, pending);
}

/** What a training measured, of its stored rows. */
export function trainingRows(stored: readonly StoredRow[]): TrainingRow[] {
  return (stored as unknown as TrainingRow[]).map((row) => {
    const { step, lr, loss, meanLoss, layers, evaluation, diverged, scale = null, skipped = null } = row;
    return { step, lr, loss, meanLoss, layers, evaluation, diverged, scale, skipped };
  });
}
