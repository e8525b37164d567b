/** Stored rows do not depend on the backend: trials of several experiments by WebAssembly and by printed C. */
import { expect, test } from "vitest";
import { experiments } from "../../experiments/index.ts";
import { runExperiment } from "../../src/lab/run.ts";
import { targetsHere } from "./targets.ts";

const limit = 600_000;

const trials: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "relu0/volume": { model: "784-64x3-10", samples: 1024, inits: 2 },
  "relu0/change": { model: "784-16x2-10", samples: 512 },
  "relu0/variants": { model: "784-16x2-10", samples: 512 },
  "maxpool/zero-program": {},
};

/** What a row says of the numbers, without when and by what it was made. */
async function rowsBy(backend: string, id: string): Promise<readonly unknown[]> {
  const experiment = experiments.find((own) => own.id === id);
  if (experiment === undefined) throw new Error(`no experiment ${id}`);
  const settings = { scale: "quick", workers: 0, parameters: trials[id], backend } as const;
  const { rows, state } = await runExperiment(experiment, settings);
  expect(state).toBe("complete");
  return rows.map(({ seconds: _, ...row }) => row);
}

test.each(Object.keys(trials))("%s", { timeout: limit }, async (id) => {
  if (targetsHere().length === 0) return;
  const expected = await rowsBy("wasm", id);
  expect(expected.length).toBeGreaterThan(0);
  expect(await rowsBy("native", id)).toEqual(expected);
});
