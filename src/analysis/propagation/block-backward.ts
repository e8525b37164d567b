/**
 * Backward block by block in a narrow format, with a power of two multiplied to the gradient between blocks: loss scales of one
 * number for the whole network, or one per layer (papers/bn-relu 8.2), against the float64 backward of the same forward values.
 */
import { pullback } from "../../autodiff/pullback.ts";
import { withResiduals } from "../../autodiff/residuals.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import { convention } from "../../conventions/convention.ts";
import { type DeepNetwork, deepNetwork } from "./network.ts";

export interface ScaledLayer {
  /** Relative error of the weight's gradient, unscaled, in the Euclidean norm; 1 where all of it is lost. */
  readonly error: number;
  /** Share of its entries that are 0 but not in float64. */
  readonly underflow: number;
  readonly finite: boolean;
}

/** Equal blocks of one width; every block is one small program that is run `depth` times. */
export class BlockBackward {
  readonly #narrow: Engine;
  readonly #exact: Engine;
  readonly #depth: number;
  #x: Float64Array[] = [];
  #w: readonly ArrayLike<number>[] = [];

  constructor(net: DeepNetwork, batch: number, format: string, backend = "auto") {
    const { program } = deepNetwork({ ...net, depth: 1 }, batch);
    const pull = pullback(program, convention("pytorch-1.13"), { wrt: ["x", "linear1.weight"] });
    const programs = { forward: withResiduals(program, pull), pull };
    this.#narrow = compile(programs, { precision: format, backend });
    this.#exact = compile(programs, { precision: "float64", backend });
    this.#depth = net.depth;
    for (const engine of [this.#narrow, this.#exact]) {
      engine.write("norm1.weight", new Float64Array(net.width).fill(1));
      engine.write("norm1.bias", new Float64Array(net.width));
    }
  }

  /** The forward pass in the format. @param weights One per block */
  load(x: ArrayLike<number>, weights: readonly ArrayLike<number>[]): void {
    this.#w = weights;
    this.#x = [Float64Array.from(x)];
    for (let l = 0; l < this.#depth; l++) {
      this.#run(this.#narrow, l);
      this.#x.push(Float64Array.from(this.#narrow.buffer("y")));
    }
  }

  #run(engine: Engine, block: number): void {
    engine.write("x", this.#x[block]);
    // The narrow engine rounds weights when they are written; both must have those numbers.
    this.#narrow.write("linear1.weight", this.#w[block]);
    if (engine !== this.#narrow) engine.write("linear1.weight", this.#narrow.buffer("linear1.weight"));
    engine.run("forward");
  }

  /** Gradients of weights, block by block from the top, in float64. @returns from the input up */
  exact(gradient: ArrayLike<number>): Float64Array[] {
    return this.#backward(this.#exact, gradient, () => 1).map(({ g }) => g);
  }

  /**
   * @param scale Total factor on the gradient that enters block `below` blocks under the top (0 is the top), a power of two.
   * @returns per block, from the input up
   */
  scaled(gradient: ArrayLike<number>, scale: (below: number) => number, exact: readonly Float64Array[]): ScaledLayer[] {
    return this.#backward(this.#narrow, gradient, scale).map(({ g, by }, block) => {
      const right = exact[block];
      let [error, size, lost, finite] = [0, 0, 0, true];
      for (let i = 0; i < g.length; i++) {
        error += (g[i] / by - right[i]) ** 2;
        size += right[i] ** 2;
        if (g[i] === 0 && right[i] !== 0) lost++;
        finite &&= Number.isFinite(g[i]);
      }
      return { error: Math.sqrt(error / size), underflow: lost / g.length, finite };
    });
  }

  #backward(
    engine: Engine,
    gradient: ArrayLike<number>,
    scale: (below: number) => number,
  ): { readonly g: Float64Array; readonly by: number }[] {
    const found: { readonly g: Float64Array; readonly by: number }[] = [];
    let [flow, by] = [Float64Array.from(gradient), 1];
    for (let block = this.#depth - 1; block >= 0; block--) {
      const wanted = scale(this.#depth - 1 - block);
      this.#run(engine, block);
      engine.write(
        "d:y",
        flow.map((g) => g * (wanted / by)),
      );
      by = wanted;
      engine.run("pull");
      found.push({ g: Float64Array.from(engine.buffer("d:linear1.weight")), by });
      flow = Float64Array.from(engine.buffer("d:x"));
    }
    return found.reverse();
  }

  dispose(): void {
    this.#narrow.dispose();
    this.#exact.dispose();
  }
}
