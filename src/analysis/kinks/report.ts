/**
 * Every kink instance of a network on one mini-batch: what lies on it, and what another choice there alone does to the gradient:
 * nothing, a difference of rounding (compensation), or another derivative (bifurcation).
 */

import { opOf } from "../../autodiff/application.ts";
import { census } from "../../autodiff/census.ts";
import { type Apart, Commons } from "../../autodiff/common.ts";
import { pullback } from "../../autodiff/pullback.ts";
import { withResiduals } from "../../autodiff/residuals.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import { showChoice } from "../../conventions/choice.ts";
import { type Convention, choiceAt, convention } from "../../conventions/convention.ts";
import type { Choice, Kink } from "../../conventions/kink.ts";
import type { Images } from "../../data/image-set.ts";
import { BatchLoader, type BatchOptions, type FloatArray } from "../../data/loader.ts";
import { formatOf, type Precision } from "../../formats/precision.ts";
import { rounder } from "../../formats/round.ts";
import { ProgramBuilder } from "../../ir/builder.ts";
import { outputsAs } from "../../ir/outputs-as.ts";
import type { Node, Program } from "../../ir/program.ts";
import { ops } from "../../ops/index.ts";
import { ExactJudge } from "../exact/judge.ts";
import { isTie } from "../zone/comparison.ts";
import { type Distance, difference } from "../zone/difference.ts";
import { labelOf } from "../zone/layers.ts";
import type { ZoneModel } from "../zone/model.ts";
import { type Field, fieldOf, type Image, patchOf } from "./field.ts";
import { classifyTies, type Origins, poolWindows, type Tie, type TieClasses, tiesOf } from "./ties.ts";

export interface KinkRow {
  /** "relu3"; the instance where the network names no layers. */
  readonly layer: string;
  /** `relu.zero@3` */
  readonly kink: string;
  readonly op: string;
  readonly elements: number;
  /** Elements (of pools: windows) on the kink. */
  readonly on: number;
  readonly ties: TieClasses | null;
  /** The choice in force, and the one it is compared with. */
  readonly choice: string;
  readonly other: string;
  /** Parameters whose gradient differs under the other choice at this layer alone. */
  readonly reaches: readonly string[];
  /** Distance of the two gradients; `l2` is relative to the whole one. */
  readonly d: Distance;
  readonly verdict: "none" | "compensation" | "bifurcation" | "undecided";
}

export interface KinkOptions {
  readonly precision: Precision;
  readonly batch: number;
  readonly init: string;
  readonly seed: number;
  /** Number of the network of the seed (default 0). */
  readonly network?: number;
  readonly loader?: Omit<BatchOptions, "batch" | "samples" | "round">;
  /** Only layers that choose among tied entries. */
  readonly tiesOnly?: boolean;
  readonly backend?: string;
}

const base = "pytorch-1.13";
const none: Distance = { l1: 0, linf: 0, l2: 0 };

/** Another choice at a kink: the other one-sided slope, or another rule for ties. */
export function otherChoice(kink: Kink, current: Choice): Choice {
  const rules = kink.rules.filter((rule) => ["first", "even"].includes(rule) && rule !== current);
  if (!kink.number) return rules[0] ?? kink.rules.find((rule) => rule !== current) ?? current;
  const slopes = kink.slopes.map(Number).filter((slope) => Number.isFinite(slope) && slope !== current);
  return slopes[0] ?? (current === 0 ? 1 : 0);
}

interface Instance {
  readonly node: Node;
  readonly kink: Kink;
  readonly layer: string;
  readonly other: Convention;
  readonly choices: readonly [Choice, Choice];
}

function instancesOf(program: Program): Instance[] {
  const kept = convention(base);
  return program.nodes.flatMap((node) =>
    opOf(node).kinks.map((kink) => {
      const layer = `${kink.name}@${node.id}`;
      const current = choiceAt(kept, kink, node.id);
      const other = otherChoice(kink, current);
      return { node, kink, layer, other: convention(base, { [layer]: other }), choices: [current, other] as const };
    }),
  );
}

/** The program with an output `%<value>` for each value that has no name yet. */
function exposing(program: Program, values: Iterable<number>): Program {
  const builder = new ProgramBuilder(ops, program);
  const named = new Set([...program.outputs, ...program.inputs].map(({ value }) => value));
  for (const value of new Set(values)) if (!named.has(value)) builder.output(`%${value}`, value);
  return builder.finish();
}

/** One mini-batch of a random network, ready to be asked. */
export class KinkReport {
  readonly #model: ZoneModel;
  readonly #options: KinkOptions;
  readonly #program: Program;
  readonly #forward: Program;
  readonly #engine: Engine;
  readonly #instances: readonly Instance[];
  readonly #loader: BatchLoader;
  /** Per layer what its pullback and the kept one do not share. */
  readonly #apart = new Map<string, Apart>();
  readonly #judges = new Map<string, ExactJudge>();

  /** Runs the forward and the kept pullback on the first mini-batch. @throws UsageError where network and images do not fit */
  constructor(model: ZoneModel, images: Images, options: KinkOptions) {
    const { precision, batch, init, seed, tiesOnly = false } = options;
    this.#model = model;
    this.#options = options;
    this.#program = model.loss(batch);
    this.#instances = instancesOf(this.#program).filter(({ kink }) => !tiesOnly || isTie(kink.name));
    const wrt = model.parameters;
    const kept = pullback(this.#program, convention(base), { wrt });
    const others = this.#instances.map(({ other }) => pullback(this.#program, other, { wrt }));
    const commons = new Commons();
    for (const [i, { layer }] of this.#instances.entries()) this.#apart.set(layer, commons.separate(kept, others[i]));
    const read = this.#instances.flatMap(({ node }) => this.#imagesOf(node));
    const residuals = withResiduals(exposing(this.#program, read), kept, ...others);
    this.#forward = census(residuals, { nan: false });
    const shared = new Map(
      [...this.#apart.values()].flatMap((apart) => apart.shared).map(({ name, first }) => [name, first]),
    );
    const whole = outputsAs(kept, "kept");
    const exports = [...shared].map(([name, value]) => ({ name, value }));
    const programs: Record<string, Program> = {
      forward: this.#forward,
      kept: { ...whole, outputs: [...whole.outputs, ...exports] },
    };
    // All others share their outputs: one is asked at a time.
    for (const [layer, { second }] of this.#apart) {
      if (second.outputs.length > 0) programs[layer] = outputsAs(second, "other");
    }
    this.#engine = compile(programs, { precision, backend: options.backend ?? "auto" });
    const weights = model.draw({ law: init, draw: "float32", format: precision.store }, seed, options.network ?? 0);
    for (const [name, values] of Object.entries(weights)) this.#engine.write(name, values);
    this.#engine.buffer("d:loss")[0] = 1;
    const round = rounder(formatOf(precision, "store"), "nearest", precision.flush);
    this.#loader = new BatchLoader(images, { ...options.loader, seed, batch, dropLast: true, round });
    this.load(0);
  }

  /** Runs the forward and the kept pullback on mini-batch `index`. */
  load(index: number): void {
    this.#loader.write(0, index, this.#engine.buffer("x") as FloatArray, this.#engine.buffer("labels") as Int32Array);
    this.#engine.run("forward");
    this.#engine.run("kept");
  }

  /** Every kink instance, in program order. */
  get layers(): readonly string[] {
    return this.#instances.map(({ layer }) => layer);
  }

  /** Names of the tie layers over images, in program order: those that have a picture. */
  get pools(): readonly string[] {
    return this.#instances
      .filter(({ node }) => this.#windows(node) !== undefined)
      .map(({ node, kink }) => labelOf(node, kink.name));
  }

  /** One row per kink instance, in program order. */
  *rows(): Generator<KinkRow> {
    for (const { node, kink, layer, choices } of this.#instances) {
      const on = this.#engine.buffer(`census:${layer}`)[0];
      const windows = this.#windows(node);
      const operand = this.#image(node.inputs[0]);
      const tie = isTie(kink.name);
      const entries = this.#program.values[tie || kink.name.endsWith(".zero") ? node.outputs[0] : node.inputs[0]].shape;
      const reached = on === 0 ? { reaches: [], d: none } : this.#reached(layer);
      yield {
        layer: labelOf(node, kink.name),
        kink: layer,
        op: node.op,
        elements: entries.reduce((a, b) => a * b, 1),
        on,
        ties:
          tie && windows !== undefined && operand !== undefined
            ? classifyTies(operand, windows, this.#origins(node))
            : null,
        choice: showChoice(choices[0]),
        other: showChoice(choices[1]),
        ...reached,
        verdict: reached.reaches.length === 0 ? "none" : this.#verdict(layer),
      };
    }
  }

  /** The tied windows of a pool (by its layer's name) in the first image of the mini-batch, and the size of the pool's operand. */
  tiesOf(layer: string): {
    readonly ties: readonly Tie[];
    readonly channels: number;
    readonly height: number;
    readonly width: number;
  } {
    const { node } = this.#instances.find((at) => labelOf(at.node, at.kink.name) === layer) as Instance;
    const { data, shape } = this.#image(node.inputs[0]) as Image;
    const [, channels, height, width] = shape;
    const first: Image = { data, shape: [1, channels, height, width] };
    const windows = this.#windows(node) as NonNullable<ReturnType<typeof poolWindows>>;
    return { ties: [...tiesOf(first, windows)], channels, height, width };
  }

  dispose(): void {
    this.#engine.dispose();
    for (const judge of this.#judges.values()) judge.dispose();
  }

  #windows(node: Node): ReturnType<typeof poolWindows> {
    return opOf(node).ties === undefined
      ? undefined
      : poolWindows(this.#program, node.op, node.inputs[0], node.options);
  }

  /** Arrays that a tie layer's classes are read from. */
  #imagesOf(node: Node): number[] {
    if (this.#windows(node) === undefined) return [];
    const fields = [patchOf(this.#program, node.inputs[0]), fieldOf(this.#program, node.inputs[0])];
    return [node.inputs[0], ...fields.filter((field) => field !== undefined).map(({ value }) => value)];
  }

  #image(value: number): Image | undefined {
    const found = [...this.#forward.outputs, ...this.#forward.inputs].find((entry) => entry.value === value);
    return found === undefined
      ? undefined
      : { data: this.#engine.buffer(found.name), shape: this.#program.values[value].shape };
  }

  #origins(node: Node): Origins {
    const origin = (field: Field | undefined): Origins["patch"] => {
      const image = field === undefined ? undefined : this.#image(field.value);
      return field === undefined || image === undefined ? undefined : { field, image };
    };
    return {
      patch: origin(patchOf(this.#program, node.inputs[0])),
      field: origin(fieldOf(this.#program, node.inputs[0])),
    };
  }

  #reached(layer: string): { readonly reaches: string[]; readonly d: Distance } {
    const outputs = (this.#apart.get(layer) as Apart).second.outputs.map(({ name }) => name);
    if (outputs.length === 0) return { reaches: [], d: none };
    this.#engine.run(layer);
    const gradients = (prefix: string): ArrayLike<number>[] =>
      outputs.map((name) => this.#engine.buffer(`${prefix}/${name}`));
    const [kept, other] = [gradients("kept"), gradients("other")];
    const parts = kept.map((gradient, i) => difference([gradient], [other[i]]));
    const whole = this.#model.parameters.map((name) => this.#engine.buffer(`kept/d:${name}`));
    const { reference } = difference(whole, whole);
    const moved = Math.sqrt(parts.reduce((sum, part) => sum + part.l2 ** 2, 0));
    return {
      reaches: outputs.filter((_, i) => parts[i].unequal > 0).map((name) => name.slice(2)),
      d: {
        l1: parts.reduce((sum, part) => sum + part.l1, 0),
        linf: parts.reduce((sum, part) => sum + part.max, 0),
        l2: reference.l2 > 0 ? moved / reference.l2 : null,
      },
    };
  }

  #verdict(layer: string): KinkRow["verdict"] {
    const { first, second } = this.#apart.get(layer) as Apart;
    const known = this.#judges.get(layer);
    const judge =
      known ?? new ExactJudge({ kept: first, other: second }, this.#options.precision, this.#options.backend);
    this.#judges.set(layer, judge);
    const differ = judge.differ((name) => this.#engine.buffer(name), "kept", "other");
    if (differ === null) return "undecided";
    return differ ? "bifurcation" : "compensation";
  }
}
