/** Files of arrays: what NumPy wrote, round trips in every type, and damage anywhere. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/base/errors.ts";
import {
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  parseNpy,
  parseNpz,
  parseSafetensors,
  readTensors,
  type Tensor,
  weightsFor,
  writeTensors,
} from "../../src/data/index.ts";
import { formatNamed, round } from "../../src/formats/index.ts";
import { bytesOf, folder, vectors } from "./support.ts";

const numberOf = (text: string | number): number =>
  typeof text === "number" ? text : Number(text.replace("inf", "Infinity"));

const floatTypes = ["float64", "float32", "float16", "bfloat16", "float8_e4m3", "float8_e5m2"];
const integerTypes: Readonly<Record<string, readonly [number, number]>> = {
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int8: [-128, 127],
  uint8: [0, 255],
  bool: [0, 1],
};
const numpyTypes = [...Object.keys(integerTypes), "float64", "float32", "float16"];

const arrayOf = (type: string, values: readonly number[]): Tensor["values"] => {
  if (["float64", "int64", "uint64", "uint32"].includes(type)) return Float64Array.from(values);
  return floatTypes.includes(type) ? Float32Array.from(values) : Int32Array.from(values);
};

/** A small tensor of one of the types, special values included. */
const tensors = (types: readonly string[]): fc.Arbitrary<Tensor> =>
  fc
    .record({
      type: fc.constantFrom(...types),
      shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
      draws: fc.array(fc.double(), { minLength: 27, maxLength: 27 }),
      places: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 27, maxLength: 27 }),
    })
    .map(({ type, shape, draws, places }) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const values = draws.slice(0, count).map((draw, i) => {
        if (floatTypes.includes(type)) return round(formatNamed(type), draw);
        const [least, most] = integerTypes[type];
        return Math.round(least + places[i] * (most - least)) + 0;
      });
      return { type, shape, values: arrayOf(type, values) };
    });

const named = (types: readonly string[]): fc.Arbitrary<Map<string, Tensor>> =>
  fc
    .uniqueArray(fc.string({ minLength: 1 }), { maxLength: 4 })
    .chain((names) =>
      fc.tuple(...names.map(() => tensors(types))).map((list) => new Map(names.map((name, i) => [name, list[i]]))),
    );

const byName = (map: ReadonlyMap<string, Tensor>): [string, Tensor][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

/** Any cut is one DataError. */
function refusesEveryCut(file: Uint8Array, parse: (bytes: Uint8Array) => unknown): void {
  for (let length = 0; length < file.length; length++) {
    expect(() => parse(file.subarray(0, length)), `length ${length} of ${file.length}`).toThrow(DataError);
  }
}

describe("npy", () => {
  test("what NumPy wrote: every type, both byte orders, column-major, empty, scalar", () => {
    for (const { file, dtype, shape, values } of vectors.npy) {
      const found = parseNpy(bytesOf(file), "a.npy");
      expect([found.type, found.shape]).toEqual([dtype, shape]);
      expect([...found.values], `${dtype} ${shape}`).toEqual(values.map(numberOf));
    }
  });

  test("round trips, and the bytes that NumPy would write", () => {
    fc.assert(
      fc.property(tensors(numpyTypes), (tensor) => {
        expect(parseNpy(encodeNpy(tensor, "a"), "a")).toEqual(tensor);
      }),
      { seed: 1 },
    );
    for (const { file, shape } of vectors.npy) {
      const bytes = bytesOf(file);
      const header = Buffer.from(bytes).toString("latin1", 10, 70);
      if (header.includes("'>") || header.includes("True") || header.includes("'|b1'")) continue;
      const own = encodeNpy(parseNpy(bytes, "a"), "a");
      expect(Buffer.from(own).equals(Buffer.from(bytes)), `${header} ${shape}`).toBe(true);
    }
  });

  test("structures, objects, damage and values without a dtype are refused", () => {
    expect(() => parseNpy(bytesOf(vectors.structured), "a.npy")).toThrow("a.npy: a structured dtype");
    expect(() => parseNpy(bytesOf(vectors.objects), "a.npy")).toThrow("a.npy: found Python objects (never unpickled)");
    const file = encodeNpy({ type: "float32", shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }, "a");
    refusesEveryCut(file, (bytes) => parseNpy(bytes, "a"));
    expect(() => parseNpy(file.subarray(0, file.length - 1), "a.npy")).toThrow(
      "a.npy: truncated: found 23 bytes of values, expected 24",
    );
    expect(() => parseNpy(Buffer.concat([file, new Uint8Array(2)]), "a.npy")).toThrow("trailing bytes");
    const text = (from: string, to: string): Uint8Array =>
      Uint8Array.from(Buffer.from(Buffer.from(file).toString("latin1").replace(from, to), "latin1"));
    expect(() => parseNpy(text("<f4", "<c8"), "a")).toThrow("a: found dtype <c8; expected one of f8, f4");
    expect(() => parseNpy(text("(2, 3)", "(2,-3)"), "a")).toThrow("shape (2,-3) is not a list of sizes");
    const bfloat = { type: "bfloat16", shape: [1], values: Float32Array.of(1) };
    expect(() => encodeNpy(bfloat, "w")).toThrow("w: NumPy has no dtype for bfloat16; write safetensors");
    const byte = (values: number[]): Tensor => ({
      type: "uint8",
      shape: [values.length],
      values: Int32Array.from(values),
    });
    expect(() => encodeNpy(byte([1, 256]), "w")).toThrow(
      "w: element 1 is 256, expected an integer from 0 to 255 (uint8)",
    );
    expect(() => encodeNpy({ ...byte([1, 2]), shape: [3] }, "w")).toThrow("w: found 2 values, expected [3]");
    const half = { type: "float16", shape: [2], values: Float32Array.of(1, 2049) };
    expect(() => encodeNpy(half, "w")).toThrow("w: element 1 is 2049, which is no float16; round it first");
  });
});

describe("npz", () => {
  test("what NumPy wrote, compressed or not", () => {
    for (const file of Object.values(vectors.npz)) {
      const found = parseNpz(bytesOf(file), "a.npz");
      expect([...found.keys()]).toEqual(["images", "labels"]);
      expect(found.get("images")?.shape).toEqual([6, 3, 32, 32]);
      expect(Buffer.from(Uint8Array.from(found.get("images")?.values ?? [])).equals(bytesOf(vectors.pixels))).toBe(
        true,
      );
      expect([...(found.get("labels")?.values ?? [])]).toEqual(vectors.labels.map((label) => label - 1));
    }
  });

  test("round trips; the same arrays give the same bytes", () => {
    fc.assert(
      fc.property(named(numpyTypes), (map) => {
        const file = encodeNpz(map, "a");
        expect(byName(parseNpz(file, "a"))).toEqual(byName(map));
        expect(Buffer.from(encodeNpz(map, "a")).equals(file)).toBe(true);
      }),
      { seed: 2, numRuns: 50 },
    );
  });

  test("damage anywhere: a cut, a flipped bit, an entry twice", () => {
    const values = Float32Array.of(1, 2, 3, 4);
    const file = encodeNpz(new Map([["w", { type: "float32", shape: [4], values }]]), "a");
    refusesEveryCut(file, (bytes) => parseNpz(bytes, "a"));
    for (const byte of [60, 90, 150, 160]) {
      const flipped = Uint8Array.from(file);
      flipped[byte] ^= 4;
      expect(() => parseNpz(flipped, "a.npz")).toThrow("a.npz: w.npy is damaged");
    }
    const compressed = bytesOf(vectors.npz.compressed);
    for (let byte = 100; byte < compressed.length - 200; byte += 997) {
      const flipped = compressed.slice();
      flipped[byte] ^= 4;
      expect(() => parseNpz(flipped, "a"), `byte ${byte}`).toThrow(DataError);
    }
    const both = encodeNpz(
      new Map([
        ["v", { type: "float32", shape: [4], values }],
        ["w", { type: "float32", shape: [4], values }],
      ]),
      "a",
    );
    const twice = Uint8Array.from(
      Buffer.from(Buffer.from(both).toString("latin1").replaceAll("v.npy", "w.npy"), "latin1"),
    );
    expect(() => parseNpz(twice, "a.npz")).toThrow("a.npz: w.npy occurs twice");
  });
});

describe("safetensors", () => {
  const header = (text: string, data: number): Uint8Array => {
    const json = new TextEncoder().encode(text);
    const bytes = new Uint8Array(8 + json.length + data);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    return bytes;
  };
  const entry = (dtype: string, shape: string, from: number, to: number): string =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${from},${to}]}`;

  test("round trips in every type; names of any kind", () => {
    fc.assert(
      fc.property(named([...floatTypes, ...Object.keys(integerTypes)]), (map) => {
        const file = encodeSafetensors(map, "a", { by: "nonsmooth" });
        const found = parseSafetensors(file, "a");
        expect(byName(found.tensors)).toEqual(byName(map));
        expect(found.metadata).toEqual({ by: "nonsmooth" });
      }),
      { seed: 3 },
    );
    const odd = new Map(
      ["__proto__", "constructor", "0"].map((n) => [n, { type: "bool", shape: [], values: Int32Array.of(1) }]),
    );
    expect(byName(parseSafetensors(encodeSafetensors(odd, "a"), "a").tensors)).toEqual(byName(odd));
  });

  test("the layout, byte for byte", () => {
    const w = { type: "float32", shape: [1], values: Float32Array.of(-2) };
    const text = `{"w":${entry("F32", "[1]", 0, 4)}}`;
    const file = Buffer.from(encodeSafetensors(new Map([["w", w]]), "a"));
    expect(Number(file.readBigUInt64LE(0))).toBe(Math.ceil(text.length / 8) * 8);
    expect(file.toString("latin1", 8, file.length - 4)).toBe(text.padEnd(Math.ceil(text.length / 8) * 8));
    expect([...file.subarray(-4)]).toEqual([0, 0, 0, 0xc0]);
  });

  test("the bits of bfloat16 and float16 are PyTorch's", () => {
    const values = [0, -0, 1, -2.5, Number.POSITIVE_INFINITY, 2 ** -133, 3.389e38, 0.1];
    for (const [type, dtype] of [
      ["bfloat16", "BF16"],
      ["float16", "F16"],
    ]) {
      const file = Buffer.concat([header(`{"w":${entry(dtype, "[8]", 0, 16)}}`, 0), bytesOf(vectors.bits[type])]);
      const rounded = values.map((value) => round(formatNamed(type), Math.fround(value)));
      const found = parseSafetensors(file, "a").tensors.get("w") as Tensor;
      expect([...found.values]).toEqual(rounded);
      expect(Buffer.from(encodeSafetensors(new Map([["w", found]]), "a")).subarray(-16)).toEqual(file.subarray(-16));
    }
  });

  test("a file cut anywhere is one error", () => {
    const map = new Map([
      ["a", { type: "float16", shape: [3], values: Float32Array.of(1, 2, 3) }],
      ["b", { type: "int64", shape: [1], values: Float64Array.of(7) }],
    ]);
    refusesEveryCut(encodeSafetensors(map, "a"), (bytes) => parseSafetensors(bytes, "a"));
  });

  test.each([
    [
      "a hole",
      `{"a":${entry("F32", "[1]", 0, 4)},"b":${entry("U8", "[4]", 6, 10)}}`,
      10,
      "a hole of 2 bytes between 'a' and 'b'",
    ],
    ["a hole in front", `{"a":${entry("F32", "[1]", 4, 8)}}`, 8, "a hole of 4 bytes between the header and 'a'"],
    [
      "an overlap",
      `{"a":${entry("F32", "[1]", 0, 4)},"b":${entry("U8", "[4]", 2, 6)}}`,
      6,
      "'b' overlaps 'a' by 2 bytes",
    ],
    ["a wrong length", `{"a":${entry("F32", "[2]", 0, 4)}}`, 4, "'a': found 4 bytes, expected 8 for F32 [2]"],
    ["missing data", `{"a":${entry("F32", "[2]", 0, 8)}}`, 5, "truncated: found 5 bytes of tensors, expected 8"],
    ["trailing data", `{"a":${entry("F32", "[1]", 0, 4)}}`, 6, "2 bytes after the last tensor"],
    [
      "a name twice",
      `{"a":${entry("F32", "[1]", 0, 4)},"a":${entry("F32", "[1]", 0, 4)}}`,
      4,
      "'a' occurs twice in the header",
    ],
    [
      "an escaped name twice",
      `{"a":${entry("U8", "[0]", 0, 0)},"\\u0061":${entry("U8", "[0]", 0, 0)}}`,
      0,
      "'a' occurs twice",
    ],
    ["a field twice", `{"a":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}}`, 1, "'dtype' occurs twice"],
    ["an unknown dtype", `{"a":${entry("F4", "[1]", 0, 1)}}`, 1, "'a': found dtype F4, expected one of F64, F32"],
    ["a negative size", `{"a":${entry("U8", "[-1]", 0, 0)}}`, 0, "'a': shape is no list of sizes"],
    ["offsets in reverse", `{"a":${entry("U8", "[1]", 1, 0)}}`, 1, "'a': data_offsets is not [begin, end]"],
    ["no JSON", "{", 0, "the header is not JSON"],
    ["a list", "[]", 0, "the header is not a JSON object"],
    ["no entry", `{"a":3}`, 0, "'a': expected { dtype, shape, data_offsets }"],
    ["numbers as metadata", `{"__metadata__":{"a":1}}`, 0, "__metadata__ is no record of texts"],
    [
      "a bool of 2",
      `{"a":${entry("BOOL", "[2]", 0, 2)}}`,
      2,
      "'a': element 1 is 2, expected an integer from 0 to 1 (bool)",
    ],
  ])("%s is named", (what, text, data, message) => {
    const file = header(text, data);
    if (what === "a bool of 2") file[file.length - 1] = 2;
    expect(() => parseSafetensors(file, "m.safetensors")).toThrow(`m.safetensors: ${message}`);
  });

  test("an absurd header length is refused before any memory is asked for", () => {
    expect(() => parseSafetensors(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127), "m")).toThrow(
      "m: found a header length of 9",
    );
    expect(() => parseSafetensors(header("{}", 0).fill(200, 0, 1), "m")).toThrow(
      "m: truncated header: found 2 bytes, expected 200",
    );
  });
});

describe("weights", () => {
  const w: Tensor = { type: "float32", shape: [2], values: Float32Array.of(1, 2) };

  test("the extension says how; nothing half-written is left", () => {
    const root = folder();
    for (const extension of ["safetensors", "npz", "npy"]) {
      const path = join(root, `w.${extension}`);
      writeTensors(path, new Map([["w", w]]));
      expect(readTensors(path)).toEqual(new Map([["w", w]]));
    }
    const path = join(root, "w.safetensors");
    const before = readFileSync(path);
    expect(() => writeTensors(path, new Map([["w", { ...w, type: "int8", values: Int32Array.of(1, 300) }]]))).toThrow(
      "w.safetensors: 'w': element 1 is 300",
    );
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(root).sort()).toEqual(["w.npy", "w.npz", "w.safetensors"]);
    expect(() => readTensors(join(root, "w.pt"))).toThrow(
      "w.pt: expected a file name that ends in .safetensors, .npz, .npy",
    );
    expect(() => readTensors(join(root, "absent.npz"))).toThrow("absent.npz: cannot be read (ENOENT)");
    expect(() =>
      writeTensors(
        join(root, "v.npy"),
        new Map([
          ["v", w],
          ["w", w],
        ]),
      ),
    ).toThrow(".npy holds one array, found 2");
    writeFileSync(join(root, "file"), "");
    expect(() => writeTensors(join(root, "file", "w.npz"), new Map([["w", w]]))).toThrow(
      /^cannot write .*a file of that name/,
    );
  });

  test("weights for a network: missing, too many, another shape", () => {
    const map = new Map([
      ["layer.weight", w],
      ["bias", w],
    ]);
    expect(weightsFor(map, { bias: [2], "layer.weight": [2] }, "m")).toEqual({
      bias: w.values,
      "layer.weight": w.values,
    });
    expect(() => weightsFor(map, { bias: [2], "layer.weigth": [2] }, "m")).toThrow(
      "m: no tensor 'layer.weigth'; did you mean 'layer.weight'?",
    );
    expect(() => weightsFor(map, { bias: [2] }, "m")).toThrow("m: 1 tensors too many: layer.weight");
    expect(() => weightsFor(map, { bias: [2, 1], "layer.weight": [2] }, "m")).toThrow(
      "m: 'bias' is [2], expected [2, 1]",
    );
  });
});
