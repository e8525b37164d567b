/** PNG to RGB by fast-png: palettes and grey of 1, 2 and 4 bits come packed, 16 bits as words. */
import { type DecodedPng, decode } from "fast-png";
import type { Picture } from "./picture.ts";

/** One value per sample, packed or not; rows start at whole bytes. */
function samples(png: DecodedPng): ArrayLike<number> {
  const { depth, width, height, channels, data } = png;
  if (depth >= 8) return data;
  const perRow = width * channels;
  const rowBytes = Math.ceil((perRow * depth) / 8);
  return Uint8Array.from({ length: perRow * height }, (_, i) => {
    const bit = (i % perRow) * depth;
    const byte = data[Math.floor(i / perRow) * rowBytes + (bit >> 3)];
    return (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
  });
}

/** Throws plain errors; `decodePicture` names the file. */
export function decodePng(bytes: Uint8Array): Picture {
  const png = decode(bytes, { checkCrc: true });
  const { width, height, channels, depth } = png;
  // A true-color image may carry a palette too: a suggestion for old screens.
  const palette = channels === 1 ? png.palette : undefined;
  if (width < 1 || height < 1) throw new Error(`size ${width} x ${height}`);
  const values = samples(png);
  const pixels = new Uint8Array(3 * width * height);
  const toByte = (value: number): number => (depth === 16 ? value >> 8 : (value * 255) / ((1 << depth) - 1));
  for (let i = 0; i < width * height; i++) {
    const color = palette?.[values[i]];
    if (palette !== undefined && color === undefined) {
      throw new Error(`color ${values[i]} of a palette of ${palette.length}`);
    }
    for (let c = 0; c < 3; c++) {
      pixels[3 * i + c] = color === undefined ? toByte(values[channels * i + (channels < 3 ? 0 : c)]) : color[c];
    }
  }
  return { height, width, pixels };
}
