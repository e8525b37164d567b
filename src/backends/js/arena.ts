/** The reference backend's view of memory and precision: carriers of values, and the roundings a loop needs. */
import { sizeOf } from "../../base/shape.ts";
import { addOdd, arithmetic, divOdd, mulOdd, sqrtOdd } from "../../formats/exact.ts";
import type { Format } from "../../formats/format.ts";
import type { Precision } from "../../formats/precision.ts";
import { round } from "../../formats/round.ts";
import type { Expr } from "../../ir/expression.ts";
import type { MapLoop, ReduceLoop, ValueType } from "../../ir/loops.ts";
import type { Carrier } from "../backend.ts";
import type { Choices } from "../buffers.ts";
import { evaluationOf, scalarFormat } from "../evaluation.ts";
import { carrierOf, formatOfType } from "../layout.ts";
import type { PlannedKernel } from "../planner.ts";
import { drawCoordinates } from "../stochastic.ts";
import { type Accumulator, accumulator, integers } from "./accumulator.ts";
import { type Arithmetic, type Environment, interpret, nearestArithmetic } from "./interpreter.ts";

const oddArithmetic: Arithmetic = {
  add: addOdd,
  sub: (a, b) => addOdd(a, -b),
  mul: mulOdd,
  div: divOdd,
  sqrt: sqrtOdd,
};

/** What the kernels of one engine share. */
export interface Shared {
  readonly memory: ArrayBuffer;
  readonly precision: Precision;
  readonly choices: Choices;
  step: number;
}

export function carrierView(memory: ArrayBuffer, type: ValueType, offset: number, precision: Precision): Carrier {
  const size = sizeOf(type.shape);
  const carrier = carrierOf(type.type, precision);
  if (carrier === "float64") return new Float64Array(memory, offset, size);
  return carrier === "float32" ? new Float32Array(memory, offset, size) : new Int32Array(memory, offset, size);
}

export class Arena {
  readonly #name: string;
  readonly #planned: PlannedKernel;
  readonly #shared: Shared;

  constructor(name: string, planned: PlannedKernel, shared: Shared) {
    this.#name = name;
    this.#planned = planned;
    this.#shared = shared;
  }

  get precision(): Precision {
    return this.#shared.precision;
  }

  get step(): number {
    return this.#shared.step;
  }

  choice(name: string): number {
    return this.#shared.choices.get(this.#name, name);
  }

  carrier(value: number): Carrier {
    const type = this.#planned.kernel.values[value];
    return carrierView(this.#shared.memory, type, this.#planned.offsets[value], this.precision);
  }

  #format(value: number): Format | undefined {
    return formatOfType(this.#planned.kernel.values[value].type, this.precision);
  }

  /** Rounds options and choices of a loop. */
  scalarRounder(loop: MapLoop | ReduceLoop): (x: number) => number {
    const format = scalarFormat(loop, this.#planned.kernel.values, this.precision);
    return format === undefined ? (x) => x : (x) => round(format, x);
  }

  operandRounder(): (x: number) => number {
    const { operands, store } = this.precision;
    return operands === store ? (x) => x : (x) => round(operands, x);
  }

  /** Rounds the result of a loop to the format of `value`; `element` is its row-major index. */
  resultRounder(value: number, node: number): (x: number, element: number) => number {
    const { rounding, flush } = this.precision;
    const format = this.#format(value);
    if (format === undefined) return (x) => x;
    const uniform = drawCoordinates(this.precision, node);
    return (x, element) => {
      uniform.set(element, this.step);
      return round(format, x, rounding, uniform.at(-1), flush);
    };
  }

  /** The correctly rounded sum of two values of the output's format. */
  resultAdder(value: number, node: number): (a: number, b: number, element: number) => number {
    const format = this.#format(value) as Format;
    const { rounding, flush } = this.precision;
    const uniform = drawCoordinates(this.precision, node);
    const { add } = arithmetic(format, rounding);
    return (a, b, element) => {
      uniform.set(element, this.step);
      return round(format, add(a, b, uniform.at(-2)), rounding, 0, flush);
    };
  }

  sums(output: number, node: number): Accumulator {
    return this.#format(output) === undefined ? integers : accumulator(this.precision, node);
  }

  /** A term of a sum, rounded to the accumulate format. */
  term(loop: ReduceLoop, env: Environment, sums: Accumulator): (k: number) => number {
    const format = this.#format(loop.output) && this.precision.accumulate;
    const evaluate = this.#evaluator(loop.element, format, env);
    return (k) => sums.round(evaluate(), k);
  }

  /** Evaluation and rounding of an output's expression. */
  result(
    expr: Expr,
    value: number,
    node: number,
    env: Environment,
  ): { evaluate: () => number; finish: (x: number, element: number) => number } {
    return { evaluate: this.#evaluator(expr, this.#format(value), env), finish: this.resultRounder(value, node) };
  }

  #evaluator(expr: Expr, format: Format | undefined, env: Environment): () => number {
    const { arithmetic: kind, float32First } = evaluationOf(expr, format, this.precision.rounding);
    const choices = {
      nearest: () => nearestArithmetic,
      odd: () => oddArithmetic,
      final: () => arithmetic(format as Format, this.precision.rounding),
    };
    const evaluate = interpret(expr, env, choices[kind]());
    return float32First ? () => Math.fround(evaluate()) : evaluate;
  }
}
