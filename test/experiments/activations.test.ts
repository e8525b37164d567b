/** Every experiment of papers/activations runs small, draws its figure and judges its claims. */
import { expect, it } from "vitest";
import { experiments as all } from "../../experiments/index.ts";
import { haveCells, runSmall } from "./small.ts";

const experiments = all.filter(({ paper }) => paper === "activations");

runSmall(experiments, 60_000);
haveCells(experiments);

it("claims C1 to C14 are there, each once", () => {
  const ids = experiments.flatMap((experiment) => experiment.claims.map((claim) => claim.id));
  expect(ids.sort()).toEqual(Array.from({ length: 14 }, (_, i) => `activations/C${i + 1}`).sort());
});
