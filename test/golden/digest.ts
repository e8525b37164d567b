/** SHA-256 of values, by what browsers and Node share. */
import type { Carrier } from "../../src/backends/backend.ts";

/** Little-endian float64 with one NaN: the pattern that an engine gives a NaN is not specified. */
function canonicalBytes(data: Carrier): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * data.length));
  data.forEach((x: number, i: number) => {
    if (Number.isNaN(x)) view.setBigUint64(8 * i, 0x7ff8000000000000n, true);
    else view.setFloat64(8 * i, x, true);
  });
  return new Uint8Array(view.buffer);
}

/** First 16 hexadecimal digits of SHA-256 over the values as float64, every NaN the canonical one. */
export async function digest(values: readonly Carrier[]): Promise<string> {
  const parts = values.map(canonicalBytes);
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    all.set(part, at);
    return at + part.length;
  }, 0);
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return [...sum.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
