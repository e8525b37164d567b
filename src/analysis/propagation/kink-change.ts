/**
 * Exact zeros at ReLU in a deep network whose forward is in a number format, and how much the choice of ReLU'(0) moves the first
 * layer's gradient: the forward's stored values are frozen and the backward is in float64 (papers/bn-relu E11 b, c).
 */
import { census } from "../../autodiff/census.ts";
import { pullback } from "../../autodiff/pullback.ts";
import { withResiduals } from "../../autodiff/residuals.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import { convention } from "../../conventions/convention.ts";
import type { PrecisionSpec } from "../../formats/precision.ts";
import type { Program } from "../../ir/program.ts";
import type { Traced } from "../../nn/network.ts";

export interface ZeroCount {
  /** Pre-activations that are exactly 0, per ReLU, and their number per ReLU. */
  readonly zeros: readonly number[];
  readonly values: number;
}

/** A network whose output is `y`, ready for many parameters, inputs and top gradients. */
export class KinkChange {
  readonly #forward: Engine;
  readonly #backward: Engine | undefined;
  readonly #pull: Program;
  readonly #first: string;
  readonly #counters: readonly string[];
  readonly #values: number;

  /** @param onlyZeros No backward is compiled. */
  constructor(traced: Traced, precision: PrecisionSpec | string, backend = "auto", onlyZeros = false) {
    const { program, parameters } = traced;
    this.#first = parameters.find(({ bias, layer }) => !bias && layer !== "norm")?.name as string;
    this.#pull = pullback(program, convention("pytorch-1.13", { "relu.zero": 0 }), { wrt: [this.#first] });
    const kept = onlyZeros ? program : withResiduals(program, this.#pull);
    this.#forward = compile({ forward: census(kept, { nan: false }) }, { precision, backend });
    this.#backward = onlyZeros ? undefined : compile({ pull: this.#pull }, { precision: "float64", backend });
    const relus = program.nodes.filter(({ op }) => op === "relu");
    this.#counters = relus.map(({ id }) => `census:relu.zero@${id}`);
    this.#values = program.values[relus[0].outputs[0]].shape.reduce((a, b) => a * b, 1);
  }

  /** Runs the forward. @param data Parameters and `x` by name */
  load(data: Readonly<Record<string, ArrayLike<number>>>): ZeroCount {
    for (const [name, values] of Object.entries(data)) this.#forward.write(name, values);
    this.#forward.run("forward");
    return { zeros: this.#counters.map((name) => this.#forward.buffer(name)[0]), values: this.#values };
  }

  /** |G(alpha) - G(0)| / |G(0)| of the first weight's gradient, for each alpha (`product`), on what `load` stored. */
  changes(gradient: ArrayLike<number>, alphas: readonly number[]): readonly number[] {
    const engine = this.#backward;
    if (engine === undefined) return [];
    for (const { name } of this.#pull.inputs)
      engine.write(name, name === "d:y" ? gradient : this.#forward.buffer(name));
    const under = (alpha: number): Float64Array => {
      for (const { name } of this.#pull.choices) engine.setChoice(name, alpha);
      engine.run("pull");
      return Float64Array.from(engine.buffer(`d:${this.#first}`));
    };
    const base = under(0);
    const size = Math.hypot(...chunked(base));
    return alphas.map((alpha) => {
      const other = under(alpha);
      return Math.hypot(...chunked(other.map((g, i) => g - base[i]))) / size;
    });
  }

  dispose(): void {
    this.#forward.dispose();
    this.#backward?.dispose();
  }
}

/** Norms of rows of 1024: few enough arguments for Math.hypot. */
function chunked(values: Float64Array): number[] {
  const parts: number[] = [];
  for (let at = 0; at < values.length; at += 1024) parts.push(Math.hypot(...values.subarray(at, at + 1024)));
  return parts;
}
