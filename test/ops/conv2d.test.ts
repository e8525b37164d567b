/** conv2d and its gradients against plain loops with the documented order of sums, over every kind of geometry. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/index.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { type Tensor, trace } from "../../src/ir/trace.ts";
import { conv2d, mul, sum } from "../../src/ops/index.ts";
import { lower } from "../../src/ops/lower.ts";
import { evaluate } from "../run.ts";
import { expectAgreement } from "../wasm/agree.ts";
import { checkDerivatives, draw } from "./derivatives.ts";

interface Geometry {
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

const { fround } = Math;

/** The blocked sum of docs/numerics.md in float32. */
function blocked(terms: readonly (readonly [number, number])[], block: number): number {
  let total = 0;
  for (let start = 0; start < terms.length; start += block) {
    let partial = 0;
    for (const [a, b] of terms.slice(start, start + block)) partial = fround(partial + fround(a * b));
    total = start === 0 ? partial : fround(total + partial);
  }
  return total;
}

function outputOf(g: Geometry): readonly [number, number] {
  const along = (axis: 0 | 1): number =>
    Math.floor((g.size[axis] + 2 * g.padding[axis] - (g.kernel[axis] - 1) * g.dilation[axis] - 1) / g.stride[axis]) + 1;
  return [along(0), along(1)];
}

/** Every product of the convolution: x index (-1: padding), w index, y index, in the order (n, o, oh, ow, c, kh, kw). */
function* products(g: Geometry): Generator<readonly [x: number, w: number, y: number]> {
  const [oh, ow] = outputOf(g);
  const width = g.channels / g.groups;
  for (let y = 0; y < g.batch * g.filters * oh * ow; y++) {
    const [n, o] = [Math.floor(y / (g.filters * oh * ow)), Math.floor(y / (oh * ow)) % g.filters];
    const [row, column] = [Math.floor(y / ow) % oh, y % ow];
    const first = Math.floor(o / (g.filters / g.groups)) * width;
    for (let tap = 0; tap < width * g.kernel[0] * g.kernel[1]; tap++) {
      const c = Math.floor(tap / (g.kernel[0] * g.kernel[1]));
      const [kh, kw] = [Math.floor(tap / g.kernel[1]) % g.kernel[0], tap % g.kernel[1]];
      const h = row * g.stride[0] + kh * g.dilation[0] - g.padding[0];
      const v = column * g.stride[1] + kw * g.dilation[1] - g.padding[1];
      const inside = h >= 0 && h < g.size[0] && v >= 0 && v < g.size[1];
      const x = inside ? ((n * g.channels + first + c) * g.size[0] + h) * g.size[1] + v : -1;
      yield [x, o * width * g.kernel[0] * g.kernel[1] + tap, y];
    }
  }
}

const traced = (g: Geometry): ReturnType<typeof trace> => {
  const options = { stride: g.stride, padding: g.padding, dilation: g.dilation, groups: g.groups };
  return trace(({ x, w, b }: Record<string, Tensor>) => ({ y: conv2d(x, w, b, options) }), {
    x: [g.batch, g.channels, ...g.size],
    w: [g.filters, g.channels / g.groups, ...g.kernel],
    b: [g.filters],
  });
};

const extents = (min: number, max: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

const geometries: fc.Arbitrary<Geometry> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 2 }),
    channels: fc.integer({ min: 1, max: 3 }),
    filters: fc.integer({ min: 1, max: 5 }),
    size: extents(1, 9),
    kernel: extents(1, 4),
    stride: extents(1, 4),
    padding: extents(0, 3),
    dilation: extents(1, 3),
  })
  .map((g) => ({ ...g, channels: g.channels * g.groups, filters: g.filters * g.groups }))
  .filter((g) => outputOf(g).every((extent) => extent >= 1));

describe("conv2d", () => {
  test("results and gradients equal plain loops bit for bit, whatever stride, dilation, padding and groups", () => {
    fc.assert(
      fc.property(geometries, fc.constantFrom(3, 256), (g, block) => {
        const program = traced(g);
        const shapes = program.inputs.map(({ value }) => program.values[value].shape);
        const [x, w, b] = shapes.map((shape, i) => draw(sizeOf(shape), `conv${i}`).map(fround));
        const all = [...products(g)];
        const size = sizeOf(program.values[program.outputs[0].value].shape);
        const precision = { store: "float32", block };
        const y = evaluate(program, { x, w, b }, precision).y;
        const termsOf = (index: 0 | 1 | 2, count: number): (readonly [number, number, number])[][] => {
          const groups = Array.from({ length: count }, (): (readonly [number, number, number])[] => []);
          for (const product of all) if (product[index] >= 0) groups[product[index]].push(product);
          return groups;
        };
        const at = (values: readonly number[], index: number): number => (index < 0 ? 0 : values[index]);
        const filter = (i: number): number => Math.floor(i / (size / g.batch / g.filters)) % g.filters;
        expect(y).toEqual(
          termsOf(2, size).map((own, i) =>
            fround(
              blocked(
                own.map(([p, q]) => [w[q], at(x, p)] as const),
                block,
              ) + b[filter(i)],
            ),
          ),
        );
        const v = draw(size, "cotangent").map(fround);
        const weighted = trace(
          (inputs: Record<string, Tensor>) => {
            const options = { stride: g.stride, padding: g.padding, dilation: g.dilation, groups: g.groups };
            return { s: sum(mul(conv2d(inputs.x, inputs.w, null, options), inputs.v)) };
          },
          { x: shapes[0], w: shapes[1], v: program.values[program.outputs[0].value].shape },
        );
        const found = evaluate(gradient(weighted), { x, w, v }, precision);
        // Products of the weight gradient come in the order (n, oh, ow), padding taps among them.
        expect(found["d:w"]).toEqual(
          termsOf(1, w.length).map((own) =>
            blocked(
              own.map(([p, , i]) => [v[i], at(x, p)] as const),
              block,
            ),
          ),
        );
        // Terms of the input gradient come in the order (o, kh, kw); in one block its padding taps add nothing.
        if (block === 256) {
          const expected = termsOf(0, x.length).map((own) =>
            blocked(
              [...own].sort((p, q) => p[1] - q[1]).map(([, q, i]) => [w[q], v[i]] as const),
              block,
            ),
          );
          expect(found["d:x"]).toEqual(expected);
        }
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  test("more columns, rows and terms than are packed at a time, in every width of image: wasm equals js", () => {
    const cases: readonly (readonly [channels: number, filters: number, size: number, batch: number])[] = [
      [3, 9, 16, 5],
      [33, 6, 8, 2],
      [30, 133, 4, 3],
      [5, 7, 2, 37],
      [4, 5, 7, 21],
    ];
    for (const [channels, filters, size, batch] of cases) {
      for (const stride of [1, 2]) {
        const net = trace(
          ({ x, w, b }: Record<string, Tensor>) => ({
            s: sum(conv2d(x, w, b, { padding: 1, stride })),
          }),
          { x: [batch, channels, size, size], w: [filters, channels, 3, 3], b: [filters] },
        );
        for (const spec of [
          { store: "float32" },
          { store: "float32", block: 7 },
          { store: "float32", block: Infinity },
          { store: "float64", block: 30 },
        ]) {
          expectAgreement(lower(gradient(net)), spec, (_, count) => draw(count, `big${count}`));
        }
      }
    }
  });

  test("narrow formats, operands and sums: wasm equals js at zeros, infinities and NaN", () => {
    const net = trace(({ x, w, b }: Record<string, Tensor>) => ({ s: sum(conv2d(x, w, b, { padding: 1 })) }), {
      x: [3, 2, 4, 4],
      w: [5, 2, 3, 3],
      b: [5],
    });
    for (const store of ["float16", "bfloat16", "tfloat32", "float8_e4m3", "float8_e5m2"]) {
      for (const other of [
        {},
        { accumulate: store, block: 5 },
        { bias: "rounded" },
        { accumulate: "float64" },
      ] as const) {
        expectAgreement(lower(gradient(net)), { store, ...other });
        expectAgreement(lower(gradient(net)), { store, arithmetic: "fused", ...other });
      }
    }
  });

  test("derivatives of derivatives", () => {
    checkDerivatives(
      ({ x, w }: Record<string, Tensor>) => conv2d(mul(x, x), w, null, { stride: 2, padding: 1, dilation: [1, 2] }),
      { x: [2, 2, 5, 6], w: [3, 2, 3, 2] },
    );
  });

  test("what does not fit is named", () => {
    const of = (x: number[], w: number[], options: object, b?: number[]) => () =>
      trace((t: Record<string, Tensor>) => ({ y: conv2d(t.x, t.w, t.b, options) }), {
        x,
        w,
        ...(b === undefined ? {} : { b }),
      });
    expect(of([2, 3, 8], [4, 3, 3, 3], {})).toThrow(
      "conv2d: x has shape [2, 3, 8], expected [batch, channels, height, width]",
    );
    expect(of([2, 3, 8, 8], [4, 2, 3, 3], {})).toThrow(
      "conv2d: w [4, 2, 3, 3] does not fit x [2, 3, 8, 8], expected [out, 3, height, width]",
    );
    expect(of([2, 3, 8, 8], [4, 1, 3, 3], { groups: 2 })).toThrow(
      "conv2d: 3 input and 4 output channels do not divide into 2 groups",
    );
    expect(of([2, 3, 2, 8], [4, 3, 3, 3], {})).toThrow(
      "conv2d: a window of [3, 3] does not fit into an image of [2, 8] with padding [0, 0]",
    );
    expect(of([2, 3, 8, 8], [4, 3, 3, 3], { stride: 0 })).toThrow("conv2d: stride is 0, expected whole numbers from 1");
    expect(of([2, 3, 8, 8], [4, 3, 3, 3], {}, [3])).toThrow(
      "conv2d: bias [3] does not fit w [4, 3, 3, 3], expected [4]",
    );
  });
});
