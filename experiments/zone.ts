/** The zone command's experiment: the networks of a few cells, measured in worker threads, summed up in rows. */

import { checkCell } from "../src/analysis/zone/cell.ts";
import { keptMeter, ZoneMeter } from "../src/analysis/zone/meter.ts";
import { cellOf, type ZoneParameters } from "../src/analysis/zone/parameters.ts";
import { type ZoneRow, zoneRow } from "../src/analysis/zone/rows.ts";
import type { Scan } from "../src/analysis/zone/scan.ts";
import { UsageError } from "../src/base/errors.ts";
import { loadData } from "../src/lab/execute.ts";
import type { Experiment, StoredRow, TrialContext } from "../src/lab/experiment.ts";
import type { FigureSpec } from "../src/lab/figure.ts";
import { canonicalJson } from "../src/lab/json.ts";
import { barPanel } from "../src/lab/panels.ts";
import { runTrials } from "../src/lab/pool.ts";
import type { Trial } from "../src/lab/trial.ts";
import { baseModel, publishedCount, publishedNetworks } from "./relu0/published.ts";

interface ZoneTask extends ZoneParameters {
  readonly data: string;
  readonly backend: string;
  readonly network: number;
}

function meterOf(task: ZoneTask, context: TrialContext): ZoneMeter {
  const key = canonicalJson({ ...task, network: 0 });
  return keptMeter(key, () => new ZoneMeter(context.data(task.data), cellOf(task), task.backend));
}

const zoneExperiment = {
  id: "zone",
  paper: "",
  source: "",
  title: "Zones of random networks",
  parameters: {},
  grid: () => [],
  trial(task: ZoneTask, context: TrialContext): readonly Scan[] {
    const scan = meterOf(task, context).scan(task.network, () => context.signal.aborted);
    context.signal.throwIfAborted();
    return [scan];
  },
  figure: (_: readonly StoredRow<ZoneTask, Scan>[]): FigureSpec => {
    throw new UsageError("zone has a figure of its own: zoneFigure");
  },
  claims: [],
} as unknown as Experiment;

/** What worker threads look up. */
export const experiments: readonly Experiment[] = [zoneExperiment];

export interface ZoneRequest {
  /** One cell per format (or any other difference); all on the same data. */
  readonly cells: readonly ZoneParameters[];
  readonly data: string;
  readonly dataDir?: string | undefined;
  /** Networks per cell. */
  readonly inits: number;
  /** Worker threads; 0 measures in this one. */
  readonly workers: number;
  readonly backend: string;
  readonly signal: AbortSignal;
  /** Work done and in all, in multiply-adds of full scans: called after each network. */
  readonly progress?: (done: number, total: number) => void;
}

/**
 * Measures every cell; rows in the order of the cells.
 * @throws UsageError on wrong options (before anything is measured); DataError if the data cannot be read or a network
 * fails; an AbortError's reason if interrupted.
 */
export async function measureZones(request: ZoneRequest): Promise<ZoneRow[]> {
  const { inits } = request;
  if (!Number.isInteger(inits) || inits < 1)
    throw new UsageError(`--inits is ${inits}; expected a whole number of at least 1`);
  const cells = request.cells.map(cellOf);
  const set = loadData(request.data, "train", request.dataDir);
  for (const cell of cells) checkCell(cell, set.count, [set.channels, set.height, set.width], set.classes);
  const cost = cells.map(
    ({ model, samples, precision }) => model.work * samples * (precision.store.bits === 64 ? 2 : 1),
  );
  const total = cost.reduce((sum, c) => sum + c * inits, 0);
  const scans = cells.map(() => new Map<number, Scan>());
  const trials: Trial[] = request.cells.flatMap((cell, c) =>
    Array.from({ length: inits }, (_, network) => ({
      id: `${c}/${network}`,
      experiment: "zone",
      parameters: { ...cell, data: request.data, backend: request.backend, network },
      seed: cell.seed,
    })),
  );
  let done = 0;
  await runTrials(zoneExperiment, trials, {
    workers: request.workers,
    registry: import.meta.url,
    dataDir: request.dataDir,
    signal: request.signal,
    onRows(trial, rows) {
      const [cell, network] = trial.id.split("/").map(Number);
      scans[cell].set(network, rows[0] as Scan);
      done += cost[cell];
      request.progress?.(done, total);
    },
    onFailure(trial, error) {
      throw new Error(`network ${trial.id}: ${error}`);
    },
    onProgress: () => undefined,
  });
  request.signal.throwIfAborted();
  return cells.map((cell, c) =>
    zoneRow(
      cell,
      Array.from({ length: inits }, (_, n) => scans[c].get(n) as Scan),
    ),
  );
}

/** The published share of a row's cell, where the paper has one; null elsewhere. */
export function publishedShare(row: ZoneRow): number | null {
  const plain =
    row.bias === "once" &&
    row.arithmetic === "strict" &&
    row.operands === row.format &&
    row.kinks.join() === "relu.zero=0,1";
  const sweep = row.batch === 256 ? (["depth", "width"] as const) : (["batch"] as const);
  const counts = plain ? sweep.map((name) => publishedCount(name, row.model, row.batch, row.format)) : [];
  const count = counts.find((found) => found !== undefined);
  return count === undefined ? null : count / publishedNetworks;
}

/** One bar per row, with interval and published value. */
export function zoneFigure(rows: readonly ZoneRow[], data: string): FigureSpec {
  const label = (row: ZoneRow): string => (row.operands === row.format ? row.format : row.operands);
  const names = rows.map(label);
  const bars = rows.map((row, i) => {
    const x = names.indexOf(names[i]) === i ? names[i] : `${names[i]} ${i}`;
    const known = publishedShare(row);
    return {
      x,
      series: "this run",
      value: row.share === null ? Number.NaN : 100 * row.share,
      ...(row.low === null || row.high === null ? {} : { low: 100 * row.low, high: 100 * row.high }),
      ...(known === null ? {} : { published: 100 * known }),
    };
  });
  const [first] = rows;
  return {
    title: `Random networks whose gradient depends on the choice at ${first.kinks.join(" and ")}`,
    caption:
      `${first.model} on ${data}, ${first.inits} networks per bar, seed ${first.seed}, batch ${first.batch}, ${first.variant}, ` +
      `${first.arithmetic} arithmetic, blocks of ${first.block}, bias ${first.bias}. A network counts if the gradients under the ` +
      `choices differ in any parameter on any mini-batch${first.hitsAboveTau ? ", by more than tau in the L-infinity sum" : ""}. Whiskers: Clopper-Pearson 95 %. Diamonds: published${
        first.model === baseModel ? ", M = 1000" : ""
      }.`,
    panels: [barPanel({ xLabel: "", yLabel: "networks hit (%)", bars, yDomain: [0, 100] })],
    width: 640,
  };
}
