/** Declares an elementwise op by its expression and its kinks; everything else follows from them. */
import { UsageError } from "../base/errors.ts";
import { differentiate, isZero, plus, times } from "../ir/derivative.ts";
import { type Expr, input, isNan, one, select } from "../ir/expression.ts";
import { expressionToJson } from "../ir/expression-json.ts";
import type { ElementType, ValueType } from "../ir/loops.ts";
import { applyExpression, compact, sumTo } from "./apply-expression.ts";
import { chosenAdjoint, chosenTangent, type ElementwiseKink, kinkOf } from "./elementwise-kink.ts";
import { broadcastOf, isFloatType, promote } from "./infer.ts";
import type { Application, Builder, Lowering, Op, OptionSpec, Options } from "./op.ts";

export interface ElementwiseDefinition {
  readonly name: string;
  readonly doc: string;
  readonly operands: readonly string[];
  readonly options?: readonly OptionSpec[];
  readonly kinks?: readonly ElementwiseKink[];
  /** Whether all operands may be int32 or bool. */
  readonly integers?: boolean;
  /** Whether NaN operands are counted apart by the census: the derivative says what they do. */
  readonly countsNan?: boolean;
  /** Type of the result; default: the operands' float type, else int32. */
  readonly type?: (inputs: readonly ValueType[], options: Options) => ElementType;
  /** Further checks of the options. @throws UsageError */
  readonly check?: (options: Options) => void;
  readonly value: (x: readonly Expr[], options: Options) => Expr;
  /** One slope per operand; default: the derivative of `value`. */
  readonly derivative?: (x: readonly Expr[], options: Options) => readonly Expr[];
}

const operandsOf = (count: number, from = 0): Expr[] => Array.from({ length: count }, (_, i) => input(from + i));

function slopesOf(definition: ElementwiseDefinition, x: readonly Expr[], options: Options): readonly Expr[] {
  if (definition.derivative) return definition.derivative(x, options);
  const value = definition.value(x, options);
  return x.map((_, i) => differentiate(value, i));
}

function infer(definition: ElementwiseDefinition, inputs: readonly ValueType[], options: Options): ValueType[] {
  definition.check?.(options);
  const shape = broadcastOf(definition.name, inputs);
  if (definition.type) return [{ shape, type: definition.type(inputs, options) }];
  const type = promote(definition.name, inputs);
  if (!isFloatType(type) && !definition.integers) {
    throw new UsageError(
      `${definition.name}: operands are ${inputs.map((i) => i.type).join(" and ")}, expected a float; cast first`,
    );
  }
  return [{ shape, type }];
}

function lower(definition: ElementwiseDefinition, at: Lowering): void {
  const { shape } = at.type(at.outputs[0]);
  const { used, expr } = compact(definition.value(operandsOf(at.inputs.length), at.node.options));
  const inputs = used.map((place) => at.read(at.inputs[place], shape));
  at.emit({ node: at.node.id, loop: "map", shape, inputs, outputs: [{ value: at.outputs[0], expr }] });
}

function pullback(
  definition: ElementwiseDefinition,
  b: Builder,
  at: Application,
  cotangent: number | undefined,
): (number | undefined)[] {
  if (cotangent === undefined) return at.inputs.map(() => undefined);
  const x = operandsOf(at.inputs.length);
  const g = input(at.inputs.length);
  const slopes = slopesOf(definition, x, at.options);
  const out = b.type(at.outputs[0]).shape;
  return at.inputs.map((value, operand) => {
    const { shape, type } = b.type(value);
    if (!isFloatType(type)) return undefined;
    let adjoint = times(g, slopes[operand]);
    for (const kink of [...(definition.kinks ?? [])].reverse()) {
      if (kink.applies && !kink.applies(at.options)) continue;
      const chosen = chosenAdjoint(kink, at.chosen(kink.name), operand, g, at.options);
      if (!(isZero(chosen) && isZero(adjoint))) adjoint = select(kink.on(x, at.options), chosen, adjoint);
    }
    return isZero(adjoint)
      ? undefined
      : sumTo(b, applyExpression(b, [...at.inputs, cotangent], adjoint, type, out), shape);
  });
}

function pushforward(
  definition: ElementwiseDefinition,
  b: Builder,
  at: Application,
  given: readonly (number | undefined)[],
  oneSided: boolean,
): (number | undefined)[] {
  const x = operandsOf(at.inputs.length);
  const values = [...at.inputs];
  const tangents = given.map((value): Expr => {
    if (value === undefined) return { kind: "constant", value: 0 };
    return input(values.push(value) - 1);
  });
  const slopes = slopesOf(definition, x, at.options);
  let tangent = tangents.map((t, i) => times(t, slopes[i])).reduce(plus);
  for (const kink of [...(definition.kinks ?? [])].reverse()) {
    if (tangents.every(isZero) || (kink.applies && !kink.applies(at.options))) continue;
    const chosen = oneSided
      ? kink.oneSided(tangents, x, at.options)
      : chosenTangent(kink, at.chosen(kink.name), tangents, at.options);
    tangent = select(kink.on(x, at.options), chosen, tangent);
  }
  const { shape, type } = b.type(at.outputs[0]);
  if (!isFloatType(type) || isZero(tangent)) return [undefined];
  return [applyExpression(b, values, tangent, type, shape)];
}

function census(definition: ElementwiseDefinition, b: Builder, at: Application, name: string): number {
  const kink = definition.kinks?.find((candidate) => candidate.name === name) as ElementwiseKink;
  const active = kink.applies === undefined || kink.applies(at.options);
  const test: Expr = active ? kink.on(operandsOf(at.inputs.length), at.options) : { kind: "constant", value: 0 };
  return b.apply("count", at.inputs, { expr: expressionToJson(test) })[0];
}

function nanCensus(b: Builder, at: Application): number {
  const test = operandsOf(at.inputs.length)
    .map(isNan)
    .reduce((p, q) => select(p, one, q));
  return b.apply("count", at.inputs, { expr: expressionToJson(test) })[0];
}

/** The op of a definition: NumPy broadcasting, one map loop, derivative rules to any order, and the census. */
export function elementwise(definition: ElementwiseDefinition): Op {
  const { name, doc, operands, options = [], kinks = [] } = definition;
  return {
    name,
    doc,
    operands,
    options,
    kinks: kinks.map(kinkOf),
    infer: (inputs, given) => infer(definition, inputs, given),
    lower: (at) => lower(definition, at),
    pullback: (b, at, [cotangent]) => pullback(definition, b, at, cotangent),
    pushforward: (b, at, tangents, oneSided) => pushforward(definition, b, at, tangents, oneSided),
    census: (b, at, kink) => census(definition, b, at, kink),
    ...(definition.countsNan && { nanCensus }),
  };
}
