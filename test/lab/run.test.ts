import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { type Experiment, howToContinue, listRuns, runExperiment, trialParameters } from "../../src/lab/index.ts";
import { folder, toy, toyUrl } from "./support.ts";

const squares = Array.from({ length: 12 }, (_, i) => Math.floor(i / 2) ** 2);

describe("runs", () => {
  test("the same call does nothing twice; another seed or parameter is another run", async () => {
    const store = folder();
    let calls = 0;
    const counted: Experiment = {
      ...toy,
      trial(parameters, context) {
        calls += 1;
        return toy.trial(parameters, context);
      },
    };
    const first = await runExperiment(counted, { store, workers: 0 });
    expect([first.state, first.rows.map((row) => row.square), calls]).toEqual(["complete", squares, 6]);
    const again = await runExperiment(counted, { store, workers: 0 });
    expect([again.rows, calls]).toEqual([first.rows, 6]);
    const seeded = await runExperiment(counted, { store, workers: 0, seed: 1 });
    expect([seeded.id === first.id, seeded.rows[0].draw, calls]).toEqual([false, 1, 12]);
    expect(listRuns(store).length).toBe(2);
    const [run] = listRuns(store);
    expect(run.status).toMatchObject({ state: "complete", done: 6, total: 6, failures: [] });
    expect(run.provenance[0]).toMatchObject({ numerics: 1, node: process.versions.node });
  });

  test("a larger run keeps the trials of a smaller one", async () => {
    const store = folder();
    const measured: unknown[] = [];
    const counted: Experiment = {
      ...toy,
      trial(parameters, context) {
        measured.push(parameters.index);
        return toy.trial(parameters, context);
      },
    };
    const small = await runExperiment(counted, { store, workers: 0, parameters: { trials: 3 } });
    const large = await runExperiment(counted, { store, workers: 0, parameters: { trials: 5 } });
    expect(measured).toEqual([0, 1, 2, 3, 4]);
    expect(large.rows.slice(0, 6)).toEqual(small.rows);
    expect(listRuns(store).map((run) => [run.rows.length, run.status?.done])).toEqual(
      expect.arrayContaining([
        [6, 3],
        [10, 5],
      ]),
    );
  });

  test("no path of the machine is stored", async () => {
    const store = folder();
    const result = await runExperiment(toy, { store, workers: 0 });
    const text = readFileSync(join(result.folder as string, "params.json"), "utf8");
    for (const path of [store, process.cwd()]) expect(text).not.toContain(path);
  });

  test("data sets: checksums are recorded, trials read them", async () => {
    const store = folder();
    const reading: Experiment = {
      ...toy,
      data: () => [{ name: "mnist", split: "test" }],
      trial: (_, context) => [{ images: context.data("mnist", "test").count }],
    };
    const result = await runExperiment(reading, { store, workers: 0, parameters: { trials: 2 } });
    expect(result.rows.map((row) => row.images)).toEqual([10_000, 10_000]);
    expect(listRuns(store)[0].data).toEqual({ "mnist/test": expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
  });

  test("a column may not take a name of the identity", async () => {
    const clashing: Experiment = { ...toy, trial: () => [{ trial: "mine" }] };
    await expect(runExperiment(clashing, { workers: 0 })).rejects.toThrow(
      "toy/squares: a parameter or column is named 'trial'",
    );
  });

  test("without a store rows stay in memory", async () => {
    const result = await runExperiment(toy, { workers: 0 });
    expect([result.rows.length, result.folder]).toEqual([12, undefined]);
  });

  test("an abort stops cleanly, says how to continue, and the next call continues", async () => {
    const store = folder();
    const controller = new AbortController();
    let trials = 0;
    const stopping: Experiment = {
      ...toy,
      trial(parameters, context) {
        trials += 1;
        if (trials === 4) controller.abort();
        return toy.trial(parameters, context);
      },
    };
    const stopped = await runExperiment(stopping, { store, workers: 0, signal: controller.signal });
    expect([stopped.state, stopped.done, stopped.total]).toEqual(["interrupted", 3, 6]);
    expect(howToContinue(stopped)).toBe("interrupted: 3 of 6 trials are done and stored; the same command continues");
    expect(listRuns(store)[0].status?.state).toBe("interrupted");
    const rest = await runExperiment(stopping, { store, workers: 0 });
    expect([rest.state, rest.rows.map((row) => row.square), trials]).toEqual(["complete", squares, 7]);
  });

  test("a trial that throws is reported with its parameters and tried again", async () => {
    const store = folder();
    const options = { store, workers: 0, parameters: { fault: "throw" } };
    const result = await runExperiment(toy, options);
    expect([result.state, result.done, result.total]).toEqual(["failed", 5, 6]);
    expect(result.failures[0]).toMatchObject({ error: "TypeError: trial 1 is odd", parameters: { index: 1 } });
    const mended: Experiment = { ...toy, trial: (p, c) => toy.trial({ ...p, fault: "none" }, c) };
    expect((await runExperiment(mended, options)).state).toBe("complete");
  });

  test("wrong input inside a trial ends the run", async () => {
    const run = runExperiment(toy, { workers: 0, parameters: { fault: "usage" } });
    await expect(run).rejects.toThrow(UsageError);
  });
});

describe("workers", () => {
  test("yield the same rows as no workers", async () => {
    const inline = await runExperiment(toy, { workers: 0 });
    const threaded = await runExperiment(toy, { workers: 2, registry: toyUrl, store: folder() });
    expect(threaded.rows).toEqual(inline.rows);
  });

  test("one that dies loses its own trial only", async () => {
    const result = await runExperiment(toy, { workers: 2, registry: toyUrl, parameters: { fault: "exit" } });
    expect([result.state, result.done, result.failures.length]).toEqual(["failed", 5, 1]);
    expect(result.failures[0].parameters).toMatchObject({ index: 1, fault: "exit" });
  });

  test("errors keep their kind across the thread", async () => {
    const run = runExperiment(toy, { workers: 1, registry: toyUrl, parameters: { fault: "usage" } });
    await expect(run).rejects.toThrow(UsageError);
  });

  test("an abort does not wait for long trials", async () => {
    const signal = AbortSignal.timeout(300);
    const parameters = { milliseconds: 1e8 };
    const result = await runExperiment(toy, { workers: 2, registry: toyUrl, parameters, signal });
    expect([result.state, result.done]).toEqual(["interrupted", 0]);
  });
});

describe("parameters", () => {
  test("defaults, scale, cell, user; equal cells once", () => {
    expect(trialParameters(toy, "quick", {}).length).toBe(6);
    expect(trialParameters(toy, "paper", {}).length).toBe(12);
    expect(trialParameters(toy, "paper", { trials: 3 }).map((p) => p.index)).toEqual([0, 1, 2]);
    expect(trialParameters(toy, "paper", { index: 5 }).length).toBe(1);
  });

  test.each([
    [{ indx: "1" }, "unknown parameter of toy/squares 'indx'; did you mean index?"],
    [{ index: "1.5" }, 'parameter index: found "1.5", expected an integer'],
    [{ index: "-1" }, "parameter index: found -1, expected 0..Infinity"],
    [{ index: "one" }, 'parameter index: found "one", expected an integer'],
    [{ milliseconds: "NaN" }, "parameter milliseconds: found NaN, expected 0..Infinity"],
    [{ format: "flaot16" }, "unknown value of parameter format 'flaot16'; did you mean float16?"],
    [{ flag: "maybe" }, 'parameter flag: found "maybe", expected true or false'],
    [{ list: "1,b" }, 'parameter list: found "b", expected a number'],
    [{ trials: 0 }, "toy/squares: no trials at scale quick with these parameters"],
  ])("%j", async (parameters, message) => {
    const run = runExperiment(toy, { workers: 0, parameters });
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toBeInstanceOf(UsageError);
  });

  test("text and values are the same", async () => {
    const text = await runExperiment(toy, { workers: 0, parameters: { list: "3,4", flag: "true", trials: "1" } });
    const values = await runExperiment(toy, { workers: 0, parameters: { list: [3, 4], flag: true, trials: 1 } });
    expect(text).toEqual(values);
    expect(text.rows[0]).toMatchObject({ list: [3, 4], flag: true });
  });
});
