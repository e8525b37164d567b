/** What maps and reductions share: which inputs they read, integer results, the row-major index of a lane. */
import { type Expr, visit } from "../../ir/expression.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import type { Evaluator } from "./evaluator.ts";
import { type Bindings, isMask } from "./expression.ts";
import { type Lanes, narrow, widen } from "./lanes.ts";
import { loadVector } from "./memory.ts";
import type { Nest, Place } from "./nest.ts";

/** Inputs that some expression reads. */
export function inputsOf(expressions: readonly Expr[]): readonly number[] {
  const found = new Set<number>();
  for (const expr of expressions) {
    visit(expr, (e) => {
      if (e.kind === "input") found.add(e.input);
    });
  }
  return [...found];
}

/** The inputs of a loop as vectors of numbers in locals. */
export class InputVectors {
  readonly #f: FunctionBuilder;
  readonly #lanes: Lanes;
  readonly #nest: Nest;
  readonly #vectors: readonly { readonly input: number; readonly place: Place; readonly local: Local }[];
  readonly #places: ReadonlyMap<number, Local>;

  /** The first places of the nest are those of the inputs `used`. Scalars are loaded here, before the loops. */
  constructor(f: FunctionBuilder, lanes: Lanes, nest: Nest, used: readonly number[]) {
    this.#f = f;
    this.#lanes = lanes;
    this.#nest = nest;
    this.#vectors = used.map((input, i) => ({ input, place: nest.places[i], local: f.local("v128") }));
    this.#places = new Map(used.map((input, i) => [input, this.#vectors[i].local]));
    this.#load((place) => place.pointer === undefined);
  }

  /** Loads the current vectors of some inputs. */
  load(wanted: readonly number[]): void {
    this.#load((place, input) => place.pointer !== undefined && wanted.includes(input));
  }

  push(input: number): void {
    this.#f.get(this.#places.get(input) as Local);
  }

  #load(wanted: (place: Place, input: number) => boolean): void {
    for (const { input, place, local } of this.#vectors) {
      if (!wanted(place, input)) continue;
      loadVector(this.#f, this.#nest, place, this.#lanes.count);
      widen(this.#f, this.#lanes, place.carrier);
      this.#f.set(local);
    }
  }
}

/** Pushes an int32 or bool result as int32 lanes, as many as there are lanes of numbers, from lane 0. */
export function pushInteger(f: FunctionBuilder, evaluator: Evaluator, expr: Expr, bindings: Bindings): void {
  const { lanes } = evaluator;
  if (!isMask(expr)) {
    evaluator.pushValue(expr, undefined, bindings);
    narrow(f, lanes, "int32");
    return;
  }
  evaluator.pushMask(expr, bindings);
  if (lanes.name === "f64x2") {
    const mask = f.local("v128");
    f.tee(mask).get(mask).shuffleLanes([0, 2, 0, 2]);
  }
  f.splat(1, "i32").op("v128.and");
}

/** Pushes the row-major index of a lane of a row-major output. */
export function pushElement(f: FunctionBuilder, place: Place, lane: number): FunctionBuilder {
  if (place.pointer === undefined) return f.i32(lane);
  const logBytes = place.carrier === "float64" ? 3 : 2;
  f.get(place.pointer).i32(logBytes).op("i32.shr_u");
  return f.i32((place.unrolled + lane * place.stride) >> logBytes).op("i32.add");
}
