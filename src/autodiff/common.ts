/** What two programs compute alike: pullbacks of one program under two conventions are the same until the first choice that differs. */
import type { Node, Program } from "../ir/program.ts";
import { prune } from "../ir/prune.ts";

/** A value that both compute; a name that starts with `d:` says that it depends on an input that does. */
export interface SharedValue {
  readonly name: string;
  readonly first: number;
}

export interface Apart {
  /** What the rests read of the common part, by its value in the first program. */
  readonly shared: readonly SharedValue[];
  /** The programs without the common part, which enters by name; their outputs are those that may differ. */
  readonly first: Program;
  readonly second: Program;
}

/** Recognises equal computations: same op, options, choices and operands. Names of shared values are its own. */
export class Commons {
  readonly #ids = new Map<string, number>();

  /** @param second A program with the inputs and outputs of the first. */
  separate(first: Program, second: Program): Apart {
    const keys = [this.#keys(first), this.#keys(second)];
    const made = [first, second].map((program, i) => computed(program, keys[i]));
    const isShared = (i: number) => (value: number) => made[1 - i].has(keys[i][value]);
    const keyOf = (i: number, outputs: Program["outputs"]) =>
      new Map(outputs.map(({ name, value }) => [name, keys[i][value]]));
    const [ours, theirs] = [keyOf(0, first.outputs), keyOf(1, second.outputs)];
    const differing = first.outputs.map(({ name }) => name).filter((name) => ours.get(name) !== theirs.get(name));
    const named = new Map<string, SharedValue>();
    const [a, b] = [first, second].map((program, i) => {
      const active = reachedByGradient(program);
      const nameOf = (value: number): string => `${active.has(value) ? "d:" : ""}shared:${keys[i][value]}`;
      const found = rest(program, differing, isShared(i), nameOf);
      for (const { name, value } of found.shared) {
        const original = i === 0 ? value : (made[0].get(keys[1][value]) as number);
        named.set(name, { name, first: original });
      }
      return found.program;
    });
    return { shared: [...named.values()], first: a, second: b };
  }

  #id(text: string): number {
    const known = this.#ids.get(text) ?? this.#ids.size;
    this.#ids.set(text, known);
    return known;
  }

  /** A number per value: equal for equal computations. */
  #keys(program: Program): readonly number[] {
    const keys: number[] = [];
    for (const { name, value } of program.inputs) keys[value] = this.#id(`input ${name}`);
    const choices = program.choices.map(({ name, value }) => [JSON.stringify(name), value] as const);
    for (const node of program.nodes) {
      const options = JSON.stringify(node.options, (_, entry) =>
        typeof entry === "number" ? showNumber(entry) : entry,
      );
      const scalars = choices.filter(([name]) => options.includes(name)).map(([name, value]) => `${name}=${value}`);
      const text = [node.op, options, ...scalars, ...node.inputs.map((input) => keys[input])].join(" ");
      node.outputs.forEach((output, place) => {
        keys[output] = this.#id(`${text} ${place} ${JSON.stringify(program.values[output])}`);
      });
    }
    return keys;
  }
}

const showNumber = (x: number): number | string =>
  Object.is(x, -0) || !Number.isFinite(x) ? `${Object.is(x, -0) ? "-" : ""}${x}` : x;

/** Values that nodes make, by their keys. */
function computed(program: Program, keys: readonly number[]): ReadonlyMap<number, number> {
  return new Map(program.nodes.flatMap((node) => node.outputs.map((value) => [keys[value], value] as const)));
}

function reachedByGradient(program: Program): ReadonlySet<number> {
  const reached = new Set(program.inputs.filter(({ name }) => name.startsWith("d:")).map(({ value }) => value));
  for (const node of program.nodes) {
    if (node.inputs.some((value) => reached.has(value))) for (const value of node.outputs) reached.add(value);
  }
  return reached;
}

/** The part of a program that makes some of its outputs; constants are repeated rather than shared. */
function rest(
  program: Program,
  wanted: readonly string[],
  isShared: (value: number) => boolean,
  nameOf: (value: number) => string,
): { readonly program: Program; readonly shared: readonly { readonly name: string; readonly value: number }[] } {
  const own = (node: Node): boolean => node.inputs.length === 0 || !node.outputs.every(isShared);
  const outputs = program.outputs.filter(({ name }) => wanted.includes(name));
  const nodes = prune({ ...program, outputs, nodes: program.nodes.filter(own) }).nodes;
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const read = new Set([...nodes.flatMap((node) => node.inputs), ...outputs.map(({ value }) => value)]);
  const given = program.inputs.filter(({ value }) => read.has(value));
  const known = new Set(given.map(({ value }) => value));
  const shared = [...read]
    .filter((value) => !made.has(value) && !known.has(value))
    .map((value) => ({ name: nameOf(value), value }));
  return { program: { ...program, inputs: [...given, ...shared], outputs, nodes }, shared };
}
