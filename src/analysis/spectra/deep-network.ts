/** Deep networks of finite width in the NTK parametrization (papers/activations, NET-L), as programs of the engine. */
import { stream } from "../../base/random.ts";
import type { Program } from "../../ir/program.ts";
import { type Specs, type Tensor, trace } from "../../ir/trace.ts";
import { matmul, mul, sub } from "../../ops/index.ts";
import type { Activation } from "./activation.ts";
import { type Dual, dualOf } from "./dual.ts";
import type { InfiniteOptions } from "./infinite.ts";
import type { Points } from "./points.ts";

export interface DeepNetwork {
  readonly program: Program;
  readonly inputs: Readonly<Record<string, ArrayLike<number>>>;
  /** "w1" .. "w<L>" and "a". */
  readonly parameters: readonly string[];
}

function normalize(dual: Dual, normalization: InfiniteOptions["normalization"]): { shift: number; scale: number } {
  if (normalization === undefined || normalization === "none") return { shift: 0, scale: 1 };
  const shift = normalization === "centred" ? dual.mean : 0;
  return { shift, scale: 1 / Math.sqrt(dual.value(0) - shift * shift) };
}

/** f(x) = a . s(W_L s(.. s(W_1 x)) / sqrt m) / sqrt m with standard normal W and a. Output "f" [n]. */
export function deepNetwork(
  points: Points,
  activation: Activation,
  width: number,
  depth: number,
  normalization: InfiniteOptions["normalization"],
  seed = 0,
  replica = 0,
): DeepNetwork {
  const { n, d } = points;
  const { shift, scale } = normalize(dualOf(activation), normalization);
  const shapes: Record<string, readonly number[]> = {};
  for (let layer = 1; layer <= depth; layer++) shapes[`w${layer}`] = [width, layer === 1 ? d : width];
  shapes.a = [width];
  const specs: Specs = { x: [n, d], ...shapes };
  const program = trace((t) => {
    let h: Tensor = t.x;
    for (let layer = 1; layer <= depth; layer++) {
      const z = matmul(h, t[`w${layer}`], { transposeB: true });
      const phi = activation.apply(layer === 1 ? z : mul(z, 1 / Math.sqrt(width)));
      h = mul(shift === 0 ? phi : sub(phi, shift), scale);
    }
    return { f: mul(matmul(h, t.a), 1 / Math.sqrt(width)) };
  }, specs);
  const draw = (name: string, shape: readonly number[]): Float64Array => {
    const draws = stream(seed, `spectra/deep/${replica}/${name}`);
    return Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draws.normal());
  };
  const parameters = Object.keys(shapes);
  const inputs = Object.fromEntries(parameters.map((name) => [name, draw(name, shapes[name])]));
  return { program, inputs: { x: points.rows, ...inputs }, parameters };
}
