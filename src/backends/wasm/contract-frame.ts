/** The local variables of a contraction's driver, by name: 32-bit addresses and counts. */
import type { FunctionBuilder, Local } from "./assembler.ts";

/** Addresses of the current matrix and, in elements, the first packed column and row and how many. */
type MatrixName = "a" | "b" | "bias" | "results" | "sums" | "partials" | "column" | "columns" | "row" | "rows";
/** First packed term of k and how many; terms of the current block before them; first term of a block inside the chunk and how many. */
type TermName = "term" | "terms" | "done" | "k" | "count";
/** First row and column of the tile inside the packed ones, and arguments of the micro-kernel. */
type TileName = "i" | "j" | "panelA" | "panelB" | "from" | "to" | "mode";

export type Name = MatrixName | TermName | TileName;

export class Frame {
  readonly #f: FunctionBuilder;
  readonly #locals = new Map<Name, Local>();

  constructor(f: FunctionBuilder) {
    this.#f = f;
  }

  at(name: Name): Local {
    const local = this.#locals.get(name) ?? this.#f.local("i32");
    this.#locals.set(name, local);
    return local;
  }

  /** Pushes name * factor. */
  times(name: Name, factor: number): FunctionBuilder {
    return this.#f.get(this.at(name)).i32(factor).op("i32.mul");
  }

  /** Sets `name` to the extent of a step of at most `most` from `start`: min(most, limit - start). */
  extent(name: Name, most: number, limit: number | Name, start: Name): void {
    const f = this.#f;
    const pushRest = (): FunctionBuilder =>
      (typeof limit === "number" ? f.i32(limit) : f.get(this.at(limit))).get(this.at(start)).op("i32.sub");
    f.i32(most);
    pushRest().i32(most);
    pushRest().op("i32.lt_u").op("select").set(this.at(name));
  }
}
