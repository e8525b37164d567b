/** An expression under the microscope: value, gradient, kinks that are hit, one-sided derivatives, second derivatives. */

import { census, gradient, pullback, pushforward, withResiduals } from "../autodiff/index.ts";
import type { Engine } from "../backends/backend.ts";
import { UsageError } from "../base/errors.ts";
import { type Shape, showShape, sizeOf } from "../base/shape.ts";
import { type CompileOptions, compile } from "../compile.ts";
import type { Convention } from "../conventions/index.ts";
import { ProgramBuilder } from "../ir/builder.ts";
import type { Program } from "../ir/program.ts";
import { ops } from "../ops/index.ts";

/** Row-major numbers by the name of the input. */
export type Arrays = Readonly<Record<string, ArrayLike<number>>>;

export interface KinkHits {
  readonly kink: string;
  readonly node: number;
  readonly hits: number;
  readonly total: number;
}

/**
 * Least and greatest one-sided derivative along a coordinate, and whether the chosen one lies between them. Where one
 * side has none (NaN: outside of the domain, as left of 0 for sqrt) it is the other side's; NaN where neither has one.
 */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly inside: boolean;
}

const target = "total";

/** A program of one output named "output", as one whose only float output is the scalar sum of it, "total". */
export function summed(program: Program): Program {
  const { value } = program.outputs[0];
  const { shape, type } = program.values[value];
  if (type === "int32" || type === "bool") {
    throw new UsageError(`the expression's value is of type ${type}; it has no derivative`);
  }
  const builder = new ProgramBuilder(ops, { ...program, outputs: [] });
  builder.output(target, sizeOf(shape) === 1 && shape.length === 0 ? value : builder.apply("sum", [value])[0]);
  return builder.finish();
}

function load(engine: Engine, program: Program, inputs: Arrays): Engine {
  for (const { name } of program.inputs) engine.write(name, inputs[name]);
  return engine;
}

const copy = (data: ArrayLike<number>): number[] => Array.from(data);

/** The value of the only output, row-major. */
export function evaluate(program: Program, inputs: Arrays, options: CompileOptions): number[] {
  const engine = load(compile({ value: program }, options), program, inputs);
  engine.run("value");
  const value = copy(engine.buffer(program.outputs[0].name));
  engine.dispose();
  return value;
}

/** Gradients of the summed output under several conventions, by the name of the input. */
export function gradientsOf(
  program: Program,
  conventions: readonly Convention[],
  inputs: Arrays,
  wrt: readonly string[],
  options: CompileOptions,
): Record<string, number[]>[] {
  const total = summed(program);
  const kernels = conventions.map((convention, i) => [`${i}`, gradient(total, convention, { wrt })] as const);
  const engine = load(compile(Object.fromEntries(kernels), options), program, inputs);
  const found = kernels.map(([name]) => {
    engine.run(name);
    return Object.fromEntries(wrt.map((input) => [input, copy(engine.buffer(`d:${input}`))]));
  });
  engine.dispose();
  return found;
}

/** Kinks with elements on them, in program order. */
export function kinkHits(program: Program, inputs: Arrays, options: CompileOptions): KinkHits[] {
  const counted = census(program, { nan: false });
  const names = counted.outputs.map((output) => output.name).filter((name) => name.startsWith("census:"));
  const engine = load(compile({ census: counted }, options), program, inputs);
  engine.run("census");
  const nodes = new Map(program.nodes.map((node) => [node.id, node]));
  const found = names.map((name) => {
    const [kink, id] = name.slice("census:".length).split("@");
    const output = nodes.get(Number(id))?.outputs[0] as number;
    return { kink, node: Number(id), hits: engine.buffer(name)[0], total: sizeOf(program.values[output].shape) };
  });
  engine.dispose();
  return found.filter(({ hits }) => hits > 0);
}

/**
 * For each scalar input the two one-sided directional derivatives of the summed output along it, kinks resolved by the
 * sign of the tangent, beside the derivative that the convention chose.
 */
export function subgradients(
  program: Program,
  inputs: Arrays,
  chosen: Readonly<Record<string, ArrayLike<number>>>,
  options: CompileOptions,
): Record<string, Interval> {
  const scalars = scalarInputs(program, Object.keys(chosen));
  if (scalars.length === 0) return {};
  const forward = pushforward(summed(program), undefined, { wrt: scalars, oneSided: true });
  const engine = load(compile({ forward }, options), program, inputs);
  const slope = (name: string, direction: number): number => {
    for (const other of scalars) engine.write(`t:${other}`, [other === name ? direction : 0]);
    engine.run("forward");
    return direction * engine.buffer(`t:${target}`)[0] + 0; // + 0: a slope of -0 is 0
  };
  const found = scalars.map((name) => {
    const slopes = [slope(name, 1), slope(name, -1)].filter((found) => !Number.isNaN(found));
    const [low, high] = slopes.length > 0 ? [Math.min(...slopes), Math.max(...slopes)] : [Number.NaN, Number.NaN];
    return [name, { low, high, inside: low <= chosen[name][0] && chosen[name][0] <= high }] as const;
  });
  engine.dispose();
  return Object.fromEntries(found);
}

const shapeOf = (program: Program, name: string): Shape =>
  program.values[program.inputs.find((input) => input.name === name)?.value as number].shape;

const scalarInputs = (program: Program, names: readonly string[]): string[] =>
  names.filter((name) => shapeOf(program, name).length === 0);

/** Most second derivatives that are worked out. */
const mostEntries = 1_000_000;

/** Second derivatives of the summed output: hessian[a][b], row-major, of the shape of a followed by that of b. */
export function hessianOf(
  program: Program,
  convention: Convention,
  inputs: Arrays,
  wrt: readonly string[],
  options: CompileOptions,
): Record<string, Record<string, number[]>> {
  const sizes = wrt.map((name) => sizeOf(shapeOf(program, name)));
  const entries = sizes.reduce((a, b) => a + b, 0) ** 2;
  if (entries > mostEntries) {
    const shapes = wrt.map((name) => `${name} ${showShape(shapeOf(program, name))}`).join(", ");
    throw new UsageError(`hessian: ${entries} entries for ${shapes}, at most ${mostEntries} are worked out`);
  }
  const first = gradient(summed(program), convention, { wrt });
  const found: Record<string, Record<string, number[]>> = {};
  for (const [i, a] of wrt.entries()) {
    const value = first.outputs.find((output) => output.name === `d:${a}`)?.value as number;
    const slope: Program = { ...first, outputs: [{ name: "slope", value }] };
    const second = pullback(slope, convention, { wrt });
    const kernels = { first: withResiduals(slope, second), second };
    const engine = load(compile(kernels, options), program, inputs);
    engine.run("first");
    const rows = new Map(wrt.map((b) => [b, [] as number[]]));
    for (let row = 0; row < sizes[i]; row++) {
      engine.write(
        "d:slope",
        Array.from({ length: sizes[i] }, (_, j) => (j === row ? 1 : 0)),
      );
      engine.run("second");
      for (const b of wrt) rows.get(b)?.push(...copy(engine.buffer(`d:${b}`)));
    }
    found[a] = Object.fromEntries(rows);
    engine.dispose();
  }
  return found;
}
