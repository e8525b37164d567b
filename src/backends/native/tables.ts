/** Tables of places, in elements: how contractions read operands of any strides. */
import type { Shape } from "../../base/shape.ts";
import { offsetsOf, walkOf } from "../wasm/walk.ts";

/** All tables of an engine, equal ones once. */
export class Tables {
  readonly #starts = new Map<string, number>();
  readonly #tables: Int32Array[] = [];
  #length = 0;

  /** Where the offsets of the elements of a shape, row-major, start. */
  add(shape: Shape, strides: readonly number[]): number {
    const walk = walkOf(shape, strides.slice(0, shape.length));
    const key = `${walk.axes}:${walk.strides}`;
    const known = this.#starts.get(key);
    if (known !== undefined) return known;
    const start = this.#length;
    this.#tables.push(offsetsOf(walk));
    this.#length += walk.extent;
    this.#starts.set(key, start);
    return start;
  }

  /** All of them, one after the other. */
  joined(): Int32Array {
    const all = new Int32Array(Math.max(1, this.#length));
    let start = 0;
    for (const table of this.#tables) {
      all.set(table, start);
      start += table.length;
    }
    return all;
  }
}
