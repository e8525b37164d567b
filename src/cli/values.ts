/** Values on the command line: numbers and nested arrays, with their shape. */
import { UsageError } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shape.ts";
import { number } from "./text.ts";

export interface Value {
  readonly shape: Shape;
  /** Row-major. */
  readonly data: readonly number[];
}

export type Nested = number | readonly Nested[];

/** `1.5`, `NaN`, `"NaN"`, `[1, [2, "NaN"]]`. Throws UsageError on ragged arrays and on anything that is no number. */
export function parseValue(text: string, name: string): Value {
  if (!text.trim().startsWith("[")) return { shape: [], data: [number(text.trim().replace(/^"(.*)"$/, "$1"), name)] };
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/(?<!["\w.])([+-]?(?:NaN|Infinity))(?!["\w])/g, '"$1"'));
  } catch {
    throw new UsageError(`${name}: found '${text}', expected a number or nested arrays such as [[1, 2], [3, 4]]`);
  }
  const shape: number[] = [];
  for (let level = json; Array.isArray(level); level = level[0]) shape.push(level.length);
  const data: number[] = [];
  flatten(json, shape, 0, name, data);
  return { shape, data };
}

function flatten(json: unknown, shape: Shape, axis: number, name: string, data: number[]): void {
  if (Array.isArray(json)) {
    if (axis === shape.length || json.length !== shape[axis]) {
      throw new UsageError(`${name}: ragged array: found a row of ${json.length}, expected shape ${showShape(shape)}`);
    }
    for (const element of json) flatten(element, shape, axis + 1, name, data);
    return;
  }
  if (axis < shape.length) {
    throw new UsageError(`${name}: ragged array: found ${JSON.stringify(json)}, expected shape ${showShape(shape)}`);
  }
  if (typeof json !== "number" && typeof json !== "string") {
    throw new UsageError(`${name}: found ${JSON.stringify(json)}, expected a number`);
  }
  data.push(typeof json === "number" ? json : number(json, name));
}

/** Row-major data as nested arrays; a scalar as a number. */
export function nested(data: ArrayLike<number>, shape: Shape): Nested {
  let at = 0;
  const build = (axis: number): Nested => {
    if (axis === shape.length) return data[at++];
    return Array.from({ length: shape[axis] }, () => build(axis + 1));
  };
  return build(0);
}
