/** The experiments of papers/bn-relu at initialization run small, draw their figures and judge their claims. */
import { expect, it } from "vitest";
import { experiments as all } from "../../experiments/index.ts";
import { haveCells, runSmall } from "./small.ts";

const initial = ["rate", "batch", "width", "networks", "activations", "inputs", "residual", "formats", "norms"];
const experiments = all.filter(({ id }) => initial.some((name) => id === `bn-relu/${name}`));

runSmall(experiments, 120_000);
haveCells(experiments);

it("the claims about initialization are there, each once", () => {
  const ids = experiments.flatMap((experiment) => experiment.claims.map((claim) => claim.id));
  const expected = [1, 2, 3, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];
  expect(ids.sort()).toEqual(expected.map((i) => `bn-relu/C${i}`).sort());
});
