import { describe, expect, test } from "vitest";
import {
  custom,
  describe as describePrecision,
  float8_e4m3,
  float16,
  float32,
  float64,
  formatNamed,
  formatOf,
  formats,
  precision,
} from "../../src/formats/index.ts";

describe("format names", () => {
  test("every format by its own name, aliases, custom widths, saturation", () => {
    for (const format of formats) expect(formatNamed(format.name)).toBe(format);
    expect(formatNamed("float8_e4m3fn")).toBe(float8_e4m3);
    expect(formatNamed("half")).toBe(float16);
    expect(formatNamed("custom(5, 10)")).toEqual(custom(5, 10));
    expect(formatNamed("custom(5,10)").name).toBe("custom(5,10)");
    expect(formatNamed("float8_e4m3(saturate)")).toMatchObject({ saturate: true, largest: 448 });
  });

  test("custom(5, 10) has the numbers of float16; custom(4, 3) is not e4m3", () => {
    expect({ ...custom(5, 10), name: "float16" }).toEqual(float16);
    expect(custom(4, 3).largest).toBe(240);
    expect(custom(11, 52).largest).toBe(Number.MAX_VALUE);
  });

  test.each([
    ["flaot16", "unknown format 'flaot16'; did you mean float16?"],
    ["float8_e4m4", "did you mean float8_e4m3?"],
    ["posit", "known: float64, float32"],
    ["custom(5)", "expected custom(exponent bits, fraction bits)"],
    ["custom(1,3)", "exponent bits must be an integer from 2 to 11, found 1"],
    ["custom(12,3)", "exponent bits must be an integer from 2 to 11, found 12"],
    ["custom(5,0)", "fraction bits must be an integer from 1 to 52, found 0"],
    ["custom(5,53)", "fraction bits must be an integer from 1 to 52, found 53"],
    ["custom(5,2.5)", "fraction bits must be an integer from 1 to 52, found 2.5"],
  ])("%s: %s", (name, message) => {
    expect(() => formatNamed(name)).toThrow(message);
  });
});

describe("precision", () => {
  test("defaults", () => {
    const own = precision("float16");
    expect(own).toEqual({
      store: float16,
      operands: float16,
      accumulate: float32,
      bias: "once",
      arithmetic: "strict",
      block: 256,
      rounding: "nearest",
      flush: false,
      seed: 0,
      slots: {},
    });
    expect(precision().store).toBe(float32);
    expect(precision(float16)).toEqual(own);
    expect(precision(own)).toEqual(own);
  });

  test("accumulate is the wider of float32 and store", () => {
    expect(precision("float64").accumulate).toBe(float64);
    expect(precision("custom(8,30)").accumulate.name).toBe("custom(8,30)");
    expect(precision("custom(11,10)").accumulate).toBe(float64);
    expect(precision({ store: "float16", accumulate: "float16" }).accumulate).toBe(float16);
  });

  test("slots: the three, further ones, names of formats", () => {
    const own = precision({ store: "float16", slots: { master: "float32" } });
    expect(formatOf(own, "store")).toBe(float16);
    expect(formatOf(own, "accumulate")).toBe(float32);
    expect(formatOf(own, "master")).toBe(float32);
    expect(formatOf(own, "float64")).toBe(float64);
    expect(() => formatOf(own, "flaot64")).toThrow("did you mean float64?");
  });

  test("as plain JSON", () => {
    const own = precision({ store: "float32", operands: "tfloat32", block: Infinity, slots: { norm: "float64" } });
    expect(JSON.parse(JSON.stringify(describePrecision(own)))).toEqual({
      store: "float32",
      operands: "tfloat32",
      accumulate: "float32",
      bias: "once",
      arithmetic: "strict",
      block: "Infinity",
      rounding: "nearest",
      flush: false,
      seed: 0,
      slots: { norm: "float64" },
    });
  });

  test.each([
    [{ block: 0 }, "block must be a positive integer or Infinity, found 0"],
    [{ block: 2.5 }, "found 2.5"],
    [{ rounding: "nearst" }, "unknown rounding 'nearst'; did you mean nearest?"],
    [{ arithmetic: "fusd" }, "did you mean fused?"],
    [{ bias: "twice" }, "unknown bias 'twice'; known: once, rounded"],
    [{ seed: -1 }, "seed must be an integer from 0 to 2^53 - 1, found -1"],
    [{ store: "float17" }, "unknown format 'float17'"],
    [{ slots: { store: "float32" } }, "slot name 'store' is reserved"],
    [JSON.parse('{"acumulate": "float32"}'), "did you mean accumulate?"],
    [JSON.parse('{"flush": "yes"}'), "flush must be true or false, found yes"],
    [JSON.parse('{"store": 16}'), "store must be a format or its name, found 16"],
  ])("%j: %s", (spec, message) => {
    expect(() => precision(spec)).toThrow(message);
  });
});
