import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  arithmetic,
  bfloat16,
  custom,
  decode,
  encode,
  type Format,
  float8_e4m3,
  float8_e5m2,
  float16,
  float32,
  float64,
  formats,
  hex,
  round,
  tfloat32,
} from "../../src/formats/index.ts";

function vectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
}

/** Every pattern that does not come back: NaN patterns come back as the canonical one. */
function lostPatterns(format: Format): string[] {
  const lost: string[] = [];
  const canonical = encode(format, Number.NaN);
  for (let bits = 0n; bits < 1n << BigInt(format.bits); bits++) {
    const value = decode(format, bits);
    const back = encode(format, value);
    const expected = Number.isNaN(value) ? canonical : bits;
    if (back !== expected || !Object.is(round(format, value), value)) lost.push(bits.toString(16));
  }
  return lost;
}

test.each([float8_e4m3, float8_e5m2, float16, bfloat16, custom(2, 1), custom(7, 3), custom(3, 12)])(
  "$name: every bit pattern round-trips and is its own rounding",
  (format) => {
    expect(lostPatterns(format)).toEqual([]);
  },
);

test.each([float8_e4m3, float8_e5m2])("$name: the published table", (format) => {
  const table = (vectors("ofp8") as Record<string, string[]>)[format.name];
  const values = table.map((text) => {
    const [numerator, denominator] = text.replace("inf", "Infinity").split("/");
    return text === "nan" ? Number.NaN : Number(numerator) / Number(denominator ?? 1);
  });
  expect(values.map((_, bits) => decode(format, BigInt(bits)))).toEqual(values);
});

describe("NumPy's float16", () => {
  const { conversions, operations } = vectors("float16-numpy") as { conversions: string[][]; operations: string[][] };
  const wide = (text: string): number => decode(float64, BigInt(`0x${text}`));
  const narrow = (text: string): number => (text === "nan" ? Number.NaN : decode(float16, BigInt(`0x${text}`)));

  test("conversions", () => {
    for (const [from, to] of conversions) expect(hex(float16, round(float16, wide(from)))).toBe(`0x${to}`);
  });

  test("sums, products, quotients, roots", () => {
    const own = arithmetic(float16);
    for (const [left, right, ...results] of operations) {
      const [a, b] = [narrow(left), narrow(right)];
      const found = [own.add(a, b), own.sub(a, b), own.mul(a, b), own.div(a, b), own.sqrt(Math.abs(a))];
      expect(found).toEqual(results.map(narrow));
    }
  });
});

test("float32 and float64 patterns are those of the typed arrays", () => {
  const views = new DataView(new ArrayBuffer(8));
  for (const x of [1 / 3, -0, 0, 2 ** -149, -(2 ** -126), 3.4e38, Infinity, -Infinity, 5e-324, 1.7e308, 2 ** -1022]) {
    views.setFloat64(0, x);
    expect(encode(float64, x)).toBe(views.getBigUint64(0));
    expect(decode(float64, views.getBigUint64(0))).toBe(x);
    views.setFloat32(0, x);
    expect(encode(float32, Math.fround(x))).toBe(BigInt(views.getUint32(0)));
    expect(decode(float32, BigInt(views.getUint32(0)))).toBe(Math.fround(x));
  }
});

test.each<[Format, number, string]>([
  [float64, -0, "0x8000000000000000"],
  [float64, Number.NaN, "0x7ff8000000000000"],
  [float32, Number.NaN, "0x7fc00000"],
  [tfloat32, 1, "0x1fc00"],
  [tfloat32, -0, "0x40000"],
  [tfloat32, Number.NaN, "0x3fe00"],
  [bfloat16, 1, "0x3f80"],
  [float16, Number.NaN, "0x7e00"],
  [float16, 65504, "0x7bff"],
  [float8_e4m3, Number.NaN, "0x7f"],
  [float8_e4m3, -448, "0xfe"],
  [float8_e5m2, Number.NaN, "0x7e"],
  [float8_e5m2, -Infinity, "0xfc"],
  [custom(2, 1), 1, "0x2"],
  [custom(5, 11), 1, "0x07800"],
])("$name %s is %s", (format, value, text) => {
  expect(hex(format, value)).toBe(text);
});

test("what is not a value of the format has no pattern", () => {
  expect(() => encode(float16, 1 / 3)).toThrow("0.3333333333333333 is not a value of float16");
  expect(() => encode(float16, 65536)).toThrow("not a value of float16");
  expect(() => encode(float16, 2 ** -25)).toThrow("not a value of float16");
  expect(() => encode(float8_e4m3, Infinity)).toThrow("not a value of float8_e4m3");
  expect(() => encode(float32, 2 ** -1074)).toThrow("not a value of float32");
  expect(() => decode(float8_e4m3, 256n)).toThrow("more than the 8 bits of float8_e4m3");
  expect(() => decode(float16, -1n)).toThrow("more than the 16 bits");
});

test("properties agree with the patterns around them", () => {
  for (const format of [...formats, custom(11, 3), custom(4, 3)]) {
    const one = encode(format, 1);
    expect(decode(format, one + 1n) - 1).toBe(format.epsilon);
    expect(decode(format, 1n)).toBe(format.smallestSubnormal);
    expect(decode(format, 1n << BigInt(format.fractionBits))).toBe(format.smallestNormal);
    const above = decode(format, encode(format, format.largest) + 1n);
    expect(above).toEqual(format.infinities ? Infinity : Number.NaN);
    const held = Math.fround(format.smallestSubnormal) > 0 && Math.fround(format.largest) === format.largest;
    expect(format.carrier).toBe(held && format.fractionBits <= 23 ? "float32" : "float64");
  }
});
