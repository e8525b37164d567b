/** Checks of the derivative rules of one op in float64, away from kinks. */
import { expect } from "vitest";
import { checkGradients } from "../../src/autodiff/index.ts";
import { stream } from "../../src/base/random.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { type Specs, type Tensor, type Tensors, trace } from "../../src/ir/trace.ts";
import { evaluate } from "../run.ts";

type Inputs = Readonly<Record<string, readonly number[]>>;

/** `count` numbers in (-1, 1). */
export function draw(count: number, name: string): number[] {
  const uniforms = stream(0, name);
  return Array.from({ length: count }, () => 2 * uniforms.uniform() - 1);
}

/** Checks `fn` to second order at a drawn point; `fixed` holds the inputs that are not drawn. */
export function checkDerivatives<S extends Specs>(
  fn: (x: Tensors<S>) => Tensor | Readonly<Record<string, Tensor>>,
  specs: S,
  fixed: Inputs = {},
): void {
  const program = trace(fn, specs);
  const point = program.inputs.map(({ name, value }) => {
    const { shape } = program.values[value];
    return [name, Float64Array.from(fixed[name] ?? draw(sizeOf(shape), name))] as const;
  });
  const checks = checkGradients(program, Object.fromEntries(point), (p, inputs) => evaluate(p, inputs, "float64"));
  for (const { error } of checks) expect(error).toBeLessThan(1e-6);
}
