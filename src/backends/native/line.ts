/**
 * A printed function over a line of elements: pointers of inputs, then of outputs, then how many elements (a multiple of
 * the lanes). Nests, tails and strides are the runtime's (`runtime/walk.h`): lines hold arithmetic and nothing else.
 */
import { isFloat32, isFloat64 } from "../../formats/define.ts";
import type { Format } from "../../formats/format.ts";
import { roundingExpr } from "../../formats/rounding.ts";
import { type Expr, input } from "../../ir/expression.ts";
import type { CarrierName } from "../layout.ts";
import { type Bindings, isTest, Printer } from "./expression.ts";
import { float32Lanes, type Lanes, load, scalarType, store } from "./lanes.ts";
import { type Source, source } from "./source.ts";

/** Of an expression that reads one vector and nothing else. */
export function bindOne(name: string, keepsNaN = false): Bindings {
  const unbound = (): never => {
    throw new Error("expression: it has one input and nothing else");
  };
  return { input: () => name, option: unbound, choice: unbound, index: unbound, draw: unbound, keepsNaN };
}

export class Line {
  readonly lanes: Lanes;
  readonly #pointers: string[] = [];
  readonly #before: string[] = [];
  readonly #body: string[] = [];
  readonly #after: string[] = [];
  #names = 0;

  constructor(lanes: Lanes) {
    this.lanes = lanes;
  }

  /** A vector of the next input: along the line, or one number for all of it. */
  input(carrier: CarrierName, moves = true): string {
    const pointer = this.#pointer(carrier, "const ");
    if (moves) return this.define(this.lanes.vector, load(this.lanes, carrier, `${pointer} + i`));
    const { vector, scalar, suffix } = this.lanes;
    const name = this.#name();
    this.#before.push(`const ${vector} ${name} = splat${suffix}((${scalar})*${pointer});`);
    return name;
  }

  /** A float64 that is the same for all of the line, as a C expression. */
  scalar(): string {
    return `*${this.#pointer("float64", "const ")}`;
  }

  /** Stores a vector of numbers as the next output; all stores come after all loads. */
  output(carrier: CarrierName, value: string): void {
    this.#after.push(store(this.lanes, carrier, `${this.#pointer(carrier, "")} + i`, value));
  }

  /** Stores an expression as int32; tests need no conversion. */
  outputInteger(expr: Expr, bindings: Bindings): void {
    if (!isTest(expr)) {
      this.output("int32", this.number(expr, bindings));
      return;
    }
    const { integers, mask } = this.lanes;
    const found = new Printer(this.define, this.lanes, bindings).mask(expr);
    const ones = mask === "i32v" ? `${found} & 1` : `__builtin_convertvector(${found} & 1, ${integers})`;
    this.#after.push(`*(${integers}_at *)(${this.#pointer("int32", "")} + i) = ${ones};`);
  }

  number(expr: Expr, bindings: Bindings): string {
    return new Printer(this.define, this.lanes, bindings).number(expr);
  }

  readonly define = (type: string, value: string): string => {
    const name = this.#name();
    this.#body.push(`const ${type} ${name} = ${value};`);
    return name;
  };

  /** `value` rounded to nearest in `format`; with `stored`, where storing it as float32 would do that anyway. */
  round(value: string, format: Format, flush = false, stored = false): string {
    if (isFloat64(format) && !flush) return value;
    if (isFloat32(format) && !flush && stored) return value;
    const { define, lanes } = this;
    let rounded = value;
    if (isFloat32(format) && lanes !== float32Lanes) rounded = define(lanes.vector, `widen32(narrow64(${value}))`);
    if (isFloat32(format) && !flush) return rounded;
    const machine = lanes === float32Lanes ? "float32" : "float64";
    const expr = roundingExpr(format, "nearest", flush, input(0), undefined, machine);
    return new Printer(define, lanes, bindOne(rounded, true)).number(expr);
  }

  /** The statements between loads and stores, for a frame of one's own. */
  statements(): readonly string[] {
    return this.#body;
  }

  /** The function; `open` and `close` stand around the statements, by default as the loop over the line. */
  source(
    open: readonly string[] = [`for (i64 i = 0; i < n; i += ${this.lanes.count}) {`],
    close: readonly string[] = ["}"],
  ): Source {
    const statements = [...this.#pointers, ...this.#before, ...open, ...this.#body, ...this.#after, ...close];
    return source(["void @(char *const *p, i64 n) {", ...statements, "}", ""].join("\n"));
  }

  #name(): string {
    return `v${this.#names++}`;
  }

  #pointer(carrier: CarrierName, qualifier: string): string {
    const name = `p${this.#pointers.length}`;
    const type = `${qualifier}${scalarType(carrier)} *`;
    this.#pointers.push(`${type}const ${name} = (${type})p[${this.#pointers.length}];`);
    return name;
  }
}
