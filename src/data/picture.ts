/** One decoded photograph: JPEG or PNG, told apart by their first bytes and never by the file's extension. */
import { DataError } from "../base/errors.ts";
import { decodeJpeg } from "./jpeg.ts";
import { decodePng } from "./png.ts";

export interface Picture {
  readonly height: number;
  readonly width: number;
  /** Row-major [height, width, 3]: red, green, blue. */
  readonly pixels: Uint8Array;
}

/** First bytes of what is found in folders of images besides JPEG and PNG. */
const others: readonly (readonly [what: string, start: string])[] = [
  ["a GIF image", "GIF8"],
  ["a BMP image", "BM"],
  ["a WebP image", "RIFF"],
  ["a TIFF image", "II*"],
  ["a TIFF image", "MM\0*"],
  ["a web page", "<"],
];

const begins = (bytes: Uint8Array, ...start: readonly number[]): boolean => start.every((byte, i) => bytes[i] === byte);

function describeStart(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  const text = String.fromCharCode(...bytes.subarray(0, 4));
  const other = others.find(([, start]) => text.startsWith(start));
  if (other !== undefined) return other[0];
  return `first bytes ${[...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;
}

/**
 * Decodes a JPEG or a PNG to 8-bit RGB: grey is repeated, palettes are looked up, 16 bits keep their upper byte, alpha is
 * dropped, CMYK is converted.
 * @param name How errors call the file.
 * @throws DataError if it is neither or is damaged.
 */
export function decodePicture(bytes: Uint8Array, name: string): Picture {
  const decode = begins(bytes, 0xff, 0xd8, 0xff)
    ? decodeJpeg
    : begins(bytes, 0x89, 0x50, 0x4e, 0x47)
      ? decodePng
      : undefined;
  if (decode === undefined) throw new DataError(`${name}: found ${describeStart(bytes)}, expected a JPEG or a PNG`);
  try {
    return decode(bytes);
  } catch (error) {
    // The decoders are libraries: whatever they throw on damaged bytes, RangeError and TypeError included, is damage.
    const reason = (error as Error).message.split("\n", 1)[0];
    throw new DataError(`${name}: damaged ${decode === decodeJpeg ? "JPEG" : "PNG"} (${reason})`, { cause: error });
  }
}
