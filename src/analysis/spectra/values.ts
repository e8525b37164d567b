/** phi and phi' on arrays, by a program of the engine in float64. */
import { joinedPullback } from "../../autodiff/pullback.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import { type Convention, convention } from "../../conventions/convention.ts";
import { trace } from "../../ir/trace.ts";
import type { Activation } from "./activation.ts";

const block = 4096;

/** The convention where a kink is met: weights drawn from a density never meet one. */
export const usual: Convention = convention("pytorch-1.13");

/** Evaluates one activation; dispose it after use. */
export class ActivationValues {
  readonly #engine: Engine;

  constructor(activation: Activation, choices: Convention = usual) {
    const program = trace(({ z }) => ({ y: activation.apply(z) }), { z: [block] });
    this.#engine = compile({ value: program, slope: joinedPullback(program, choices) }, { precision: "float64" });
    this.#engine.buffer("d:y").fill(1);
  }

  /** phi(z), a new array. */
  value(z: Float64Array): Float64Array {
    return this.#map(z, "value", "y");
  }

  /** phi'(z), a new array. */
  slope(z: Float64Array): Float64Array {
    return this.#map(z, "slope", "d:z");
  }

  #map(z: Float64Array, kernel: string, output: string): Float64Array {
    const result = new Float64Array(z.length);
    const [input, values] = [this.#engine.buffer("z"), this.#engine.buffer(output)];
    for (let from = 0; from < z.length; from += block) {
      const part = z.subarray(from, from + block);
      input.set(part as never);
      this.#engine.run(kernel);
      result.set((values as Float64Array).subarray(0, part.length), from);
    }
    return result;
  }

  dispose(): void {
    this.#engine.dispose();
  }
}
