/** Pieces of derivative rules that several ops share. */
import { type Shape, sameShape } from "../base/shape.ts";
import type { Application, Builder, Op, Options } from "./op.ts";

type Values = readonly (number | undefined)[];

/** Applies an op with one output. */
export function apply(b: Builder, op: string, inputs: readonly number[], options: Options = {}): number {
  return b.apply(op, inputs, options)[0];
}

export function reshapeTo(b: Builder, value: number, shape: Shape): number {
  return sameShape(b.type(value).shape, shape) ? value : apply(b, "reshape", [value], { shape: [...shape] });
}

export function castTo(b: Builder, value: number, type: string): number {
  return b.type(value).type === type ? value : apply(b, "cast", [value], { to: type });
}

/** The sum of the defined terms, added in order. */
export function addAll(b: Builder, terms: Values): number | undefined {
  const defined = terms.filter((term) => term !== undefined);
  return defined.length === 0 ? undefined : defined.reduce((total, term) => apply(b, "add", [total, term]));
}

/** The pushforward of an op that is linear in its one operand: itself. */
export const linearPushforward: NonNullable<Op["pushforward"]> = (b, at, [t]) =>
  t === undefined ? [undefined] : b.apply(at.node.op, [t], at.options);

/** The pullback of an op with one operand and one output. */
export function unaryPullback(
  rule: (b: Builder, at: Application, cotangent: number, shape: Shape) => number,
): NonNullable<Op["pullback"]> {
  return (b, at, [g]) => [g === undefined ? undefined : rule(b, at, g, b.type(at.inputs[0]).shape)];
}
