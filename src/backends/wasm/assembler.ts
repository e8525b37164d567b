/** A WebAssembly module: imports first, then functions, globals and data in any order, then `bytes()`. */
import { floatBytes, kindCodes, nameBytes, section, signed, unsigned, type ValueKind } from "./encoding.ts";
import { FunctionBuilder } from "./function.ts";

export type { ValueKind } from "./encoding.ts";
export { FunctionBuilder, type Label, type Local } from "./function.ts";

export class Module {
  private readonly types: string[] = [];
  private readonly imports: number[][] = [];
  private readonly functions: FunctionBuilder[] = [];
  private readonly globals: number[][] = [];
  private readonly exports: number[][] = [];
  private readonly segments: number[][] = [];
  private importedFunctions = 0;

  /** Imports a memory of at least `pages` pages of 64 KiB; a shared one needs `maximum`. */
  importMemory(from: string, name: string, pages: number, options?: { maximum?: number; shared?: boolean }): void {
    const maximum = options?.maximum;
    const flags = (maximum === undefined ? 0 : 1) + (options?.shared ? 2 : 0);
    const limits = [flags, ...unsigned(pages), ...(maximum === undefined ? [] : unsigned(maximum))];
    this.imports.push([...nameBytes(from), ...nameBytes(name), 0x02, ...limits]);
  }

  /** Imports a function and returns its index. All function imports come before the first `function`. */
  importFunction(
    from: string,
    name: string,
    parameters: readonly ValueKind[],
    results: readonly ValueKind[] = [],
  ): number {
    if (this.functions.length > 0) throw new Error(`importFunction ${name}: after the first function`);
    const type = this.type(parameters, results);
    this.imports.push([...nameBytes(from), ...nameBytes(name), 0x00, ...unsigned(type)]);
    return this.importedFunctions++;
  }

  /** A new function; its body may be written at any time before `bytes`. */
  function(parameters: readonly ValueKind[], results: readonly ValueKind[] = [], exportName?: string): FunctionBuilder {
    this.type(parameters, results);
    const index = this.importedFunctions + this.functions.length;
    const built = new FunctionBuilder(index, parameters, results);
    this.functions.push(built);
    if (exportName !== undefined) this.exports.push([...nameBytes(exportName), 0x00, ...unsigned(index)]);
    return built;
  }

  /** A new global variable; returns its index. */
  global(kind: "i32" | "f32" | "f64", initial: number, mutable = true): number {
    const value =
      kind === "i32"
        ? [0x41, ...signed(BigInt(initial | 0))]
        : [kind === "f32" ? 0x43 : 0x44, ...floatBytes(initial, kind)];
    this.globals.push([kindCodes[kind], mutable ? 1 : 0, ...value, 0x0b]);
    return this.globals.length - 1;
  }

  exportGlobal(index: number, name: string): void {
    this.exports.push([...nameBytes(name), 0x03, ...unsigned(index)]);
  }

  /** Bytes to be written at `address` when the module is instantiated. */
  data(address: number, bytes: Uint8Array): void {
    const start = [0x41, ...signed(BigInt(address | 0)), 0x0b];
    this.segments.push([0, ...start, ...unsigned(bytes.length)].concat(Array.from(bytes)));
  }

  /** The binary module. */
  bytes(): Uint8Array<ArrayBuffer> {
    const declared = this.functions.map((f) => unsigned(this.type(f.parameters, f.results)));
    const bodies = this.functions.map((f) => f.encode());
    const types = this.types.map((type) => type.split(",").map(Number));
    const parts = [
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, types),
      section(2, this.imports),
      section(3, declared),
      ...(this.globals.length > 0 ? [section(6, this.globals)] : []),
      section(7, this.exports),
      section(10, bodies),
      ...(this.segments.length > 0 ? [section(11, this.segments)] : []),
    ];
    const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
    let at = 0;
    for (const part of parts) {
      result.set(part, at);
      at += part.length;
    }
    return result;
  }

  private type(parameters: readonly ValueKind[], results: readonly ValueKind[]): number {
    const list = (kinds: readonly ValueKind[]): number[] => [
      ...unsigned(kinds.length),
      ...kinds.map((kind) => kindCodes[kind]),
    ];
    const key = [0x60, ...list(parameters), ...list(results)].join(",");
    const known = this.types.indexOf(key);
    if (known >= 0) return known;
    this.types.push(key);
    return this.types.length - 1;
  }
}
