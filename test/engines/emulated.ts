/** Makes an engine with relaxed SIMD look like one without, so that the emulation of fused sums runs there, too. */

/** f32x4.relaxed_madd: the prefix of vector instructions and 0x105 in LEB128. */
const relaxedMultiplyAdd = [0xfd, 0x85, 0x02] as const;

function has(bytes: Uint8Array, code: readonly number[]): boolean {
  return bytes.some((_, at) => code.every((byte, i) => bytes[at + i] === byte));
}

/** To be called before the first engine is compiled: the probe asks once. */
export function hideRelaxedSimd(): void {
  const validate = WebAssembly.validate;
  WebAssembly.validate = (source) =>
    source instanceof Uint8Array ? !has(source, relaxedMultiplyAdd) && validate(source) : validate(source);
}
