/**
 * Hashes of what every op computes, per format and convention, on the reference backend. Stored rows depend on these
 * bits: where a hash changes on purpose, raise `numericsVersion` and run `GOLDEN=write npx vitest run test/golden.test.ts`.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { joinedPullback } from "../src/autodiff/index.ts";
import { stream } from "../src/base/random.ts";
import { type Choices, convention, showChoice } from "../src/conventions/index.ts";
import { formats, numericsVersion } from "../src/formats/index.ts";
import type { Program } from "../src/ir/program.ts";
import { ops } from "../src/ops/index.ts";
import type { Op } from "../src/ops/op.ts";
import { fill, sampleOf } from "./ops/samples.ts";
import { evaluate } from "./run.ts";

interface Golden {
  readonly numericsVersion: number;
  /** "<op> <format> <choices>" to a hash. */
  readonly hashes: Readonly<Record<string, string>>;
}

const file = join(import.meta.dirname, "golden", "ops.json");
const numbers = stream(1, "golden");
const edges = [0, 1, -1, 3, -3, 6, -0, Number.NaN, Infinity, -Infinity, 1e-40, 0.7, 448, 6e-8];
const draw = (i: number): number => (i % 2 === 0 ? edges[(i / 2) % edges.length] : 4 * numbers.uniformAt(i) - 2);

function conventionsOf(op: Op): readonly Choices[] {
  const settings = op.kinks.flatMap((kink) => {
    const numeric = kink.number ? [0, 0.5, 1] : [];
    const overwrite = kink.overwrite ? [{ value: 1, rule: "overwrite" } as const] : [];
    return [...kink.rules, ...numeric, ...overwrite].map((choice) => ({ [kink.name]: choice }));
  });
  return [{}, ...settings];
}

function hash(programs: readonly Program[], format: string): string {
  const sum = createHash("sha256");
  for (const program of programs) {
    for (const data of Object.values(evaluate(program, fill(program, draw), format))) {
      sum.update(new Uint8Array(Float64Array.from(data, (x) => (Number.isNaN(x) ? Number.NaN : x)).buffer));
    }
  }
  return sum.digest("hex").slice(0, 16);
}

/** The op's values, and its adjoints under the choices where it has derivative rules. */
function programsOf(op: Op, choices: Choices): readonly Program[] {
  const program = sampleOf(op) as Program;
  return op.pullback === undefined ? [program] : [program, joinedPullback(program, convention(choices))];
}

function hashesNow(): Record<string, string> {
  const entries = [...ops.values()].flatMap((op) =>
    conventionsOf(op).flatMap((choices) => {
      const programs = programsOf(op, choices);
      const settings = Object.entries(choices).map(([kink, choice]) => `${kink}=${showChoice(choice)}`);
      return formats.map(({ name }) => [[op.name, name, ...settings].join(" "), hash(programs, name)] as const);
    }),
  );
  return Object.fromEntries(entries);
}

test("no bit has changed without a new numerics version", () => {
  const hashes = hashesNow();
  if (process.env.GOLDEN === "write") writeFileSync(file, `${JSON.stringify({ numericsVersion, hashes }, null, 1)}\n`);
  const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
  expect(golden.numericsVersion).toBe(numericsVersion);
  expect(hashes).toEqual(golden.hashes);
});
