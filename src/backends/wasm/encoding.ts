/** Bytes of the WebAssembly binary format. */

export type ValueKind = "i32" | "i64" | "f32" | "f64" | "v128";

export const kindCodes: Readonly<Record<ValueKind, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** Unsigned LEB128 of an integer below 2^53. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

/** Signed LEB128. */
export function signed(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    if ((rest === 0n && low < 64) || (rest === -1n && low >= 64)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low + 128);
  }
}

/** An instruction code as `opcodes.ts` writes it. */
export function code(value: number): number[] {
  return value < 256 ? [value] : [value >> 12, ...unsigned(value & 0xfff)];
}

/** Little-endian bytes of a float. */
export function floatBytes(value: number, kind: "f32" | "f64"): number[] {
  const bytes = new Uint8Array(kind === "f32" ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (kind === "f32") view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return [...bytes];
}

/** A length-prefixed UTF-8 name. */
export function nameBytes(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
}

/** A section: id, length, contents. */
export function section(id: number, items: readonly (readonly number[])[]): number[] {
  const body = unsigned(items.length);
  for (const item of items) for (const byte of item) body.push(byte);
  return [id, ...unsigned(body.length)].concat(body);
}
