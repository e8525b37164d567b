/** Steps of a rule on one parameter tensor whose gradients are given. */
import { gradient } from "../../../src/autodiff/gradient.ts";
import { compile } from "../../../src/compile.ts";
import { trace } from "../../../src/ir/trace.ts";
import type { Parameter } from "../../../src/nn/network.ts";
import { ruleNamed, type Scope, withUpdates } from "../../../src/nn/optimizers/index.ts";
import { scalarNames } from "../../../src/nn/optimizers/update.ts";
import { mul, sum } from "../../../src/ops/index.ts";

export interface Steps extends Partial<Scope> {
  readonly rule: string;
  readonly w: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly lr: number | readonly number[];
  readonly format?: string;
  readonly backend?: string;
  readonly shape?: readonly number[];
}

export interface Stepped {
  readonly w: number[];
  /** Weights after each step. */
  readonly path: number[][];
  read(name: string): number[];
}

export function steps({ rule, w, gradients, lr, shape = [w.length], ...rest }: Steps): Stepped {
  const parameter: Parameter = { name: "w", shape, layer: "linear", bias: false, fanIn: 1, fanOut: 1 };
  // The gradient of sum(w slope) is slope.
  const loss = trace((t) => ({ loss: sum(mul(t.w, t.slope)) }), { w: shape, slope: shape });
  const chosen = ruleNamed(rule);
  const scope = { scaled: rest.scaled ?? "matrices", decayed: rest.decayed ?? "matrices" } as const;
  const optimizer = { ...chosen, ...scope, parameters: [parameter] };
  const program = withUpdates(gradient(loss, undefined, { wrt: ["w"], of: "loss" }), optimizer, true);
  const engine = compile(program, { precision: rest.format ?? "float64", backend: rest.backend ?? "js" });
  engine.write("w", w);
  for (const name of scalarNames(optimizer)) {
    if (Object.hasOwn(chosen.values, name)) engine.write(name, [chosen.values[name]]);
  }
  const path = gradients.map((g, step) => {
    engine.write("slope", g);
    engine.write("lr", [typeof lr === "number" ? lr : lr[step]]);
    for (const { name, at } of chosen.rule.corrections) engine.write(name, [at(chosen.values, step + 1)]);
    engine.run("program");
    return Array.from(engine.buffer("w"));
  });
  return { w: path[path.length - 1], path, read: (name) => Array.from(engine.buffer(name)) };
}
