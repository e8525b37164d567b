/**
 * JPEG to RGB by jpeg-js, with upsampling and conversion of colours done here: jpeg-js repeats samples, cuts fractions off (half a level
 * darker on average) and takes every three-component file for YCbCr. Which colours a file has follows libjpeg: JFIF, then
 * the Adobe marker, then the component names.
 */
import jpeg from "jpeg-js";
import { upsample } from "./chroma.ts";
import type { Picture } from "./picture.ts";

interface Component {
  readonly id: number;
  /** Samples per block of pixels, horizontally and vertically. */
  readonly h: number;
  readonly v: number;
}

interface Header {
  readonly components: readonly Component[];
  /** Three components are red, green and blue, not YCbCr. */
  readonly rgb: boolean;
  /** Offset of the transform byte of the Adobe marker. */
  readonly adobe: number | undefined;
}

const adobeName = [0x41, 0x64, 0x6f, 0x62, 0x65];
const jfifName = [0x4a, 0x46, 0x49, 0x46, 0];

/** Start-of-frame markers; C4, C8 and CC are other segments. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Reads the segments before the first scan. */
function readHeader(bytes: Uint8Array): Header {
  let jfif = false;
  let adobe: number | undefined;
  let components: Component[] | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new Error(`found byte ${bytes[at]} at ${at}, expected a marker`);
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xda) break;
    const length = bytes[at + 2] * 256 + bytes[at + 3];
    const named = (name: readonly number[]): boolean => name.every((byte, i) => bytes[at + 4 + i] === byte);
    if (marker === 0xe0 && named(jfifName)) jfif = true;
    if (marker === 0xee && length >= 14 && named(adobeName)) adobe = at + 15;
    if (isFrame(marker)) {
      components = Array.from({ length: bytes[at + 9] }, (_, i) => {
        const [id, sampling] = bytes.subarray(at + 10 + 3 * i);
        return { id, h: sampling >> 4, v: sampling & 15 };
      });
    }
    at += 2 + length;
  }
  if (components === undefined) throw new Error("no frame before the first scan");
  const ids = String.fromCharCode(...components.map(({ id }) => id));
  const rgb = !jfif && (adobe === undefined ? ids === "RGB" : bytes[adobe] === 0);
  return { components, rgb, adobe };
}

/** An end marker after the last scan: entropy-coded data never hold one. */
function hasEnd(bytes: Uint8Array): boolean {
  for (let at = bytes.length - 2; at >= 0; at--) {
    if (bytes[at] !== 0xff) continue;
    if (bytes[at + 1] === 0xd9) return true;
    if (bytes[at + 1] === 0xda) return false;
  }
  return false;
}

const clamp = (v: number): number => (v < 0 ? 0 : v > 255 ? 255 : Math.round(v));

/** YCbCr to RGB in place, JFIF 1.02: rounded to nearest. */
function toRgb(pixels: Uint8Array): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const [y, cb, cr] = [pixels[i], pixels[i + 1] - 128, pixels[i + 2] - 128];
    pixels[i] = clamp(y + 1.402 * cr);
    pixels[i + 1] = clamp(y - 0.344136286 * cb - 0.714136286 * cr);
    pixels[i + 2] = clamp(y + 1.772 * cb);
  }
}

/** Replaces repeated samples of components stored at half size by filtered ones, in place. */
function refine(pixels: Uint8Array, height: number, width: number, components: readonly Component[]): void {
  const [maxH, maxV] = [Math.max(...components.map(({ h }) => h)), Math.max(...components.map(({ v }) => v))];
  components.forEach(({ h, v }, c) => {
    if (maxH !== 2 * h || (maxV !== v && maxV !== 2 * v)) return;
    const halfRows = maxV === 2 * v;
    const [rows, columns] = [halfRows ? Math.ceil(height / 2) : height, Math.ceil(width / 2)];
    const samples = new Uint8Array(rows * columns);
    for (let y = 0; y < rows; y++) {
      const from = (halfRows ? 2 * y : y) * width;
      for (let x = 0; x < columns; x++) samples[y * columns + x] = pixels[3 * (from + 2 * x) + c];
    }
    const plane = upsample(samples, height, width, halfRows);
    for (let i = 0; i < plane.length; i++) pixels[3 * i + c] = plane[i];
  });
}

/** Throws plain errors; `decodePicture` names the file. */
export function decodeJpeg(bytes: Uint8Array): Picture {
  const { components, rgb, adobe } = readHeader(bytes);
  if (!hasEnd(bytes)) throw new Error("truncated: no end marker");
  if (components.length === 4 && adobe === undefined) throw new Error("four components without an Adobe marker");
  let input = bytes;
  const three = components.length === 3;
  if (three && adobe !== undefined) {
    // jpeg-js heeds the Adobe transform before `colorTransform`.
    input = bytes.slice();
    input[adobe] = 0;
  }
  const { width, height, data } = jpeg.decode(input, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxMemoryUsageInMB: 1024,
    ...(three ? { colorTransform: false } : {}),
  });
  if (three) refine(data, height, width, components);
  if (three && !rgb) toRgb(data);
  return { height, width, pixels: data };
}
