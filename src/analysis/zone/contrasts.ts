/**
 * The other pullbacks of a network, cut where they part from the kept one. Where nothing that reaches a parameter lies on a
 * compared kink above some layer, the conventions agree there to the bit; so it is enough to take the other choice at that layer
 * and below, and everything above is what the kept pullback has computed.
 */
import { Commons } from "../../autodiff/common.ts";
import { pullback } from "../../autodiff/pullback.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import { type Choices, type Convention, choiceAt } from "../../conventions/convention.ts";
import { precision as completePrecision, type Precision } from "../../formats/precision.ts";
import { outputsAs } from "../../ir/outputs-as.ts";
import type { Program } from "../../ir/program.ts";
import { ExactJudge } from "../exact/judge.ts";
import { kinks } from "./comparison.ts";
import type { KinkLayer } from "./layers.ts";

/** One pullback from one layer downwards. */
export interface Cut {
  /** The kernel to run; undefined where no parameter can differ. */
  readonly kernel: string | undefined;
  /** Parameters whose gradient may differ from the kept one, and the names of their buffers. */
  readonly gradients: ReadonlyMap<string, string>;
  /**
   * The judge of this pullback against the kept one, `kept` and `other`, and the two in float64. Below the cut both are evaluated
   * from the stored gradient that arrives there, which is common to both.
   */
  exact(): ExactJudge;
  replay(): Engine;
  /** What both read of the stored run. */
  readonly stored: readonly string[];
}

export interface Contrasts {
  readonly programs: Readonly<Record<string, Program>>;
  /** Further outputs of the kept pullback: what the cuts read of it. */
  readonly exports: Program["outputs"];
  /** The pullback of a convention where layer `top` is the last one with something that reaches a parameter. */
  cut(name: string, top: number): Cut;
  dispose(): void;
}

interface Parts {
  readonly program: Program;
  readonly kept: Program;
  readonly keptConvention: Convention;
  readonly others: readonly (readonly [name: string, convention: Convention])[];
  readonly layers: readonly KinkLayer[];
  readonly wrt: readonly string[];
  readonly precision: Precision;
  readonly backend: string;
}

/** Every cut is a program of its own; more of them save less. */
const mostCuts = 6;

/** Indices of the layers at which pullbacks are cut, evenly among those compared; the last one is among them. */
function cutsOf(layers: readonly KinkLayer[]): number[] {
  const compared = layers.flatMap(({ compared: is }, i) => (is ? [i] : []));
  const every = Math.ceil(compared.length / mostCuts);
  return compared.filter((_, i) => (compared.length - 1 - i) % every === 0);
}

/** The kept convention with the other's choices at the compared layers up to `top`. */
function below(top: number, { keptConvention, layers }: Parts, other: Convention): Convention {
  const known = kinks();
  const choices: Record<string, Choices[string]> = { ...keptConvention.choices };
  for (const { kink, node, compared } of layers.slice(0, top + 1)) {
    const found = known.get(kink);
    if (compared && found !== undefined) choices[`${kink}@${node}`] = choiceAt(other, found, node);
  }
  return { name: `${other.name} up to layer ${top}`, choices };
}

function float64Engine(programs: Readonly<Record<string, Program>>, backend: string): Engine {
  return compile(programs, { precision: completePrecision({ store: "float64" }), backend });
}

export function contrastsOf(parts: Parts): Contrasts {
  const { program, kept, others, layers, wrt, precision, backend } = parts;
  const commons = new Commons();
  const cuts = cutsOf(layers);
  const programs: Record<string, Program> = {};
  const exports = new Map<string, number>();
  const made = new Map<string, Cut>();
  const disposals: (() => void)[] = [];
  for (const [name, convention] of others) {
    for (const top of cuts) {
      const other = pullback(program, below(top, parts, convention), { wrt });
      // Stochastic rounding draws by node: there no two programs compute anything alike.
      const apart =
        precision.rounding === "stochastic"
          ? { shared: [], first: kept, second: other }
          : commons.separate(kept, other);
      for (const { name: shared, first } of apart.shared) exports.set(shared, first);
      const kernel = apart.second.outputs.length === 0 ? undefined : `${name}:${top}`;
      if (kernel !== undefined) programs[kernel] = outputsAs(apart.second, name);
      let judge: ExactJudge | undefined;
      let replay: Engine | undefined;
      disposals.push(() => {
        judge?.dispose();
        replay?.dispose();
      });
      made.set(`${name}:${top}`, {
        kernel,
        gradients: new Map(apart.second.outputs.map((output) => [output.name.slice(2), `${name}/${output.name}`])),
        stored: [...new Set([...apart.first.inputs, ...apart.second.inputs].map((input) => input.name))],
        exact: () => {
          judge ??= new ExactJudge({ kept: apart.first, other: apart.second }, precision, backend);
          return judge;
        },
        replay: () => {
          replay ??= float64Engine(
            { kept: outputsAs(apart.first, "kept"), other: outputsAs(apart.second, "other") },
            backend,
          );
          return replay;
        },
      });
    }
  }
  return {
    programs,
    exports: [...exports].map(([name, value]) => ({ name, value })),
    cut: (name, top) => made.get(`${name}:${cuts.find((cut) => cut >= top) ?? cuts[cuts.length - 1]}`) as Cut,
    dispose: () => {
      for (const dispose of disposals) dispose();
    },
  };
}
