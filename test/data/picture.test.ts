import { createHash } from "node:crypto";
import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";
import { describe, expect, test } from "vitest";
import { decodePicture } from "../../src/data/index.ts";
import { resize } from "../../src/data/resample.ts";
import { bytesOf, vectors } from "./support.ts";

/** Largest and mean difference from Pillow's pixels, in levels. */
function differences(name: string): { most: number; mean: number } {
  const vector = vectors.pictures[name];
  const picture = decodePicture(bytesOf(vector.file), name);
  expect([picture.height, picture.width]).toEqual([vector.height, vector.width]);
  const expected = bytesOf(vector.pixels);
  const gaps = [...picture.pixels].map((value, i) => Math.abs(value - expected[i]));
  return { most: Math.max(...gaps), mean: gaps.reduce((a, b) => a + b, 0) / gaps.length };
}

describe("pictures", () => {
  test.each(Object.keys(vectors.pictures).filter((name) => name.startsWith("png")))(
    "%s: the pixels of Pillow",
    (name) => {
      expect(differences(name)).toEqual({ most: 0, mean: 0 });
    },
  );

  // The inverse transforms of two decoders differ by a level in Y, Cb and Cr: by up to 1 + 1.772 + 1/2 in blue. Ink is converted by the library.
  test.each([
    ["jpeg-444", 3, 0.4],
    ["jpeg-progressive", 3, 0.4],
    ["jpeg-grey", 1, 0.2],
    ["jpeg-420", 3, 0.4],
    ["jpeg-cmyk", 4, 1],
    ["jpeg-ycck", 4, 1],
  ])("%s: within %d levels of Pillow, %d in the mean", (name, most, mean) => {
    const found = differences(name);
    expect(found.most).toBeLessThanOrEqual(most);
    expect(found.mean).toBeLessThanOrEqual(mean);
  });

  test("an Adobe marker says whether three components are YCbCr or red, green and blue", () => {
    const file = bytesOf(vectors.pictures["jpeg-444"].file);
    const afterJfif = 4 + file[4] * 256 + file[5];
    const adobe = (transform: number): Uint8Array =>
      Uint8Array.of(0xff, 0xd8, 0xff, 0xee, 0, 14, ...new TextEncoder().encode("Adobe"), 0, 100, 0, 0, 0, 0, transform);
    const [raw, converted] = [0, 1].map((transform) =>
      decodePicture(Buffer.concat([adobe(transform), file.subarray(afterJfif)]), "x"),
    );
    expect(converted).toEqual(decodePicture(file, "x"));
    const [y, cb, cr] = raw.pixels;
    const expected = [
      y + 1.402 * (cr - 128),
      y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128),
      y + 1.772 * (cb - 128),
    ];
    expect([...converted.pixels.subarray(0, 3)]).toEqual(
      expected.map((v) => Math.min(255, Math.max(0, Math.round(v)))),
    );
  });

  test("the bits of decoded JPEGs: a change of them changes what stored results were made from", () => {
    const digest = createHash("sha256");
    for (const [name, { file }] of Object.entries(vectors.pictures)) {
      if (name.startsWith("jpeg")) digest.update(decodePicture(bytesOf(file), name).pixels);
    }
    expect(digest.digest("hex").slice(0, 32)).toBe("815044b2eb7144bb99a286bb4af88b82");
  });

  test("the first bytes decide, not the name", () => {
    const png = encodePng({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3), channels: 3 });
    expect([...decodePicture(png, "photo.jpg").pixels]).toEqual([1, 2, 3]);
    const { data } = jpeg.encode({ width: 8, height: 8, data: new Uint8Array(256).fill(200) }, 100);
    expect(decodePicture(Uint8Array.from(data), "photo.png").pixels.every((value) => value === 200)).toBe(true);
    const text = (s: string): Uint8Array => new TextEncoder().encode(s);
    expect(() => decodePicture(text("GIF89a"), "a.jpg")).toThrow("a.jpg: found a GIF image, expected a JPEG or a PNG");
    expect(() => decodePicture(text("<html>"), "a.jpg")).toThrow("a.jpg: found a web page, expected");
    expect(() => decodePicture(text("xyz!"), "a.jpg")).toThrow("a.jpg: found first bytes 78 79 7a 21, expected");
    expect(() => decodePicture(new Uint8Array(0), "a.jpg")).toThrow("a.jpg: found an empty file, expected");
  });

  test.each(["jpeg-444", "jpeg-progressive", "png-palette-13", "png-grey-16"])(
    "%s cut anywhere is one error",
    (name) => {
      const file = bytesOf(vectors.pictures[name].file);
      for (let length = 0; length < file.length; length += 3) {
        expect(() => decodePicture(file.subarray(0, length), "a.jpg"), `length ${length}`).toThrow(/^a\.jpg: /);
      }
    },
  );

  test("resizing has the bits of Pillow", () => {
    const { height, width, pixels, results } = vectors.resize;
    for (const expected of results) {
      const found = resize({ height, width, pixels: bytesOf(pixels) }, expected.height, expected.width);
      expect(Buffer.from(found.pixels).equals(Buffer.from(bytesOf(expected.pixels))), `${expected.height}`).toBe(true);
    }
  });
});
