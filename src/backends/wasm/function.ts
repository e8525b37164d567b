/** The body of one WebAssembly function, written in stack order: `f.get(x).get(y).op("f32x4.add").set(z)`. */
import { code, floatBytes, kindCodes, signed, unsigned, type ValueKind } from "./encoding.ts";
import {
  type LaneMemoryName,
  laneMemoryCodes,
  type MemoryName,
  memoryCodes,
  type PlainName,
  scalarCodes,
} from "./opcodes.ts";
import { type LaneName, laneCodes, vectorCodes } from "./vector-codes.ts";

/** Number of a local variable (parameters come first). */
export type Local = number;
/** Where a branch goes: the start of a loop, the end of a block. Valid only inside its body. */
export type Label = number;

const plainCodes: Readonly<Record<PlainName, number>> = { ...scalarCodes, ...vectorCodes };

export class FunctionBuilder {
  readonly index: number;
  readonly parameters: readonly ValueKind[];
  readonly results: readonly ValueKind[];
  private readonly locals: ValueKind[] = [];
  private readonly bytes: number[] = [];
  private depth = 0;

  constructor(index: number, parameters: readonly ValueKind[], results: readonly ValueKind[]) {
    this.index = index;
    this.parameters = parameters;
    this.results = results;
  }

  /** A new local variable, 0 at entry. */
  local(kind: ValueKind): Local {
    this.locals.push(kind);
    return this.parameters.length + this.locals.length - 1;
  }

  get(local: Local): this {
    return this.put(0x20, local);
  }

  set(local: Local): this {
    return this.put(0x21, local);
  }

  tee(local: Local): this {
    return this.put(0x22, local);
  }

  getGlobal(global: number): this {
    return this.put(0x23, global);
  }

  setGlobal(global: number): this {
    return this.put(0x24, global);
  }

  i32(value: number): this {
    return this.append([0x41, ...signed(BigInt(value | 0))]);
  }

  i64(value: bigint): this {
    return this.append([0x42, ...signed(BigInt.asIntN(64, value))]);
  }

  f32(value: number): this {
    return this.append([0x43, ...floatBytes(value, "f32")]);
  }

  f64(value: number): this {
    return this.append([0x44, ...floatBytes(value, "f64")]);
  }

  /** A vector constant with every lane the same. */
  splat(value: number | bigint, kind: "i32" | "i64" | "f32" | "f64"): this {
    const lane = new DataView(new ArrayBuffer(8));
    if (kind === "i64") lane.setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true);
    else if (kind === "i32") lane.setInt32(0, Number(value), true);
    else if (kind === "f32") lane.setFloat32(0, Number(value), true);
    else lane.setFloat64(0, Number(value), true);
    const width = kind === "i64" || kind === "f64" ? 8 : 4;
    return this.append([...code(0xfd00c), ...Array.from({ length: 16 }, (_, byte) => lane.getUint8(byte % width))]);
  }

  /** A vector constant from 16 bytes. */
  vector(bytes: readonly number[]): this {
    return this.append([...code(0xfd00c), ...bytes]);
  }

  /** i8x16.shuffle: 16 byte numbers 0..31. */
  shuffle(bytes: readonly number[]): this {
    return this.append([...code(0xfd00d), ...bytes]);
  }

  /** i8x16.shuffle by lanes of 4 bytes (four numbers 0..7) or 8 bytes (two numbers 0..3). */
  shuffleLanes(lanes: readonly number[]): this {
    const width = 16 / lanes.length;
    return this.shuffle(lanes.flatMap((lane) => Array.from({ length: width }, (_, byte) => lane * width + byte)));
  }

  /** An instruction without immediate operands. */
  op(name: PlainName): this {
    return this.append(code(plainCodes[name]));
  }

  /** Extract or replace a lane. */
  lane(name: LaneName, lane: number): this {
    return this.append([...code(laneCodes[name]), lane]);
  }

  /** A load or store at (popped address + offset); `align` is log2 of the promised alignment, natural if absent. */
  memory(name: MemoryName, offset = 0, align: number = memoryCodes[name][1]): this {
    return this.append([...code(memoryCodes[name][0]), align, ...unsigned(offset)]);
  }

  /** A load into, or a store of, one lane of a vector. */
  laneMemory(name: LaneMemoryName, lane: number, offset = 0): this {
    const [opcode, align] = laneMemoryCodes[name];
    return this.append([...code(opcode), align, ...unsigned(offset), lane]);
  }

  /** memory.copy: pops target, source, bytes. */
  copyMemory(): this {
    return this.append([0xfc, 10, 0, 0]);
  }

  /** memory.fill: pops target, byte value, bytes. */
  fillMemory(): this {
    return this.append([0xfc, 11, 0]);
  }

  call(callee: FunctionBuilder | number): this {
    return this.put(0x10, typeof callee === "number" ? callee : callee.index);
  }

  block(body: (end: Label) => void, result?: ValueKind): this {
    return this.nest(0x02, body, result);
  }

  loop(body: (start: Label) => void, result?: ValueKind): this {
    return this.nest(0x03, body, result);
  }

  /** Pops the test. */
  if(then: () => void, otherwise?: () => void, result?: ValueKind): this {
    return this.nest(
      0x04,
      () => {
        then();
        if (otherwise === undefined) return;
        this.bytes.push(0x05);
        otherwise();
      },
      result,
    );
  }

  branch(label: Label): this {
    return this.put(0x0c, this.depth - label);
  }

  /** Pops the test. */
  branchIf(label: Label): this {
    return this.put(0x0d, this.depth - label);
  }

  /** local += step. */
  increment(local: Local, step: number): this {
    return this.get(local).i32(step).op("i32.add").set(local);
  }

  /** `for (; i < limit; i += step) body()` over i32, unsigned; i is not initialised; a limit is a local or a constant. */
  while(i: Local, limit: Local | { readonly constant: number }, step: number, body: () => void): this {
    const pushLimit = (): this => (typeof limit === "number" ? this.get(limit) : this.i32(limit.constant));
    this.get(i);
    pushLimit().op("i32.lt_u");
    return this.if(() => {
      this.loop((again) => {
        body();
        this.increment(i, step).get(i);
        pushLimit().op("i32.lt_u").branchIf(again);
      });
    });
  }

  /** `for (i = 0; i < limit; i += step) body()`. */
  range(i: Local, limit: Local | { readonly constant: number }, step: number, body: () => void): this {
    return this.i32(0).set(i).while(i, limit, step, body);
  }

  /** The code section's entry. */
  encode(): number[] {
    const groups: number[] = [];
    let count = 0;
    for (let start = 0; start < this.locals.length; count++) {
      let end = start;
      while (end < this.locals.length && this.locals[end] === this.locals[start]) end++;
      groups.push(...unsigned(end - start), kindCodes[this.locals[start]]);
      start = end;
    }
    const head = [...unsigned(count), ...groups];
    return [...unsigned(head.length + this.bytes.length + 1), ...head].concat(this.bytes, 0x0b);
  }

  private nest(opcode: number, body: (label: Label) => void, result: ValueKind | undefined): this {
    this.bytes.push(opcode, result === undefined ? 0x40 : kindCodes[result]);
    this.depth += 1;
    body(this.depth);
    this.depth -= 1;
    this.bytes.push(0x0b);
    return this;
  }

  private put(opcode: number, operand: number): this {
    return this.append([opcode, ...unsigned(operand)]);
  }

  private append(bytes: readonly number[]): this {
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }
}
