/**
 * The features a_k phi'(w_k . x_i) of a wide layer, block by block: projection, derivative under a convention and the sum of
 * their products are programs of the engine in float64. Memory does not depend on the width.
 */

import { census } from "../../autodiff/census.ts";
import { joinedPullback } from "../../autodiff/pullback.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import type { Convention } from "../../conventions/convention.ts";
import { trace, update } from "../../ir/trace.ts";
import { add, matmul, mul } from "../../ops/index.ts";
import type { Activation } from "./activation.ts";
import type { Points } from "./points.ts";
import { usual } from "./values.ts";
import type { WeightSource } from "./weights.ts";

/** Units of a block. */
export const blockUnits = 2048;

export interface FeatureOptions {
  readonly convention?: Convention;
  /** Rounds every feature (mode J); `index` is its place among all m n. */
  readonly round?: (x: number, index: number) => number;
  readonly signal?: AbortSignal;
  readonly progress?: (share: number) => void;
}

/** A first layer: what its weights multiply, and what the products of its features are multiplied by. */
export interface Layer {
  readonly activation: Activation;
  readonly weights: WeightSource;
  /** The points that the weights see. */
  readonly points: Points;
  /** The points whose inner products enter G; default: the same. A fixed bias, or rounding, makes them differ. */
  readonly factors?: Points;
}

export class FeatureStream {
  readonly #engine: Engine;
  readonly #layer: Layer;
  readonly #options: FeatureOptions;
  readonly #census: readonly string[];
  /** Pre-activations that were exactly on a kink, of all that were seen. */
  zeros = 0;

  constructor(given: Layer, options: FeatureOptions = {}) {
    const { activation, points } = given;
    const { n, d } = points;
    const shape = [blockUnits, n];
    const layer = trace(({ z }) => ({ y: activation.apply(z) }), { z: shape });
    const counted = census(layer);
    const project = trace(({ w, x }) => ({ z: matmul(w, x, { transposeB: true }) }), { w: [blockUnits, d], x: [n, d] });
    const scale = trace((t) => ({ s: mul(t["d:z"], t.a) }), { "d:z": shape, a: [blockUnits, 1] });
    const gram = trace(({ s, k }) => ({ sum: update("k", add(k, matmul(s, s, { transposeA: true }))) }), {
      s: shape,
      k: [n, n],
    });
    const slope = joinedPullback(layer, options.convention ?? usual);
    this.#census = counted.outputs.map((output) => output.name).filter((name) => /^census:(?!nan:)/.test(name));
    this.#engine = compile({ project, counted, slope, scale, gram }, { precision: "float64" });
    this.#engine.write("x", points.rows);
    this.#engine.buffer("d:y").fill(1);
    this.#layer = given;
    this.#options = options;
  }

  /** Memory of the stream: it depends on the points, not on the width. */
  get bytes(): number {
    return this.#engine.bytes;
  }

  /** Calls `use` with the features of each block, row-major [blockUnits, n]; rows beyond the width are 0. */
  eachBlock(use: (features: Float64Array) => void): void {
    const { weights } = this.#layer;
    const { m } = weights;
    const [w, a] = [this.#engine.buffer("w") as Float64Array, this.#engine.buffer("a") as Float64Array];
    const features = this.#engine.buffer("s") as Float64Array;
    for (let from = 0; from < m; from += blockUnits) {
      this.#options.signal?.throwIfAborted();
      const rows = Math.min(blockUnits, m - from);
      if (rows < blockUnits) w.fill(1);
      weights.fill(w, from, rows);
      for (let k = 0; k < blockUnits; k++) a[k] = k < rows ? weights.output(from + k) : 0;
      for (const kernel of ["project", "counted", "slope", "scale"]) this.#engine.run(kernel);
      this.#round(features, from);
      use(features);
      this.#countZeros(blockUnits - rows);
      this.#options.progress?.((from + rows) / m);
    }
  }

  /** Pre-activations of the block on a kink, without those of the `padding` rows, which are all alike. */
  #countZeros(padding: number): void {
    const onKink = (): number => this.#census.reduce((sum, name) => sum + this.#engine.buffer(name)[0], 0);
    this.zeros += onKink();
    if (padding === 0 || this.zeros === 0) return;
    this.#engine.buffer("w").fill(1);
    this.#engine.run("project");
    this.#engine.run("counted");
    this.zeros -= (padding * onKink()) / blockUnits;
  }

  #round(features: Float64Array, from: number): void {
    const { round } = this.#options;
    if (round === undefined) return;
    const offset = from * this.#layer.points.n;
    for (let i = 0; i < features.length; i++) features[i] = round(features[i], offset + i);
  }

  /** sum_k of products of features, [n, n], by the engine. */
  products(): Float64Array {
    const sum = this.#engine.buffer("k") as Float64Array;
    sum.fill(0);
    this.eachBlock(() => this.#engine.run("gram"));
    return sum.slice();
  }

  dispose(): void {
    this.#engine.dispose();
  }
}
