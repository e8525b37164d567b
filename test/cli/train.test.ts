/** `nonsmooth train`: rows in a store, interruption and continuation, comparison, and every wrong use in one line. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { writeOutput } from "../../src/base/files.ts";
import { exitCodes } from "../../src/cli/output.ts";
import { here, json, main, temporaryFolder } from "./run.ts";

/** Four classes of 6 x 6 images in IDX files: a bar in one of four places, and noise. */
function images(): string {
  const folder = temporaryFolder();
  const write = (split: string, count: number): void => {
    const pixels = Buffer.alloc(16 + count * 36);
    [0x803, count, 6, 6].forEach((word, i) => void pixels.writeUInt32BE(word, 4 * i));
    const labels = Buffer.alloc(8 + count);
    [0x801, count].forEach((word, i) => void labels.writeUInt32BE(word, 4 * i));
    for (let i = 0; i < count; i++) {
      labels[8 + i] = i % 4;
      for (let k = 0; k < 36; k++)
        pixels[16 + i * 36 + k] = ((i * 29 + k * 17) % 64) + (Math.floor(k / 9) === i % 4 ? 150 : 0);
    }
    writeOutput(join(folder, `${split}-images-idx3-ubyte`), pixels);
    writeOutput(join(folder, `${split}-labels-idx1-ubyte`), labels);
  };
  write("train", 256);
  write("t10k", 64);
  return folder;
}

const data = images();
const common = ["--model", "36-12x3-10-bn", "--data-dir", data, "--batch", "16", "--backend", "wasm"];

// Commands that ran in this process leave their exit code.
afterEach(() => {
  process.exitCode = undefined;
});

interface Printed {
  readonly id: string;
  readonly parameters: readonly string[];
  readonly evaluatedOn: string;
  readonly resumedAt: number;
  readonly diverged: { readonly step: number; readonly where: string } | null;
  readonly rows: readonly {
    readonly step: number;
    readonly loss: number;
    readonly evaluation: { readonly loss: number; readonly accuracy: number } | null;
    readonly layers: { readonly weights: readonly number[]; readonly rates: readonly number[] } | null;
  }[];
}

const train = (...args: string[]): Promise<Printed> => json<Printed>("train", ...common, ...args);

describe("a training", () => {
  test("learns, evaluates, traces, and is stored", async () => {
    const store = temporaryFolder();
    const found = await train("--lr", "0.1", "--epochs", "3", "--trace", "layers", "--store", store);
    expect(found.evaluatedOn).toBe("test");
    expect(found.diverged).toBeNull();
    const last = found.rows.at(-1);
    expect(last?.step).toBe(48);
    expect(last?.evaluation?.accuracy).toBeGreaterThan(0.9);
    expect(found.rows.filter(({ evaluation }) => evaluation !== null).map(({ step }) => step)).toEqual([16, 32, 48]);
    expect(last?.layers?.weights).toHaveLength(found.parameters.length);
    const again = await train("--lr", "0.1", "--epochs", "3", "--trace", "layers", "--store", store);
    expect(again).toEqual({ ...found, resumedAt: 48 });
    const listed = await json<readonly { experiment: string; state: string }[]>("runs", "--store", store);
    expect(listed).toMatchObject([{ experiment: "train", state: "complete", rows: found.rows.length }]);
  });

  test("does not depend on the backend or on what it records", async () => {
    const loss = async (...args: string[]): Promise<number | undefined> =>
      (await train("--steps", "5", "--optimizer", "lalc-like-b", ...args, "--store", temporaryFolder())).rows.at(-1)
        ?.loss;
    const plain = await loss();
    expect(await loss("--backend", "js")).toBe(plain);
    expect(await loss("--trace", "layers", "--every", "2")).toBe(plain);
  });

  test("skips steps that a loss scale throws out of the range, and says how many", async () => {
    const args = ["--format", "float16", "--master-weights", "--loss-scale", "dynamic:init=1e9", "--every", "1"];
    const store = temporaryFolder();
    const { code, stdout, stderr } = await here([
      "train",
      ...common,
      ...args,
      "--steps",
      "24",
      "--json",
      "--store",
      store,
    ]);
    expect(code).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: { scale: number; skipped: number; loss: number }[] };
    const { scale, skipped } = rows[23];
    expect(skipped).toBeGreaterThan(0);
    expect(scale).toBe(1e9 / 2 ** skipped);
    expect(stderr).toContain(`steps skipped: ${skipped}`);
  });

  test("evaluates on held-out samples where they are asked for", async () => {
    const { evaluatedOn } = await train("--steps", "2", "--validation", "32", "--store", temporaryFolder());
    expect(evaluatedOn).toBe("validation");
  });

  test("draws a picture and says where it diverged", async () => {
    const folder = temporaryFolder();
    const out = join(folder, "train.svg");
    const args = ["--steps", "5", "--lr", "1e42", "--every", "1", "--store", folder, "--out", out];
    const { code, stdout, stderr } = await here(["train", ...common, ...args]);
    expect(code).toBe(exitCodes.failed);
    expect(stderr).toMatch(/diverged at step [12]: /);
    expect(stdout).toContain(`picture: ${out}`);
    expect(existsSync(out)).toBe(true);
  });

  test("is interrupted with its state and continued to the same bits", async () => {
    const store = temporaryFolder();
    // Long enough that the signal comes before the end.
    const args = ["train", ...common, "--steps", "60000", "--every", "10000", "--evaluate", "60000", "--json"];
    const child = spawn(process.execPath, [main, ...args, "--store", store]);
    const folder = (): string | undefined => {
      const runs = join(store, "train");
      const [id] = existsSync(runs) ? readdirSync(runs) : [];
      return id === undefined || !existsSync(join(runs, id, "status.json")) ? undefined : join(runs, id);
    };
    const poll = setInterval(() => {
      if (folder() === undefined) return;
      clearInterval(poll);
      setTimeout(() => child.kill("SIGINT"), 300);
    }, 20);
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(exitCodes.interrupted);
    expect(readdirSync(folder() as string)).toContain("state.safetensors");
    const resumed = JSON.parse((await here([...args, "--store", store])).stdout) as Printed;
    expect(resumed.resumedAt).toBeGreaterThan(0);
    expect(readdirSync(folder() as string)).not.toContain("state.safetensors");
    const whole = JSON.parse((await here([...args, "--store", temporaryFolder()])).stdout) as Printed;
    expect(resumed.rows).toEqual(whole.rows);
  });
});

test("compare says what tells trainings apart", async () => {
  const store = temporaryFolder();
  for (const optimizer of ["sgd", "lars:eta=0.02"])
    await train("--steps", "4", "--optimizer", optimizer, "--store", store);
  const found = await json<{ differ: string[]; runs: { id: string; settings: object; steps: number }[] }>(
    "train",
    "compare",
    "--store",
    store,
  );
  expect(found.differ).toEqual(["optimizer"]);
  expect(found.runs.map(({ settings }) => settings)).toEqual(
    expect.arrayContaining([{ optimizer: "sgd" }, { optimizer: "lars:eta=0.02" }]),
  );
  const out = join(store, "compare.svg");
  const { code, stdout } = await here(["train", "compare", "--store", store, "--out", out]);
  expect(code).toBe(0);
  expect(stdout).toContain("lars:eta=0.02");
  expect(existsSync(out)).toBe(true);
  const none = await here(["train", "compare", "--store", temporaryFolder()]);
  expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/has no finished trainings/)]);
});

test("one ghost of the whole mini-batch trains the bits of none; smaller ones do not", async () => {
  const rows = async (...args: string[]) =>
    (await train("--lr", "0.1", "--steps", "6", "--every", "1", "--store", temporaryFolder(), ...args)).rows;
  const plain = await rows();
  expect(await rows("--ghost", "16")).toEqual(plain);
  expect((await rows("--ghost", "4")).map(({ loss }) => loss)).not.toEqual(plain.map(({ loss }) => loss));
});

describe("wrong use: one line, exit 2, nothing left behind", () => {
  test.each([
    [["--lr", "0"], /learning rate: found 0, expected a finite number above 0/],
    [["--lr", "NaN"], /learning rate: found NaN/],
    [["--optimizer", "lamp"], /unknown optimizer 'lamp'; did you mean lamb/],
    [["--optimizer", "lars:etta=1"], /did you mean eta/],
    [["--momentum", "2"], /momentum is 2, expected a number from 0 to below 1/],
    [["--schedule", "cosin"], /did you mean cosine/],
    [["--batch", "1"], /batch 1: the batch norms/],
    [["--batch", "300"], /batch 300: mnist has 256 samples/],
    [["--steps", "1", "--epochs", "1"], /give one of them/],
    [["--trace", "layer"], /did you mean layers/],
    [["--validation", "256"], /256 for validation/],
    [["--model", "35-12-10"], /takes 35 inputs .* has 36/],
    [["--init", "hee"], /unknown init 'hee'; did you mean he/],
    [["--scaled", "al"], /did you mean all/],
    [["--loss-scale", "3"], /loss scale: found '3', expected dynamic or a power of two/],
    [["--loss-scale", "dynamic:intervall=3"], /did you mean interval/],
    [["--ghost", "5"], /batch 16 does not divide into ghost batches of 5/],
    [["--ghost", "0"], /--ghost: found '0'/],
    [["--model", "36-12-10", "--ghost", "4"], /ghost batches are of batch norms/],
  ])("%j", async (args, message) => {
    const store = join(temporaryFolder(), "runs");
    const { code, stdout, stderr } = await here(["train", ...common, ...args, "--json", "--store", store]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(store, "train"))).toBe(false);
  });

  test("batches and ghost batches of 2 and 3 under batch norm are warned of", async () => {
    const warned = [
      [["--batch", "2"], "batch 2: "],
      [["--batch", "3"], "batch 3: "],
      [["--ghost", "2"], "ghost batches of 2: "],
    ] as const;
    for (const [option, text] of warned) {
      const args = [...option, "--steps", "1", "--json", "--store", temporaryFolder()];
      const { code, stderr } = await here(["train", ...common, ...args]);
      expect([code, stderr]).toEqual([0, expect.stringContaining(text)]);
    }
  });
});
