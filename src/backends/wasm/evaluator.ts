/** Evaluates and rounds the expressions of one loop: loads scalars once, prints values, rounds results and sums. */

import { isFloat64 } from "../../formats/define.ts";
import { addOdd, arithmetic, divOdd, mulOdd, sqrtOdd, subOdd } from "../../formats/exact.ts";
import type { Format, Rounding } from "../../formats/format.ts";
import { round } from "../../formats/round.ts";
import { roundingExpr } from "../../formats/rounding.ts";
import { type Expr, input, visit } from "../../ir/expression.ts";
import { expandFunctions } from "../../ir/functions/index.ts";
import type { MapLoop, ReduceLoop } from "../../ir/loops.ts";
import { type Evaluation, evaluationOf, scalarFormat } from "../evaluation.ts";
import { drawCoordinates, resultDraw } from "../stochastic.ts";
import { isExactIn, isFloat32, type Operands } from "./arithmetic.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import type { Context, HostFunction } from "./context.ts";
import { type Bindings, printExpression, printMask } from "./expression.ts";
import { eachLane, type Lanes, roundToFloat32 } from "./lanes.ts";
import { drawFunction } from "./philox.ts";

/** Pushes (element, k) of a lane as two i32: the coordinates of stochastic rounding. */
export type Coordinates = (lane: number) => void;

type ScalarArithmetic = Readonly<Record<string, (...operands: number[]) => number>>;

const oddArithmetic = { add: addOdd, sub: subOdd, mul: mulOdd, div: divOdd, sqrt: sqrtOdd };

export class Evaluator {
  readonly #context: Context;
  readonly #f: FunctionBuilder;
  readonly #loop: MapLoop | ReduceLoop;
  readonly #scalars = new Map<string, Local>();
  readonly lanes: Lanes;
  readonly operands: Operands;

  /** Emits the loads of the run-time scalars of `expressions`: construct it before the loops. */
  constructor(
    context: Context,
    f: FunctionBuilder,
    loop: MapLoop | ReduceLoop,
    lanes: Lanes,
    operands: Operands,
    expressions: readonly Expr[],
  ) {
    this.#context = context;
    this.#f = f;
    this.#loop = loop;
    this.lanes = lanes;
    this.operands = operands;
    for (const expr of expressions) {
      visit(expr, (e) => {
        if (e.kind === "choice") this.#loadChoice(e.name);
      });
    }
  }

  #loadChoice(name: string): void {
    if (this.#scalars.has(name)) return;
    const local = this.#f.local("v128");
    this.#f.i32(0).memory("f64.load", this.#context.choices.address(this.#context.name, name, this.operands.scalar));
    if (this.lanes.scalar === "f32") this.#f.op("f32.demote_f64");
    this.#f.op(`${this.lanes.name}.splat`).set(local);
    this.#scalars.set(name, local);
  }

  /** Bindings of this loop's scalars to vectors of inputs and indices. */
  bindings(inputs: (input: number) => unknown, index: (axis: number) => unknown): Bindings {
    const { scalar } = this.operands;
    return {
      input: inputs,
      index,
      option: (value) => this.#f.splat(scalar === undefined ? value : round(scalar, value), this.lanes.scalar),
      choice: (name) => this.#f.get(this.#scalars.get(name) as Local),
      draw: (stream, a, b) => this.#pushDraw(stream, a, b),
    };
  }

  #pushDraw(stream: number, a: Local, b: Local): void {
    const f = this.#f;
    const callee = drawFunction(this.#context.module, this.#context.precision.seed);
    const result = f.local("v128");
    const word = (x: Local, lane: number): unknown =>
      f.get(x).lane("f64x2.extract_lane", lane).op("i64.trunc_sat_f64_u").op("i32.wrap_i64");
    eachLane(f, result, (lane) => {
      f.i32(stream);
      word(a, lane);
      word(b, lane);
      f.call(callee);
    });
    f.get(result);
  }

  /** Pushes all ones in the lanes where a test holds. */
  pushMask(expr: Expr, bindings: Bindings): void {
    printMask(this.#f, this.lanes, expandFunctions(expr), bindings);
  }

  /**
   * Pushes the value of `expr`, ready to be rounded to `target`.
   * @param printed The same value where the code is: the arithmetic is that of the whole expression.
   */
  pushValue(expr: Expr, target: Format | undefined, bindings: Bindings, printed: Expr = expr): void {
    const evaluation = evaluationOf(expr, target, this.#context.precision.rounding);
    const host = this.#hostArithmetic(evaluation, target);
    printExpression(this.#f, this.lanes, expandFunctions(printed), host ? { ...bindings, arithmetic: host } : bindings);
    if (evaluation.float32First) roundToFloat32(this.#f, this.lanes);
  }

  #hostArithmetic(evaluation: Evaluation, target: Format | undefined): Bindings["arithmetic"] {
    if (evaluation.arithmetic === "nearest") return undefined;
    const { rounding } = this.#context.precision;
    const exact = evaluation.arithmetic === "odd" ? oddArithmetic : arithmetic(target as Format, rounding);
    return (name, operands) => {
      const computation = (exact as unknown as ScalarArithmetic)[name];
      const host: HostFunction = operands.length === 1 ? (a) => computation(a) : (a, b) => computation(a, b);
      this.#pushHost(host, operands[0], operands[operands.length - 1], () => this.#f.i32(0).i32(0));
    };
  }

  /** Pushes a host function of two vectors, lane by lane. */
  #pushHost(computation: HostFunction, a: Local, b: Local, coordinates: Coordinates): void {
    const f = this.#f;
    const number = this.#context.host.register(computation);
    const result = f.local("v128");
    eachLane(f, result, (lane) => {
      f.i32(number).get(a).lane("f64x2.extract_lane", lane).get(b).lane("f64x2.extract_lane", lane);
      coordinates(lane);
      f.call(this.#context.host.callee);
    });
    f.get(result);
  }

  /** Rounds the vector on the stack, the value of `expr`, to the format of a result that is stored next. */
  round(expr: Expr, target: Format | undefined, coordinates: Coordinates): void {
    if (target === undefined || isExactIn(expr, target, this.#context, this.operands)) return;
    const { precision } = this.#context;
    const { rounding, flush } = precision;
    // Storing float64 lanes as float32 rounds to nearest.
    if (rounding === "nearest" && isFloat32(target) && !flush) return;
    if (rounding !== "stochastic") {
      this.roundTo(target, rounding, flush);
      return;
    }
    const uniform = drawCoordinates(precision, this.#loop.node);
    this.#hostRound((x, _, element) => {
      uniform.set(element, this.#context.host.step);
      return round(target, x, rounding, uniform.at(resultDraw), flush);
    }, coordinates);
  }

  #hostRound(computation: HostFunction, coordinates: Coordinates): void {
    const value = this.#f.local("v128");
    this.#f.set(value);
    this.#pushHost(computation, value, value, coordinates);
  }

  /** Rounds the vector on the stack in a mode other than stochastic. */
  roundTo(target: Format, rounding: Rounding = "nearest", flush = false): void {
    const f = this.#f;
    const machine = this.lanes.scalar === "f32" ? "float32" : "float64";
    const native = rounding === "nearest" && isFloat32(target);
    if (native) roundToFloat32(f, this.lanes);
    if ((native || isFloat64(target)) && !flush) return;
    const value = f.local("v128");
    f.set(value);
    const read = (): unknown => f.get(value);
    const bindings: Bindings = { ...this.bindings(read, read), keepsNaN: true };
    // A float64 result of a composite in a directed mode is the float64 value itself: one rounding, documented.
    printExpression(f, this.lanes, roundingExpr(target, rounding, flush, input(0), undefined, machine), bindings);
  }

  /** Rounds the vector on the stack, a term of a sum, to the accumulate format. */
  roundTerm(expr: Expr, accumulate: Format, sum: HostSum | undefined, coordinates: Coordinates): void {
    if (isExactIn(expr, accumulate, this.#context, this.operands)) return;
    if (sum === undefined) this.roundTo(accumulate);
    else this.#hostRound(sum.round, coordinates);
  }

  /** Adds the two vectors on the stack in the accumulate format. */
  add(accumulate: Format, sum: HostSum | undefined, coordinates: Coordinates): void {
    const f = this.#f;
    if (sum === undefined) {
      f.op(`${this.lanes.name}.add`);
      this.roundTo(accumulate);
      return;
    }
    const [a, b] = [f.local("v128"), f.local("v128")];
    f.set(b).set(a);
    this.#pushHost(sum.add, a, b, coordinates);
  }
}

/** Additions that need JavaScript. */
export interface HostSum {
  readonly round: HostFunction;
  readonly add: HostFunction;
}

export function operandsOfLoop(context: Context, loop: MapLoop | ReduceLoop): Operands {
  const { values } = context.kernel;
  const extents = loop.loop === "map" ? loop.shape : [...loop.outer, ...loop.reduced];
  const scalar = scalarFormat(loop, values, context.precision);
  return { inputs: loop.inputs.map((access) => access.value), scalar, extents };
}
