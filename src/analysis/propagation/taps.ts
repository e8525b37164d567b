/** Measurements inside of a program: each leaves one small output, so that no large cotangent has to. */
import type { ProgramBuilder } from "../../ir/builder.ts";
import {
  abs,
  add,
  binade,
  constant,
  div,
  type Expr,
  eq,
  input,
  mul,
  neg,
  one,
  option,
  select,
  sqrt,
  sub,
  zero,
} from "../../ir/expression.ts";
import { expressionToJson } from "../../ir/expression-json.ts";
import type { NormTaps } from "../../nn/network.ts";
import { applyExpression } from "../../ops/apply-expression.ts";
import { apply, reshapeTo } from "../../ops/rules.ts";
import { sumOf } from "../../ops/sum-of.ts";

const wide = "accumulate";

/** Reads an output of the engine. */
export type Read = (output: string) => ArrayLike<number>;
/** A measurement, once the program has run. */
export type Gauge<T = number> = (read: Read) => T;

const allAxes = (shape: readonly number[]): number[] => [...shape.keys()];
const square = (x: Expr): Expr => mul(x, x);

/** Appends measurements to a program under construction. */
export class Taps {
  readonly #b: ProgramBuilder;
  readonly #largest = new Map<number, number>();
  #count = 0;

  constructor(builder: ProgramBuilder) {
    this.#b = builder;
  }

  #shape(value: number): readonly number[] {
    return this.#b.type(value).shape;
  }

  #output(value: number): string {
    const name = `tap${this.#count++}`;
    this.#b.output(name, value);
    return name;
  }

  #scalar(value: number): Gauge {
    const name = this.#output(value);
    return (read) => read(name)[0];
  }

  /** Sum over all elements of an expression of values that broadcast. */
  #total(values: readonly number[], expr: Expr): number {
    const shape = this.#shape(values[0]);
    return sumOf(this.#b, { inputs: values, expr, axes: allAxes(shape), type: wide });
  }

  #largestOf(value: number): number {
    const known = this.#largest.get(value);
    if (known !== undefined) return known;
    const { shape, type } = this.#b.type(value);
    const size = applyExpression(this.#b, [value], abs(input(0)), type, shape);
    const largest = apply(this.#b, "reduceMax", [size]);
    this.#largest.set(value, largest);
    return largest;
  }

  /** The largest magnitude; NaN if there is one. */
  largest(value: number): Gauge {
    return this.#scalar(this.#largestOf(value));
  }

  /** The least magnitude that is not 0; Infinity if all are. */
  least(value: number): Gauge {
    const { shape, type } = this.#b.type(value);
    const size = abs(input(0));
    const expr = select(eq(size, zero), constant(Number.NEGATIVE_INFINITY), neg(size));
    const top = this.#scalar(apply(this.#b, "reduceMax", [applyExpression(this.#b, [value], expr, type, shape)]));
    return (read) => -top(read);
  }

  /**
   * Euclidean norm of `value`, or of `weigh(value, ...beside)`, which is homogeneous in it. Elements are divided by a power
   * of two first, so that squares neither overflow nor vanish in the accumulate format.
   */
  norm(value: number, beside: readonly number[] = [], weigh: (x: Expr, ...y: Expr[]) => Expr = (x) => x): Gauge {
    const b = this.#b;
    const largest = this.#largestOf(value);
    const unit = select(eq(input(0), zero), one, binade(input(0)));
    const scale = applyExpression(b, [largest], unit, b.type(largest).type, []);
    const x = div(input(0), input(1));
    const term = weigh(x, ...beside.map((_, i) => input(i + 2)));
    const sum = this.#scalar(this.#total([value, scale, ...beside], square(term)));
    const [top, by] = [this.#scalar(largest), this.#scalar(scale)];
    return (read) => {
      const size = top(read);
      return Number.isFinite(size) ? by(read) * Math.sqrt(sum(read)) : size;
    };
  }

  /** Plain sum of squares: of values of moderate size. */
  squares(value: number): Gauge {
    return this.#scalar(this.#total([value], square(input(0))));
  }

  /** Number of elements equal to 0. */
  zeros(value: number): Gauge {
    return this.#scalar(apply(this.#b, "count", [value], { expr: expressionToJson(eq(input(0), zero)) }));
  }

  /** Sum over units (axis 1) of the variance over the other axes. */
  unitVariance(value: number): Gauge {
    const b = this.#b;
    const shape = this.#shape(value);
    const axes = allAxes(shape).filter((axis) => axis !== 1);
    const divisor = axes.reduce((size, axis) => size * shape[axis], 1);
    const mean = sumOf(b, { inputs: [value], expr: input(0), axes, type: wide, divisor });
    const total = this.#scalar(this.#total([value, mean], square(sub(input(0), input(1)))));
    return (read) => total(read) / divisor;
  }

  /** What a norm reads as its view sees it, and its standard deviation there. */
  #seen(value: number, { view }: NormTaps): number {
    return reshapeTo(this.#b, value, view);
  }

  #deviation({ variance, kept, eps }: NormTaps): number {
    const b = this.#b;
    const expr = sqrt(add(input(0), option(eps)));
    return applyExpression(b, [reshapeTo(b, variance, kept)], expr, wide, kept);
  }

  /** Of the cotangent of a norm's result: the norm of gamma times it. */
  scaled(cotangent: number, norm: NormTaps): Gauge {
    const gamma = reshapeTo(this.#b, norm.gamma, norm.affine);
    return this.norm(this.#seen(cotangent, norm), [gamma], (x, g) => mul(x, g));
  }

  /** Of the cotangent of a norm's operand: the norm of the deviation times it, what the projection leaves. */
  projected(cotangent: number, norm: NormTaps): Gauge {
    return this.norm(this.#seen(cotangent, norm), [this.#deviation(norm)], (x, s) => mul(x, s));
  }

  /** Statistics of a norm whose variance is exactly 0: dead features. */
  dead({ variance }: NormTaps): Gauge {
    return this.zeros(variance);
  }

  /** Mean cosine between different samples; samples that are 0 count as orthogonal to all. */
  cosine(value: number): Gauge {
    const b = this.#b;
    const shape = this.#shape(value);
    const [batch] = shape;
    const own = sumOf(b, { inputs: [value], expr: square(input(0)), axes: allAxes(shape).slice(1), type: wide });
    const unit = select(eq(input(1), zero), zero, div(input(0), sqrt(input(1))));
    const sum = sumOf(b, { inputs: [value, own], expr: unit, axes: [0], type: wide });
    const total = this.#scalar(this.#total([sum], square(input(0))));
    return (read) => (total(read) - batch) / (batch * (batch - 1));
  }

  /** Coefficient of variation of the samples' squared norms. */
  spread(value: number): Gauge {
    const shape = this.#shape(value);
    const axes = allAxes(shape).slice(1);
    const name = this.#output(sumOf(this.#b, { inputs: [value], expr: square(input(0)), axes, type: wide }));
    return (read) => {
      const sizes = Float64Array.from(read(name));
      const mean = sizes.reduce((a, x) => a + x, 0) / sizes.length;
      const variance = sizes.reduce((a, x) => a + (x - mean) ** 2, 0) / sizes.length;
      return Math.sqrt(variance) / mean;
    };
  }

  /** Participation ratio tr(K)^2 / tr(K^2) of the centred Gram matrix of the samples. */
  participation(value: number): Gauge {
    const b = this.#b;
    const shape = this.#shape(value);
    const [batch] = shape;
    const mean = sumOf(b, { inputs: [value], expr: input(0), axes: [0], type: wide, divisor: batch });
    const centred = applyExpression(b, [value, mean], sub(input(0), input(1)), wide, shape);
    const rows = reshapeTo(b, centred, [batch, shape.slice(1).reduce((size, extent) => size * extent, 1)]);
    const gram = apply(b, "matmul", [rows, rows], { transposeB: true });
    const [trace, squared] = [this.squares(rows), this.squares(gram)];
    return (read) => trace(read) ** 2 / squared(read);
  }
}
