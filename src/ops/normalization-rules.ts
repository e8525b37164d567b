/** Derivatives of normalization, in the statistics' format, with one rounding for the gradient of x. */
import type { Shape } from "../base/shape.ts";
import { add, constant, div, type Expr, input, mul, one, option, sqrt, sub } from "../ir/expression.ts";
import type { ValueType } from "../ir/loops.ts";
import { applyExpression } from "./apply-expression.ts";
import { reductionOf } from "./arguments.ts";
import type { Application, Builder } from "./op.ts";
import { castTo, reshapeTo } from "./rules.ts";
import { sumOf } from "./sum-of.ts";

/** How x is seen: as `view`, with statistics over `axes`; gamma and beta as `affine`, which broadcasts to the view. */
export interface Layout {
  readonly view: Shape;
  readonly axes: readonly number[];
  readonly affine: Shape;
}

/** Statistics are stored in this slot. */
export const wide = "accumulate";

/** 1 / sqrt(variance + eps). */
export const inverseDeviation = (variance: Expr, eps: number): Expr => div(one, sqrt(add(variance, option(eps))));

/** The values of a node as the view sees them. */
interface Seen extends Layout {
  readonly x: number;
  readonly mean: number;
  /** 1 / sqrt(variance + eps). */
  readonly r: number;
  readonly gamma: number;
  readonly kept: Shape;
  readonly count: number;
}

function see(b: Builder, at: Application, layout: Layout): Seen {
  const { kept, count } = reductionOf(layout.view, layout.axes);
  const [x, gamma] = at.inputs;
  const [, mean, variance] = at.outputs;
  const seenVariance = reshapeTo(b, variance, kept);
  return {
    ...layout,
    kept,
    count,
    x: reshapeTo(b, x, layout.view),
    mean: reshapeTo(b, mean, kept),
    r: applyExpression(b, [seenVariance], inverseDeviation(input(0), at.options.eps as number), wide, kept),
    gamma: reshapeTo(b, gamma, layout.affine),
  };
}

/** (x - mean) * r, from inputs 0, 1, 2. */
const deviations: Expr = mul(sub(input(0), input(1)), input(2));

/** The axes along which gamma and beta repeat. */
const repeated = ({ view, affine }: Layout): number[] =>
  [...view.keys()].filter((axis) => affine[axis] === 1 && view[axis] > 1);

interface Sums {
  /** Sum of g * gamma over the statistics' axes, and of g * gamma * (x - mean) * r. */
  readonly plain: number;
  readonly weighted: number;
  readonly dgamma: number;
  readonly dbeta: number;
}

function sumsOf(b: Builder, seen: Seen, g: number): Sums {
  const { x, mean, r, gamma, axes, affine } = seen;
  const over = (inputs: readonly number[], expr: Expr, along: readonly number[]): number =>
    sumOf(b, { inputs, expr, axes: along, type: wide });
  const along = repeated(seen);
  const dbeta = over([g], input(0), along);
  const dgamma = over([x, mean, r, g], mul(input(3), deviations), along);
  if (along.length === axes.length && along.every((axis, i) => axis === axes[i])) {
    const times = (sum: number): number => applyExpression(b, [sum, gamma], mul(input(0), input(1)), wide, affine);
    return { plain: times(dbeta), weighted: times(dgamma), dgamma, dbeta };
  }
  const product = mul(input(3), input(4));
  return {
    plain: over([g, gamma], mul(input(0), input(1)), axes),
    weighted: over([x, mean, r, g, gamma], mul(product, deviations), axes),
    dgamma,
    dbeta,
  };
}

/**
 * r (g gamma - (plain + (x - mean) r weighted) / n), or r g gamma where the statistics are constants; and what comes through
 * the statistics as outputs, in one rounding.
 */
function adjointOfX(
  b: Builder,
  seen: Seen,
  type: ValueType,
  g: { readonly value: number; readonly sums: Sums } | undefined,
  ofMean: number | undefined,
  ofVariance: number | undefined,
  frozen: boolean,
): number {
  const { x, mean, r, gamma, count, view } = seen;
  const values = [x, mean, r];
  const read = (value: number): Expr => input(values.push(value) - 1);
  const n = constant(count);
  const terms: Expr[] = [];
  if (g !== undefined) {
    const scaled = mul(read(g.value), read(gamma));
    const shared = (): Expr => add(read(g.sums.plain), mul(deviations, read(g.sums.weighted)));
    terms.push(mul(input(2), frozen ? scaled : sub(scaled, div(shared(), n))));
  }
  if (ofMean !== undefined) terms.push(div(read(ofMean), n));
  if (ofVariance !== undefined) {
    terms.push(div(mul(read(ofVariance), mul(constant(2), sub(input(0), input(1)))), n));
  }
  return reshapeTo(b, applyExpression(b, values, terms.reduce(add), type.type, view), type.shape);
}

/** Adjoints of x, gamma and beta from those of the result and of the statistics. */
export function adjointsOf(
  b: Builder,
  at: Application,
  layout: Layout,
  [gy, gMean, gVariance]: readonly (number | undefined)[],
): readonly (number | undefined)[] {
  const seen = see(b, at, layout);
  const [x, gamma, beta] = at.inputs.map((value) => b.type(value));
  const statistic = (value: number | undefined): number | undefined =>
    value === undefined ? undefined : reshapeTo(b, value, seen.kept);
  const g = gy === undefined ? undefined : reshapeTo(b, gy, seen.view);
  const sums = g === undefined ? undefined : sumsOf(b, seen, g);
  const own = g === undefined || sums === undefined ? undefined : { value: g, sums };
  const dx = adjointOfX(b, seen, x, own, statistic(gMean), statistic(gVariance), at.options.frozen === true);
  if (sums === undefined) return [dx, undefined, undefined];
  const parameter = (value: number, { shape, type }: ValueType): number => reshapeTo(b, castTo(b, value, type), shape);
  return [dx, parameter(sums.dgamma, gamma), parameter(sums.dbeta, beta)];
}

/** Tangents of the result and of the statistics from those of x, gamma and beta. */
export function tangentsOf(
  b: Builder,
  at: Application,
  layout: Layout,
  [tx, tGamma, tBeta]: readonly (number | undefined)[],
): readonly (number | undefined)[] {
  const seen = see(b, at, layout);
  const { x, mean, r, gamma, axes, count, view, affine } = seen;
  const values = [x, mean, r];
  const read = (value: number): Expr => input(values.push(value) - 1);
  const terms: Expr[] = [];
  let statistics: readonly (number | undefined)[] = [undefined, undefined];
  if (tx !== undefined) {
    const t = reshapeTo(b, tx, view);
    const average = (inputs: readonly number[], expr: Expr): number =>
      sumOf(b, { inputs, expr, axes, type: wide, divisor: count });
    const ofMean = average([t], input(0));
    const slope = average([x, mean, t], mul(sub(input(0), input(1)), input(2)));
    const centred = (): Expr => sub(sub(read(t), read(ofMean)), mul(mul(deviations, input(2)), read(slope)));
    const moved = at.options.frozen === true ? read(t) : centred();
    terms.push(mul(mul(moved, input(2)), read(gamma)));
    const { shape } = b.type(at.outputs[1]);
    const ofVariance = applyExpression(b, [slope], mul(constant(2), input(0)), wide, seen.kept);
    statistics = [reshapeTo(b, ofMean, shape), reshapeTo(b, ofVariance, shape)];
  }
  if (tGamma !== undefined) terms.push(mul(deviations, read(reshapeTo(b, tGamma, affine))));
  if (tBeta !== undefined) terms.push(read(reshapeTo(b, tBeta, affine)));
  const { shape, type } = b.type(at.outputs[0]);
  return [reshapeTo(b, applyExpression(b, values, terms.reduce(add), type, view), shape), ...statistics];
}
