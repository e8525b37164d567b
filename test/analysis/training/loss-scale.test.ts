/** Training under a loss scale: the same bits where nothing leaves the range, skipped steps, layer scales, resumption. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { arrayBatches, type LabelledRows } from "../../../src/analysis/training/array-batches.ts";
import { evaluate, evaluationProgram } from "../../../src/analysis/training/evaluation.ts";
import { TrainingRecord } from "../../../src/analysis/training/record.ts";
import { loadState, saveState } from "../../../src/analysis/training/state.ts";
import { Trainer, type TrainerSpec } from "../../../src/analysis/training/trainer.ts";
import { stream } from "../../../src/base/random.ts";
import { precision } from "../../../src/formats/precision.ts";
import { networkNamed } from "../../../src/nn/architectures/index.ts";
import { drawParameters } from "../../../src/nn/initializers.ts";
import { lossScaleNamed } from "../../../src/nn/loss-scale.ts";
import { ruleNamed } from "../../../src/nn/optimizers/index.ts";
import { scheduleNamed } from "../../../src/nn/schedules.ts";
import { targetsHere } from "../../native/targets.ts";

const [size, classes, batch] = [12, 5, 16];
const network = networkNamed(`${size}-8x3-${classes}-bn`);
const draws = stream(5, "rows");
const data: LabelledRows = {
  inputs: Float32Array.from({ length: 64 * size }, () => draws.normal()),
  labels: Int32Array.from({ length: 64 }, (_, i) => (3 * i + (i >> 2)) % classes),
  size,
};

type Setup = Partial<Omit<TrainerSpec, "lossScale" | "precision">> & {
  readonly scale?: string;
  readonly format?: string;
  readonly optimizer?: string;
};

function trainerOf({ scale, format = "float32", optimizer = "sgd", ...rest }: Setup = {}): Trainer {
  const own = precision(format);
  const trainer = new Trainer({
    ...{ network, batch, lr: 0.1, schedule: scheduleNamed("constant"), steps: 20, precision: own, trace: true },
    ...{ backend: "js", programs: { evaluation: evaluationProgram(rest.network ?? network, batch) } },
    ...ruleNamed(optimizer),
    ...(scale === undefined ? {} : { lossScale: lossScaleNamed(scale) }),
    ...rest,
  });
  const kept = rest.masterWeights === true ? own.accumulate : own.store;
  const drawn = drawParameters(trainer.network, { law: "he", draw: "format", format: kept }, 3, 0);
  for (const [name, values] of Object.entries(drawn)) trainer.engine.write(name, values);
  return trainer;
}

function snapshot(trainer: Trainer): Record<string, unknown> {
  const state = Object.keys(trainer.stateShapes).map((name) => [name, Array.from(trainer.engine.buffer(name))]);
  return { ...Object.fromEntries(state), loss: trainer.loss, scaler: trainer.scaler?.state };
}

const batches = arrayBatches(data, batch, 1);

function trained(setup: Setup, steps = 6): Trainer {
  const trainer = trainerOf(setup);
  for (let i = 0; i < steps; i++) expect(trainer.step(batches)).toBeUndefined();
  return trainer;
}

const weightsOf = (trainer: Trainer): Record<string, unknown> => ({ ...snapshot(trainer), scaler: undefined });

describe("powers of two change no bit where nothing leaves the range", () => {
  test.each(["sgd", "adam", "lalc-like-b"])("%s", (optimizer) => {
    const plain = trained({ optimizer });
    for (const scale of ["2^10", "2^-6", "dynamic:interval=2"]) {
      const own = trained({ optimizer, scale });
      expect(weightsOf(own)).toEqual(weightsOf(plain));
      expect(own.trace).toEqual(plain.trace);
    }
    const layered = trained({ optimizer, scale: "2^4", layerScale: (below) => 2 ** (-2 * below) });
    expect(weightsOf(layered)).toEqual(weightsOf(plain));
  });

  test("master weights of float32 are the weights", () => {
    expect(snapshot(trained({ masterWeights: true }))).toEqual(snapshot(trained({})));
  });

  test("a layer's scale is on its gradients", () => {
    const [plain, layered] = [
      trained({ scale: "1" }, 1),
      trained({ scale: "1", layerScale: (below) => 2 ** (-3 * below) }, 1),
    ];
    // The classifier is the block on top.
    for (const [below, name] of [4, 3, 2, 1].entries()) {
      const [a, b] = [plain, layered].map((trainer) => Array.from(trainer.engine.buffer(`d:linear${name}.weight`)));
      expect(b).toEqual(a.map((g) => g * 2 ** (-3 * below)));
    }
  });
});

const others = ["wasm", ...(targetsHere().length > 0 ? ["native"] : [])];

test.each(["float16", "float8_e5m2"])("%s with master weights: the same bits on every backend", (format) => {
  const setup = { format, scale: "dynamic:interval=2,init=4096", masterWeights: true } as const;
  const reference = snapshot(trained(setup, 5));
  for (const backend of others) expect(snapshot(trained({ ...setup, backend }, 5))).toEqual(reference);
});

describe("a step whose gradients are not finite", () => {
  test("is skipped: parameters and state stay, running statistics move, the scale is halved", () => {
    const trainer = trainerOf({ format: "float16", scale: "dynamic:init=1e30", optimizer: "adam" });
    const before = snapshot(trainer);
    expect(trainer.step(batches)).toBeUndefined();
    expect(trainer.skipped).toBe(true);
    expect(trainer.scaler?.state).toEqual({ scale: 0.5 * Math.fround(1e30), streak: 0, skipped: 1 });
    const after = snapshot(trainer);
    const statistics = new Set(network.statistics.map(({ name }) => name));
    for (const name of Object.keys(trainer.stateShapes)) {
      if (statistics.has(name)) expect(after[name]).not.toEqual(before[name]);
      else expect(after[name]).toEqual(before[name]);
    }
  });

  test("comes to a scale that fits, and the rule counts its updates only", async () => {
    const setup = { format: "float16", optimizer: "adam", masterWeights: true } as const;
    const record = new TrainingRecord();
    const trainer = trainerOf({ ...setup, scale: "dynamic:init=1048576" });
    await record.run(trainer, batches, { steps: 12, every: 1, evaluateEvery: 12 });
    const { skipped = 0, scale = 0 } = trainer.scaler?.state ?? {};
    expect(skipped).toBeGreaterThan(0);
    expect(skipped).toBeLessThan(12);
    expect(scale).toBe(2 ** (20 - skipped));
    expect(record.rows.map((row) => row.layers === null)).toEqual(record.rows.map((_, i) => i < skipped));
    expect(record.rows.at(-1)).toMatchObject({ scale, skipped });
    // A training that begins at that scale, with the mini-batches that were not skipped.
    const fresh = trainerOf({ ...setup, scale: `2^${20 - skipped}` });
    const later = { write: (step: number, x: never, y: never) => batches.write(step + skipped, x, y) };
    for (let i = 0; i < 12 - skipped; i++) fresh.step(later);
    for (const { name } of network.parameters) expect(fresh.engine.buffer(name)).toEqual(trainer.engine.buffer(name));
  });

  test("ends the training where the scale backed off to nothing; a loss that is not finite ends it at once", () => {
    const trainer = trainerOf({ format: "float16", scale: "dynamic:init=1e30,backoff=1e-75" });
    expect(trainer.step(batches)).toMatchObject({ step: 0, where: "loss scale" });
    const broken = trainerOf({ scale: "dynamic" });
    broken.engine.buffer("linear4.weight").fill(Number.NaN);
    expect(broken.step(batches)).toEqual({ step: 0, where: "loss", entries: 1 });
  });
});

test("a training resumes with its loss scale and the same bits", () => {
  const path = join(mkdtempSync(join(tmpdir(), "nonsmooth-scale-")), "state.safetensors");
  const setup = { format: "float16", scale: "dynamic:init=1048576,interval=2", masterWeights: true } as const;
  const whole = trained(setup, 12);
  saveState(path, trained(setup, 7));
  const resumed = trainerOf(setup);
  loadState(path, resumed);
  while (resumed.steps < 12) resumed.step(batches);
  expect(snapshot(resumed)).toEqual(snapshot(whole));
  saveState(path, trained({ format: "float16", masterWeights: true }, 1));
  expect(() => loadState(path, trainerOf(setup))).toThrow(/the loss scale is missing/);
});

test("master weights evaluate as the network reads them", () => {
  const trainer = trained({ format: "float8_e5m2", scale: "2^8", masterWeights: true });
  const samples = {
    count: 64,
    write(from: number, count: number, x: Float32Array | Float64Array, y: Int32Array) {
      x.set(data.inputs.subarray(from * size, (from + count) * size));
      y.set(data.labels.subarray(from, from + count));
    },
  };
  const found = evaluate(trainer.engine, samples, classes);
  const rounded = trainerOf({ format: "float8_e5m2" });
  for (const { name } of network.parameters) rounded.engine.write(name, trainer.engine.buffer(name));
  for (const { name } of network.statistics) rounded.engine.write(name, trainer.engine.buffer(name));
  expect(evaluate(rounded.engine, samples, classes)).toEqual(found);
});

test("layer scales refuse branches and numbers that round", () => {
  const residual = networkNamed("resnet18", { input: [3, 32, 32], classes: 10 });
  const layerScale = (below: number): number => 2 ** -below;
  expect(() => trainerOf({ network: residual, scale: "1", layerScale })).toThrow(/has branches/);
  const perceptron = networkNamed(`${size}-8x3-${classes}`);
  expect(() => trainerOf({ network: perceptron, scale: "1", layerScale })).toThrow(/'w1' belongs to no block/);
  expect(() => trainerOf({ scale: "1", layerScale: () => 3 })).toThrow(/has 3, expected a power of two/);
  expect(() => trainerOf({ layerScale })).toThrow(/found no loss scale; 1 is one/);
});
