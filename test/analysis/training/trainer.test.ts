import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { arrayBatches, arraySamples, type LabelledRows } from "../../../src/analysis/training/array-batches.ts";
import { evaluate, evaluationProgram } from "../../../src/analysis/training/evaluation.ts";
import { TrainingRecord } from "../../../src/analysis/training/record.ts";
import { loadState, saveState } from "../../../src/analysis/training/state.ts";
import { Trainer, type TrainerSpec } from "../../../src/analysis/training/trainer.ts";

import { stream } from "../../../src/base/random.ts";
import { precision } from "../../../src/formats/precision.ts";
import { networkNamed } from "../../../src/nn/architectures/index.ts";
import { drawParameters } from "../../../src/nn/initializers.ts";
import { ruleNamed, rules } from "../../../src/nn/optimizers/index.ts";
import { scheduleNamed } from "../../../src/nn/schedules.ts";
import { targetsHere } from "../../native/targets.ts";

const [size, classes, batch] = [12, 5, 16];
const network = networkNamed(`${size}-8x2-${classes}-bn`);

function rowsOf(count: number, change: (x: number, row: number) => number = (x) => x): LabelledRows {
  const draws = stream(5, "rows");
  const inputs = Float32Array.from({ length: count * size }, (_, i) => change(draws.normal(), Math.floor(i / size)));
  return { inputs, labels: Int32Array.from({ length: count }, (_, i) => (3 * i + (i >> 2)) % classes), size };
}

interface Setup extends Partial<TrainerSpec> {
  readonly rule?: never;
  readonly optimizer?: string;
  readonly format?: string;
  readonly arithmetic?: string;
  readonly weights?: (w: number, name: string) => number;
}

function trainerOf({
  optimizer = "sgd",
  format = "float32",
  arithmetic = "strict",
  weights = (w) => w,
  ...rest
}: Setup = {}): Trainer {
  const own = precision({ store: format, arithmetic });
  const trainer = new Trainer({
    ...{ network, batch, lr: 0.1, schedule: scheduleNamed("warm-up:steps=4+cosine"), steps: 20, precision: own },
    ...{
      backend: "js",
      trace: true,
      programs: { evaluation: evaluationProgram(rest.network ?? network, rest.batch ?? batch) },
    },
    ...ruleNamed(optimizer),
    ...rest,
  } as TrainerSpec);
  const drawn = drawParameters(trainer.network, { law: "he", draw: "format", format: own.store }, 3, 0);
  for (const [name, values] of Object.entries(drawn))
    trainer.engine.write(
      name,
      values.map((w) => weights(w, name)),
    );
  return trainer;
}

/** Everything that a step changes, and the trace. */
function snapshot(trainer: Trainer): Record<string, number[]> {
  const state = Object.keys(trainer.stateShapes).map((name) => [name, Array.from(trainer.engine.buffer(name))]);
  const trace = Object.entries(trainer.trace ?? {}).map(([kind, values]) => [`trace:${kind}`, Array.from(values)]);
  return { ...Object.fromEntries([...state, ...trace]), loss: [trainer.loss] };
}

function trained(setup: Setup = {}, steps = 6, data = rowsOf(64)): Trainer {
  const trainer = trainerOf(setup);
  const batches = arrayBatches(data, setup.batch ?? batch, 1);
  for (let i = 0; i < steps; i++) expect(trainer.step(batches)).toBeUndefined();
  return trainer;
}

const others = ["wasm", ...(targetsHere().length > 0 ? ["native"] : [])];

describe("one step is one program", () => {
  test.each(rules.map(({ name }) => name))("%s: the same bits on every backend", (name) => {
    const decay = name.startsWith("lalc") || name.startsWith("lar") ? "weightDecay=0.01" : "";
    const optimizer = decay === "" ? name : `${name}:${decay}`;
    for (const arithmetic of name === "lamb" ? ["strict", "fused"] : ["strict"]) {
      const reference = snapshot(trained({ optimizer, arithmetic }, 3));
      for (const backend of others) expect(snapshot(trained({ optimizer, arithmetic, backend }, 3))).toEqual(reference);
    }
  });

  test.each(["float64", "float16", "bfloat16"])("%s: the same bits on every backend", (format) => {
    const reference = snapshot(trained({ format, optimizer: "lalc-like-b" }, 3));
    for (const backend of others)
      expect(snapshot(trained({ format, optimizer: "lalc-like-b", backend }, 3))).toEqual(reference);
  });

  test("a convolutional network trains", () => {
    const lenet = networkNamed("lenet", { input: [1, 16, 16], classes: 4 });
    const pixels = {
      inputs: new Float32Array(32 * 256).map((_, i) => ((i * 37) % 101) / 101),
      labels: Int32Array.from({ length: 32 }, (_, i) => i % 4),
      size: 256,
    };
    const trainer = trainerOf({ network: lenet, batch: 8, optimizer: "adam", lr: 0.01, backend: "wasm" });
    const batches = arrayBatches(pixels, 8, 1);
    trainer.step(batches);
    const first = trainer.loss;
    for (let i = 0; i < 19; i++) trainer.step(batches);
    expect(trainer.loss).toBeLessThan(first);
  });

  test("the trace changes no bit, and its norms are those of the weights", () => {
    const [plain, traced] = [trained({ trace: false }), trained()];
    for (const { name } of network.parameters) expect(traced.engine.buffer(name)).toEqual(plain.engine.buffer(name));
    const before = trained({}, 5);
    const norms = network.parameters.map(({ name }) => Math.hypot(...before.engine.buffer(name)));
    for (const [i, norm] of norms.entries()) expect(traced.trace?.weights[i]).toBeCloseTo(norm, 5);
  });

  test("restart is a new trainer without a new compilation", () => {
    const trainer = trained({ optimizer: "lalc-like-b:tau=0.5" }, 4);
    const fresh = trainerOf({ optimizer: "lalc-like-b:tau=0.1", lr: 0.3 });
    trainer.restart({ lr: 0.3, values: ruleNamed("lalc-like-b:tau=0.1").values });
    for (const { name } of network.parameters) trainer.engine.write(name, fresh.engine.buffer(name));
    const batches = arrayBatches(rowsOf(64), batch, 1);
    for (let i = 0; i < 3; i++) for (const one of [trainer, fresh]) one.step(batches);
    expect(snapshot(trainer)).toEqual(snapshot(fresh));
    expect(() => trainer.restart({ values: { weightDecay: 0.1 } })).toThrow(/weightDecay is 0.1, was 0/);
  });
});

describe("invariants (papers/bn-relu 6.5)", () => {
  const bounds: Readonly<Record<string, string>> = {
    larc: "eta=Infinity",
    "lalc-like-d": "c=Infinity",
    "sgd-clip": "bound=Infinity",
  };

  test.each(["larc", "lalc-like-a", "lalc-like-b", "lalc-like-c", "lalc-like-d", "sgd-clip", "common-bound"])(
    "%s with an infinite bound is SGD bit for bit on a network",
    (name) => {
      const reference = trained({ optimizer: "sgd:weightDecay=0.01" });
      const own = trained({ optimizer: `${name}:weightDecay=0.01,${bounds[name] ?? "tau=Infinity"}` });
      for (const parameter of network.parameters) {
        expect(own.engine.buffer(parameter.name)).toEqual(reference.engine.buffer(parameter.name));
      }
      expect(own.trace?.rates).toEqual(reference.trace?.rates);
    },
  );

  test("W -> 3W before a norm divides G by 3; X -> X + 7.5 leaves G", () => {
    const exact = networkNamed(`${size}-8x2-${classes}-bn`, undefined, { eps: 0 });
    const gradients = (setup: Setup, data?: LabelledRows): number[] =>
      Array.from(trained({ format: "float64", network: exact, ...setup }, 1, data).trace?.gradients ?? []);
    const plain = gradients({});
    const hidden = exact.parameters.flatMap(({ name, layer, bias }, i) =>
      layer === "linear" && !bias && name !== exact.parameters.at(-2)?.name ? [i] : [],
    );
    const names = new Set(hidden.map((i) => exact.parameters[i].name));
    const tripled = gradients({ weights: (w, name) => (names.has(name) ? 3 * w : w) });
    const shifted = gradients(
      {},
      rowsOf(64, (x) => Math.fround(x) + 7.5),
    );
    // The reference is shifted data whose float32 rounding is undone exactly.
    const back = gradients(
      {},
      rowsOf(64, (x) => Math.fround(Math.fround(x) + 7.5) - 7.5),
    );
    for (const i of hidden) {
      expect(tripled[i] / (plain[i] / 3)).toBeCloseTo(1, 12);
      expect(shifted[i] / back[i]).toBeCloseTo(1, 11);
    }
  });

  test("plain SGD grows norm(w)^2 by lr^2 norm(G)^2 before a norm (2.7)", () => {
    const exact = networkNamed(`${size}-8x2-${classes}-bn`, undefined, { eps: 0 });
    const setup = {
      format: "float64",
      network: exact,
      optimizer: "sgd:momentum=0",
      schedule: scheduleNamed("constant"),
      lr: 0.5,
    };
    const trainer = trained(setup, 1);
    const [w, g] = [trainer.trace?.weights[0] ?? 0, trainer.trace?.gradients[0] ?? 0];
    const after = Math.hypot(...trainer.engine.buffer(exact.parameters[0].name));
    expect(after ** 2 / (w ** 2 + 0.25 * g ** 2)).toBeCloseTo(1, 12);
  });
});

describe("state", () => {
  const folder = mkdtempSync(join(tmpdir(), "nonsmooth-training-"));

  test.each(["sgd", "lamb", "lalc-like-b"])("%s resumes with the same bits", (optimizer) => {
    const path = join(folder, `${optimizer}.safetensors`);
    const whole = trained({ optimizer }, 8);
    saveState(path, trained({ optimizer }, 5), { note: "x" });
    const resumed = trainerOf({ optimizer });
    expect(loadState(path, resumed).note).toBe("x");
    const batches = arrayBatches(rowsOf(64), batch, 1);
    while (resumed.steps < 8) resumed.step(batches);
    expect(snapshot(resumed)).toEqual(snapshot(whole));
  });

  test("a state of another rule, or a damaged one, is refused", () => {
    const path = join(folder, "other.safetensors");
    saveState(path, trained({ optimizer: "adam" }, 1));
    expect(() => loadState(path, trainerOf())).toThrow(/velocity/);
    writeFileSync(path, readFileSync(path).subarray(0, 500));
    expect(() => loadState(path, trainerOf({ optimizer: "adam" }))).toThrow(/truncated/);
  });
});

describe("divergence", () => {
  const batches = arrayBatches(rowsOf(64), batch, 1);
  const plain = networkNamed(`${size}-8-${classes}`);

  test("parameters that overflow are named", () => {
    const trainer = trainerOf({
      schedule: scheduleNamed("constant"),
      lr: 1e42,
      network: plain,
    });
    const found = trainer.step(batches);
    expect(found).toMatchObject({ step: 0, where: "w1" });
    expect(found?.entries).toBeGreaterThan(0);
  });

  test("the loss is named where the forward fails first, and a record ends there", async () => {
    const trainer = trainerOf({ network: plain, weights: (w) => w * 1e38 });
    const record = new TrainingRecord();
    expect(await record.run(trainer, batches, { steps: 20, every: 1, evaluateEvery: 20 })).toBe(false);
    expect(record.rows).toHaveLength(1);
    expect(record.diverged).toEqual({ step: 0, where: "loss", entries: 1 });
  });

  test("batch 1 under batch norm is refused", () => {
    expect(() => trainerOf({ batch: 1 })).toThrow(/batch 1: the batch norms of .* need two samples or more/);
  });
});

test("evaluation counts all samples, those of a last part too", () => {
  const trainer = trained({}, 12);
  const data = rowsOf(batch * 2 + 5);
  const found = evaluate(trainer.engine, arraySamples(data), classes);
  const alone = Array.from({ length: data.labels.length }, (_, i) =>
    evaluate(
      trainer.engine,
      arraySamples({ inputs: data.inputs.slice(i * size, (i + 1) * size), labels: data.labels.slice(i, i + 1), size }),
      classes,
    ),
  );
  const mean = (of: (one: (typeof alone)[number]) => number): number =>
    alone.reduce((sum, one) => sum + of(one), 0) / alone.length;
  expect(found.accuracy).toBeCloseTo(
    mean(({ accuracy }) => accuracy),
    12,
  );
  expect(found.loss).toBeCloseTo(
    mean(({ loss }) => loss),
    6,
  );
});
