/** Reverse accumulation: the nodes that carry adjoints from outputs to inputs. */
import { UsageError } from "../base/errors.ts";
import type { Convention } from "../conventions/convention.ts";
import type { ProgramBuilder } from "../ir/builder.ts";
import { constant, input, mul } from "../ir/expression.ts";
import type { Program } from "../ir/program.ts";
import { applyExpression } from "../ops/apply-expression.ts";
import { isFloatType } from "../ops/infer.ts";
import { applicationOf, opOf } from "./application.ts";
import { type NamedValue, reachedFrom } from "./wrt.ts";

/** Adjoint contributions to each value, the last use first. */
class Contributions {
  readonly #terms = new Map<number, number[]>();
  readonly #builder: ProgramBuilder;

  constructor(builder: ProgramBuilder) {
    this.#builder = builder;
  }

  add(value: number, term: number): void {
    const terms = this.#terms.get(value);
    if (terms === undefined) this.#terms.set(value, [term]);
    else terms.push(term);
  }

  /** The sum of the contributions in program order of the uses, each addition rounded. */
  sum(value: number): number | undefined {
    const terms = this.#terms.get(value);
    if (terms === undefined) return undefined;
    const total = terms.reduceRight((sum, term) => this.#builder.apply("add", [sum, term])[0]);
    this.#terms.set(value, [total]);
    return total;
  }
}

/**
 * Appends the backward of `program` to `builder`, which must start from it.
 * @param seeds Adjoints of values (of outputs).
 * @param rescaled Factors on the adjoints of node outputs, rounded once, before they go on: loss scales between layers.
 * @throws UsageError on an op without a derivative rule.
 * @returns The adjoints of the `wrt` inputs; undefined where nothing reaches them. The adjoint of a value used several
 *   times is the sum over its uses in program order (operands of one node in order, an output last).
 */
export function backward(
  builder: ProgramBuilder,
  program: Program,
  convention: Convention,
  seeds: readonly { readonly value: number; readonly adjoint: number }[],
  wrt: readonly NamedValue[],
  rescaled: ReadonlyMap<number, number> = new Map(),
): readonly (number | undefined)[] {
  const active = reachedFrom(program, wrt);
  const contributions = new Contributions(builder);
  for (const { value, adjoint } of [...seeds].reverse()) contributions.add(value, adjoint);
  for (const node of [...program.nodes].reverse()) {
    if (!node.inputs.some((value) => active.has(value))) continue;
    const cotangents = node.outputs.map((value) => rescale(builder, contributions.sum(value), rescaled.get(value)));
    if (cotangents.every((cotangent) => cotangent === undefined)) continue;
    const rule = opOf(node).pullback;
    if (rule === undefined) throw new UsageError(`${node.op}: has no derivative rule, it is not differentiated`);
    const adjoints = rule(builder, applicationOf(builder, node, convention), cotangents);
    for (let operand = node.inputs.length - 1; operand >= 0; operand--) {
      const value = node.inputs[operand];
      const adjoint = adjoints[operand];
      if (adjoint === undefined || !active.has(value) || !isFloatType(program.values[value].type)) continue;
      contributions.add(value, adjoint);
    }
  }
  return wrt.map(({ value }) => contributions.sum(value));
}

function rescale(builder: ProgramBuilder, adjoint: number | undefined, factor = 1): number | undefined {
  if (adjoint === undefined || factor === 1) return adjoint;
  const { type, shape } = builder.type(adjoint);
  return applyExpression(builder, [adjoint], mul(input(0), constant(factor)), type, shape);
}

/** A constant of zeros like `value`: the adjoint of what no output depends on. */
export function zerosLike(builder: ProgramBuilder, value: number): number {
  const { shape, type } = builder.type(value);
  return builder.apply("constant", [], { values: [0], shape, type })[0];
}
