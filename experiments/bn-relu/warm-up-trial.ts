/** E9: how fast the spread of gradients shrinks, and which warm-up that asks for. */
import type { TrainingRow } from "../../src/analysis/training/record.ts";
import type { TrialContext } from "../../src/lab/experiment.ts";
import { MlpTrainer, toySource } from "./mlp-trainer.ts";
import { blockMatrices, trainMlp } from "./train-mlp.ts";

export interface WarmUpTrial {
  /** spread: t50 over rates, mixture easy; length: final accuracy over warm-up lengths, mixture hard. */
  readonly what: "spread" | "length";
  readonly depth: number;
  readonly width: number;
  readonly batch: number;
  readonly momentum: number;
  readonly rates: readonly number[];
  readonly steps: number;
  readonly replicas: number;
}

export interface WarmUpRow {
  readonly lr: number;
  readonly replica: number;
  /** "sgd", "sgd + warm-up", or the rule without one. */
  readonly rule: string;
  /** Steps in which the rate rises; of common-bound: in which its bound acts before it first does not. */
  readonly warmUp: number;
  /** ln(norm(G_1) / norm(G_(L-1))) / (L - 2) before the first step. */
  readonly sigma0: number;
  /** Steps until it is halved; null: not in the run. */
  readonly t50: number | null;
  /** lr norm(G) / norm(W) of the first matrix before the first step, and the largest over the blocks. */
  readonly delta: number;
  readonly largestDelta: number;
  /** Test accuracy at the end; null where it is not asked for. */
  readonly accuracy: number | null;
  readonly diverged: boolean;
}

type Norms = NonNullable<TrainingRow["layers"]>;

/** Norms of one step of the blocks' matrices. */
const of = (row: TrainingRow, kind: keyof Norms, blocks: readonly number[]): number[] =>
  blocks.map((i) => (row.layers as Norms)[kind][i]);

/** Per-layer rate of the weight gradients, layers 1 to L - 1, 0-based. */
function sigma(row: TrainingRow, blocks: readonly number[]): number {
  const g = of(row, "gradients", blocks);
  return Math.log(g[1] / g[g.length - 1]) / (g.length - 2);
}

type Spread = Pick<WarmUpRow, "sigma0" | "t50" | "delta" | "largestDelta">;

/** Row i of a run has the norms before step i + 1, so it is the state after i steps. */
function spreadOf(rows: readonly TrainingRow[], blocks: readonly number[], lr: number): Spread {
  const sigma0 = sigma(rows[0], blocks);
  const halved = rows.findIndex((row) => sigma(row, blocks) <= sigma0 / 2);
  const [g, w] = [of(rows[0], "gradients", blocks), of(rows[0], "weights", blocks)];
  const deltas = g.map((norm, i) => (lr * norm) / w[i]);
  return { sigma0, t50: halved < 0 ? null : halved, delta: deltas[0], largestDelta: Math.max(...deltas) };
}

export async function warmUpTrial(trial: WarmUpTrial, context: TrialContext): Promise<WarmUpRow[]> {
  return trial.what === "spread" ? spreadTrial(trial, context) : lengthTrial(trial, context);
}

/** One step more than t50 may need: its row is the state after `steps` steps. */
async function spreadTrial(trial: WarmUpTrial, context: TrialContext): Promise<WarmUpRow[]> {
  const { depth, width, batch, momentum, replicas } = trial;
  const rates = trial.rates.map(Number);
  const steps = trial.steps + 1;
  const network = trainMlp(depth, width);
  const blocks = blockMatrices(network);
  const runner = new MlpTrainer({ network, optimizer: `sgd:momentum=${momentum}`, batch, steps }, context);
  try {
    const rows: WarmUpRow[] = [];
    for (const lr of rates) {
      for (let replica = 0; replica < replicas; replica++) {
        const source = toySource("easy", batch, context.seed, replica);
        const run = await runner.run({ lr, schedule: "constant", replica }, source);
        const diverged = run[run.length - 1].diverged !== null;
        const known = diverged ? run.slice(0, -1) : run;
        rows.push({ lr, replica, rule: "sgd", warmUp: 0, ...spreadOf(known, blocks, lr), accuracy: null, diverged });
        context.progress(rows.length / (rates.length * replicas));
      }
    }
    return rows;
  } finally {
    runner.dispose();
  }
}

/** Rules that are to need no warm-up: their bound is tau = 0.02 (a, b) and 1 (common-bound). */
const unwarmed: Readonly<Record<string, string>> = {
  "lalc-like-a": "lalc-like-a:tau=0.02",
  "lalc-like-b": "lalc-like-b:tau=0.02",
  "common-bound": "common-bound:tau=1",
};

const withMomentum = (optimizer: string, momentum: number): string =>
  `${optimizer}${optimizer.includes(":") ? "," : ":"}momentum=${momentum}`;

/** Multiples of t50 that the rate rises over. */
const multiples = [0, 1, 2, 5];

async function lengthTrial(trial: WarmUpTrial, context: TrialContext): Promise<WarmUpRow[]> {
  const { depth, width, batch, momentum, steps, replicas } = trial;
  const rates = trial.rates.map(Number);
  const network = trainMlp(depth, width);
  const blocks = blockMatrices(network);
  const rows: WarmUpRow[] = [];
  const spreads = new Map<string, Spread>();
  const all = rates.length * replicas * (multiples.length + Object.keys(unwarmed).length);
  const train = async (
    runner: MlpTrainer,
    rule: string,
    lr: number,
    replica: number,
    warmUp: number,
  ): Promise<void> => {
    const schedule = warmUp > 0 ? `warm-up:steps=${warmUp}+cosine` : "cosine";
    const run = await runner.run({ lr, schedule, replica }, toySource("hard", batch, context.seed, replica));
    const last = run[run.length - 1];
    const key = `${lr}/${replica}`;
    if (!spreads.has(key)) spreads.set(key, spreadOf(last.diverged === null ? run : run.slice(0, -1), blocks, lr));
    const acted = rule === "common-bound" ? boundSteps(run, blocks) : warmUp;
    const accuracy = last.evaluation?.accuracy ?? null;
    const diverged = last.diverged !== null;
    rows.push({ lr, replica, rule, warmUp: acted, ...(spreads.get(key) as Spread), accuracy, diverged });
    context.progress(rows.length / all);
  };
  const each = async (
    optimizer: string,
    use: (runner: MlpTrainer, lr: number, replica: number) => Promise<void>,
  ): Promise<void> => {
    const runner = new MlpTrainer({ network, optimizer: withMomentum(optimizer, momentum), batch, steps }, context);
    try {
      for (const lr of rates) for (let replica = 0; replica < replicas; replica++) await use(runner, lr, replica);
    } finally {
      runner.dispose();
    }
  };
  await each("sgd", async (runner, lr, replica) => {
    await train(runner, "sgd", lr, replica, 0);
    const { t50 } = spreads.get(`${lr}/${replica}`) as Spread;
    // Where the spread is not halved at all, lengths are multiples of a tenth of the run.
    const unit = Math.max(1, t50 ?? Math.round(steps / 10));
    for (const multiple of multiples.slice(1))
      await train(runner, "sgd + warm-up", lr, replica, Math.min(steps, multiple * unit));
  });
  for (const [rule, optimizer] of Object.entries(unwarmed)) {
    await each(optimizer, (runner, lr, replica) => train(runner, rule, lr, replica, 0));
  }
  return rows;
}

/** Steps before the rule first gives the whole learning rate. */
function boundSteps(rows: readonly TrainingRow[], blocks: readonly number[]): number {
  const free = rows.findIndex((row) => of(row, "rates", blocks)[0] === row.lr);
  return free < 0 ? rows.length : free;
}
