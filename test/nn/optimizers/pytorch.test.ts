import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gradient } from "../../../src/autodiff/gradient.ts";
import { compile } from "../../../src/compile.ts";
import { trace } from "../../../src/ir/trace.ts";
import { ruleNamed, withUpdates } from "../../../src/nn/optimizers/index.ts";
import { scalarNames } from "../../../src/nn/optimizers/update.ts";
import { add, mul, square, sum } from "../../../src/ops/index.ts";

interface Vectors {
  readonly lr: number;
  readonly start: readonly number[];
  readonly cases: readonly { readonly rule: string; readonly weights: Readonly<Record<string, readonly number[]>> }[];
}

const path = join(import.meta.dirname, "..", "..", "vectors", "optimizers.json");
const { lr, start, cases } = JSON.parse(readFileSync(path, "utf8")) as Vectors;

/** The weights after each of 100 steps on sum(w slope + w^2 / 8), as scripts/oracle/optimizers.py has it. */
function descend(rule: string, format: string): number[][] {
  const shape = [start.length];
  const loss = trace((t) => ({ loss: sum(add(mul(t.w, t.slope), mul(square(t.w), 0.125))) }), {
    w: shape,
    slope: shape,
  });
  const chosen = ruleNamed(rule);
  const parameters = [{ name: "w", shape, layer: "linear", bias: false, fanIn: 1, fanOut: 1 } as const];
  const optimizer = { ...chosen, scaled: "matrices", decayed: "matrices", parameters } as const;
  const program = withUpdates(gradient(loss, undefined, { wrt: ["w"], of: "loss" }), optimizer);
  const engine = compile(program, { precision: format, backend: "js" });
  engine.write("w", start);
  for (const name of scalarNames(chosen)) {
    if (Object.hasOwn(chosen.values, name)) engine.write(name, [chosen.values[name]]);
  }
  return Array.from({ length: 100 }, (_, t) => {
    engine.write(
      "slope",
      start.map((_, i) => (((7 * i + 3 * t) % 11) - 5) / 8),
    );
    engine.write("lr", [(lr * (1 + (t % 3))) / 2]);
    for (const { name, at } of chosen.rule.corrections) engine.write(name, [at(chosen.values, t + 1)]);
    engine.run("program");
    return Array.from(engine.buffer("w"));
  });
}

describe("PyTorch's optimizers", () => {
  test.each(cases)("$rule", ({ rule, weights }) => {
    const [double, single] = [descend(rule, "float64"), descend(rule, "float32")];
    for (const [step, expected] of Object.entries(weights)) {
      expected.forEach((value, i) => {
        expect(Math.abs(double[Number(step) - 1][i] - value)).toBeLessThan(1e-13);
        expect(Math.abs(single[Number(step) - 1][i] - value)).toBeLessThan(2e-6);
      });
    }
  });
});
