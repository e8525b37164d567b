/** Kernels of one loop, and random strided accesses. */
import fc from "fast-check";
import { stridesOf } from "../../src/base/shape.ts";
import type { Expr } from "../../src/ir/expression.ts";
import type { Access, Kernel, Loop, ValueType } from "../../src/ir/loops.ts";

/** A kernel of one loop: inputs a, b, ... then outputs y, z, ... */
export function single(inputs: ValueType[], outputs: ValueType[], loop: Loop, choices: Kernel["choices"] = []): Kernel {
  return {
    values: [...inputs, ...outputs],
    inputs: inputs.map((_, value) => ({ name: `in${value}`, value })),
    outputs: outputs.map((_, i) => ({ name: `out${i}`, value: inputs.length + i })),
    loops: [loop],
    choices,
  };
}

export const store = (...shape: number[]): ValueType => ({ shape, type: "store" });
export const whole = (value: number, shape: readonly number[]): Access => ({
  value,
  strides: stridesOf(shape),
  offset: 0,
});

export function mapOf(expr: Expr, inputs: number, size: number, type = "store"): Kernel {
  const loop: Loop = {
    loop: "map",
    node: 7,
    shape: [size],
    inputs: Array.from({ length: inputs }, (_, i) => whole(i, [size])),
    outputs: [{ value: inputs, expr }],
  };
  const choices = [{ name: "alpha", value: 0.3 }];
  return single(
    Array.from({ length: inputs }, () => store(size)),
    [{ shape: [size], type }],
    loop,
    choices,
  );
}

export interface Strided {
  readonly strides: number[];
  readonly offset: number;
  readonly size: number;
}

/** Strided accesses that stay inside a base array. */
export const access = (shape: readonly number[]): fc.Arbitrary<Strided> =>
  fc
    .tuple(
      fc.array(fc.integer({ min: -3, max: 7 }), { minLength: shape.length, maxLength: shape.length }),
      fc.integer({ min: 0, max: 5 }),
      fc.boolean(),
      fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
    )
    .map(([random, pad, rowMajor, repeat]) => {
      const strides = (rowMajor ? stridesOf(shape) : random).map((stride, axis) =>
        repeat[axis] && axis > 0 ? 0 : stride,
      );
      const reach = (sign: number): number =>
        strides.reduce((sum, stride, axis) => sum + (stride * sign > 0 ? stride * (shape[axis] - 1) : 0), 0);
      const offset = pad - reach(-1);
      return { strides, offset, size: offset + reach(1) + 1 };
    });
export const shapes: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 });
