/**
 * Memory, planned once: static shapes, one arena. Named buffers (inputs and outputs) live for ever and are shared by
 * all kernels of an engine; intermediate values and loop scratch share the rest by liveness.
 */
import { UsageError } from "../base/errors.ts";
import { sameShape, showShape, sizeOf, stridesOf } from "../base/shape.ts";
import type { Precision } from "../formats/precision.ts";
import type { Access, Kernel, Loop, ValueType } from "../ir/loops.ts";
import { bytesPerElement, carrierOf } from "./layout.ts";

/** Buffers start on cache lines. */
const alignment = 64;

export interface NamedBuffer {
  readonly type: ValueType;
  readonly offset: number;
}

export interface PlannedKernel {
  /** The kernel with copies added where an output needs a buffer of its own. */
  readonly kernel: Kernel;
  /** Byte offset of each value (-1: never used). */
  readonly offsets: readonly number[];
  /** Byte offset of each loop's scratch region (-1: none). */
  readonly scratch: readonly number[];
}

export interface Plan {
  readonly bytes: number;
  readonly named: ReadonlyMap<string, NamedBuffer>;
  readonly kernels: Readonly<Record<string, PlannedKernel>>;
}

/** Values read by a loop. */
export function readsOf(loop: Loop): readonly number[] {
  switch (loop.loop) {
    case "map":
    case "reduce":
      return loop.inputs.map((access) => access.value);
    case "contract":
      return [loop.a.value, loop.b.value, ...(loop.bias ? [loop.bias.value] : [])];
    case "move":
      return loop.pieces.map((piece) => piece.from.value);
    case "gather":
      return [loop.table, loop.indices];
  }
}

/** Values written by a loop. */
export function writesOf(loop: Loop): readonly number[] {
  switch (loop.loop) {
    case "map":
      return loop.outputs.map((output) => output.value);
    case "contract":
      return [loop.output.value];
    default:
      return [loop.output];
  }
}

const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

function readsInPlace(loop: Loop, value: number, type: ValueType): boolean {
  if (loop.loop !== "map" || !sameShape(loop.shape, type.shape)) return false;
  const whole = (access: Access): boolean => access.offset === 0 && sameShape(access.strides, stridesOf(type.shape));
  return loop.inputs.every((access) => access.value !== value || whole(access));
}

/** Whether the buffer of input `source` may be overwritten while `target` is produced: nothing reads it later. */
function donates(kernel: Kernel, source: number, target: number): boolean {
  const producer = kernel.loops.findIndex((loop) => writesOf(loop).includes(target));
  if (producer < 0 || kernel.outputs.some((output) => output.value === source)) return false;
  const laterRead = kernel.loops.some((loop, index) => index > producer && readsOf(loop).includes(source));
  if (laterRead) return false;
  const loop = kernel.loops[producer];
  return !readsOf(loop).includes(source) || readsInPlace(loop, source, kernel.values[target]);
}

/** Gives every output a value of its own that may be written into its named buffer. */
function separateOutputs(kernel: Kernel): Kernel {
  const values = [...kernel.values];
  const loops = [...kernel.loops];
  const taken = new Set(kernel.inputs.map((input) => input.value));
  const outputs = kernel.outputs.map((output) => {
    const source = kernel.inputs.find((input) => input.name === (output.alias ?? output.name));
    const needsCopy = taken.has(output.value) || (source !== undefined && !donates(kernel, source.value, output.value));
    if (source?.value === output.value) return output;
    taken.add(output.value);
    if (!needsCopy) return output;
    const { shape } = kernel.values[output.value];
    const copy = values.push(kernel.values[output.value]) - 1;
    const from = { value: output.value, strides: stridesOf(shape), offset: 0 };
    loops.push({ loop: "move", node: -1, shape, pieces: [{ at: shape.map(() => 0), shape, from }], output: copy });
    return { ...output, value: copy };
  });
  return { ...kernel, values, loops, outputs };
}

interface Lifetime {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
  place(offset: number): void;
}

/** First fit by decreasing size; returns the bytes used. */
function pack(lifetimes: Lifetime[], base: number): number {
  const placed: { offset: number; end: number; from: number; to: number }[] = [];
  let top = base;
  for (const item of [...lifetimes].sort((a, b) => b.bytes - a.bytes)) {
    const overlapping = placed.filter((other) => other.from <= item.to && item.from <= other.to);
    overlapping.sort((a, b) => a.offset - b.offset);
    let offset = base;
    for (const other of overlapping) {
      if (offset + item.bytes <= other.offset) break;
      offset = Math.max(offset, other.end);
    }
    placed.push({ offset, end: offset + item.bytes, from: item.from, to: item.to });
    top = Math.max(top, offset + item.bytes);
    item.place(offset);
  }
  return top;
}

/**
 * Plans the arena of several kernels. `scratchBytes` says how much scratch memory a loop needs while it runs;
 * `reserved` bytes at the start of the arena are left alone.
 * @throws UsageError where two kernels disagree about the type of a named buffer.
 */
export function plan(
  kernels: Readonly<Record<string, Kernel>>,
  precision: Precision,
  scratchBytes: (loop: Loop, kernel: Kernel) => number = () => 0,
  reserved = 0,
): Plan {
  const bytesOf = ({ shape, type }: ValueType): number =>
    align(Math.max(1, sizeOf(shape)) * bytesPerElement(carrierOf(type, precision)));
  const named = new Map<string, NamedBuffer>();
  let base = align(reserved);
  const name = (bufferName: string, type: ValueType): number => {
    const known = named.get(bufferName);
    if (known === undefined) {
      named.set(bufferName, { type, offset: base });
      base += bytesOf(type);
      return base - bytesOf(type);
    }
    if (known.type.type !== type.type || !sameShape(known.type.shape, type.shape)) {
      const show = (t: ValueType): string => `${t.type}${showShape(t.shape)}`;
      throw new UsageError(
        `compile: '${bufferName}' is ${show(known.type)} in one program and ${show(type)} in another`,
      );
    }
    return known.offset;
  };
  const bound = Object.entries(kernels).map(([key, original]) => {
    const kernel = separateOutputs(original);
    const offsets = new Array<number>(kernel.values.length).fill(-1);
    for (const { name: n, value } of kernel.inputs) offsets[value] = name(n, kernel.values[value]);
    for (const { name: n, value, alias } of kernel.outputs) {
      offsets[value] = name(alias ?? n, kernel.values[value]);
      if (alias !== undefined) named.set(n, named.get(alias) as NamedBuffer);
    }
    return { key, kernel, offsets, scratch: new Array<number>(kernel.loops.length).fill(-1) };
  });
  let bytes = base;
  for (const { kernel, offsets, scratch } of bound) {
    const lifetimes: Lifetime[] = [];
    const births = new Map<number, number>();
    const deaths = new Map<number, number>();
    kernel.loops.forEach((loop, index) => {
      for (const value of writesOf(loop)) if (!births.has(value)) births.set(value, index);
      for (const value of [...readsOf(loop), ...writesOf(loop)]) deaths.set(value, index);
      const extra = scratchBytes(loop, kernel);
      const place = (offset: number): void => {
        scratch[index] = offset;
      };
      if (extra > 0) lifetimes.push({ bytes: align(extra), from: index, to: index, place });
    });
    for (const [value, from] of births) {
      if (offsets[value] >= 0) continue;
      const place = (offset: number): void => {
        offsets[value] = offset;
      };
      lifetimes.push({ bytes: bytesOf(kernel.values[value]), from, to: deaths.get(value) as number, place });
    }
    bytes = Math.max(bytes, pack(lifetimes, base));
  }
  return {
    bytes,
    named,
    kernels: Object.fromEntries(bound.map(({ key, ...planned }) => [key, planned])),
  };
}
