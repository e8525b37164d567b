/** The gradients of one network on one mini-batch under many settings, and how far they are apart: one forward, many pullbacks. */
import { census } from "../../autodiff/census.ts";
import { isLocal } from "../../autodiff/forward.ts";
import { pullback } from "../../autodiff/pullback.ts";
import { withResiduals } from "../../autodiff/residuals.ts";
import type { Engine } from "../../backends/backend.ts";
import { UsageError } from "../../base/errors.ts";
import { sizeOf } from "../../base/shape.ts";
import { compile } from "../../compile.ts";
import type { Convention } from "../../conventions/convention.ts";
import type { Precision } from "../../formats/precision.ts";
import { outputsAs } from "../../ir/outputs-as.ts";
import type { Program } from "../../ir/program.ts";
import { ops } from "../../ops/index.ts";
import { difference, zeroShare } from "../zone/difference.ts";
import type { ZoneModel } from "../zone/model.ts";
import type { Setting } from "./presets.ts";

/** What sits on the kinks of one name, all its instances together. */
export interface KinkCount {
  readonly kink: string;
  /** Results of the ops that have it; of pools: windows. */
  readonly elements: number;
  readonly on: number;
}

export interface Norms {
  readonly l1: number;
  readonly linf: number;
  readonly l2: number;
}

/**
 * Distances of all pairs i < j of settings, in order 0-1, 0-2, ..., 1-2, ...: see `pairIndex`. Entries that are NaN under either
 * setting are left out.
 */
export interface Distances {
  /** Sums over parameters of the L-infinity norm. */
  readonly linf: readonly number[];
  /** L2 norm over that of the first setting's gradient; null where that is 0. */
  readonly l2: readonly (number | null)[];
  /** Norms of the first setting's gradient. */
  readonly norm: Norms;
  /** Gradient entries that are NaN under the first setting. */
  readonly nan: number;
  /** Share of the first setting's gradient entries that are 0. */
  readonly zeros: number;
}

/** Place of the pair i < j among the pairs of `count` settings. */
export function pairIndex(i: number, j: number, count: number): number {
  return i * count - (i * (i + 1)) / 2 + (j - i - 1);
}

/** Norms of the difference of two gradients and of the first, L1 and L-infinity as sums over the parameters. */
function apart(
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
): Norms & { readonly reference: Norms; readonly nan: number } {
  const parts = a.map((part, i) => difference([part], [b[i]]));
  const norms = (of: (part: (typeof parts)[number]) => { l1: number; l2: number; max: number }): Norms => ({
    l1: parts.reduce((sum, part) => sum + of(part).l1, 0),
    linf: parts.reduce((sum, part) => sum + of(part).max, 0),
    l2: Math.hypot(...parts.map((part) => of(part).l2)),
  });
  return {
    ...norms((part) => part),
    reference: norms((part) => part.reference),
    nan: parts.reduce((sum, part) => sum + part.nan, 0),
  };
}

/** A network and a mini-batch size, ready for any weights and samples. */
export class PresetGradients {
  readonly #engine: Engine;
  readonly #program: Program;
  readonly #parameters: readonly string[];
  readonly #count: number;

  /** @throws UsageError where a setting changes the forward. */
  constructor(model: ZoneModel, batch: number, settings: readonly Setting[], precision: Precision, lossScale = 1) {
    this.#program = model.loss(batch);
    this.#parameters = model.parameters;
    this.#count = settings.length;
    const conventions = settings.map(({ label, choices }): Convention => ({ name: label, choices }));
    const changing = conventions.find((convention) => !isLocal(this.#program, convention));
    if (changing !== undefined)
      throw new UsageError(`setting '${changing.name}' changes the forward; expected local choices`);
    const backward = conventions.map((convention) => pullback(this.#program, convention, { wrt: model.parameters }));
    const programs: Record<string, Program> = {
      forward: census(withResiduals(this.#program, ...backward), { nan: false }),
    };
    for (const [i, program] of backward.entries()) programs[`${i}`] = outputsAs(program, `${i}`);
    this.#engine = compile(programs, { precision });
    this.#engine.buffer("d:loss")[0] = lossScale;
  }

  /** Inputs by name: `x`, `labels` and the parameters. */
  write(inputs: Readonly<Record<string, ArrayLike<number>>>): void {
    for (const [name, values] of Object.entries(inputs)) this.#engine.write(name, values);
  }

  /** Runs the forward and every pullback. */
  run(): void {
    this.#engine.run("forward");
    for (let i = 0; i < this.#count; i++) this.#engine.run(`${i}`);
  }

  loss(): number {
    return this.#engine.buffer("loss")[0];
  }

  kinks(names: readonly string[]): KinkCount[] {
    const counts = names.map((kink) => ({ kink, elements: 0, on: 0 }));
    for (const { id, op, outputs } of this.#program.nodes) {
      for (const { name } of ops.get(op)?.kinks ?? []) {
        const count = counts.find(({ kink }) => kink === name);
        if (count === undefined) continue;
        count.on += this.#engine.buffer(`census:${name}@${id}`)[0];
        count.elements += sizeOf(this.#program.values[outputs[0]].shape);
      }
    }
    return counts;
  }

  distances(): Distances {
    const all = Array.from({ length: this.#count }, (_, i) => this.#gradient(i));
    const pairs = all.flatMap((a, i) => all.slice(i + 1).map((b) => apart(a, b)));
    const { reference: norm, nan } = apart(all[0], all[0]);
    return {
      linf: pairs.map((pair) => pair.linf),
      l2: pairs.map((pair) => (norm.l2 > 0 ? pair.l2 / norm.l2 : null)),
      norm,
      nan,
      zeros: zeroShare(all[0].flatMap((part) => Array.from(part))),
    };
  }

  dispose(): void {
    this.#engine.dispose();
  }

  #gradient(setting: number): ArrayLike<number>[] {
    return this.#parameters.map((parameter) => this.#engine.buffer(`${setting}/d:${parameter}`));
  }
}
