/**
 * A network prepared for zone measurements: one forward with its census, the pullbacks under two choices of one kink,
 * all in one arena; and the same programs in float64, the second judge.
 */

import { census } from "../../autodiff/census.ts";
import { pullback } from "../../autodiff/pullback.ts";
import { withResiduals } from "../../autodiff/residuals.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import { convention } from "../../conventions/convention.ts";
import type { Precision } from "../../formats/precision.ts";
import { precision as completePrecision } from "../../formats/precision.ts";
import type { Program } from "../../ir/program.ts";
import { type Mlp, parameterShapes } from "../../nn/architecture.ts";
import { mlpLoss } from "../../nn/mlp.ts";
import type { Choice } from "../../ops/op.ts";

/** The pullbacks of one forward: the choice that is kept, the other one, and the other one by overwriting. */
export const pullbackNames = ["kept", "product", "overwrite"] as const;
export type PullbackName = (typeof pullbackNames)[number];

export interface ZoneNetwork {
  readonly engine: Engine;
  /** Parameter names in order; the first is the first layer's weight. */
  readonly parameters: readonly string[];
  /** Census outputs, one per kink instance in order of the layers, with the number of elements each. */
  readonly census: readonly {
    readonly name: string;
    readonly nan: string;
    readonly preActivation: string;
    readonly total: number;
  }[];
  /** What each linear layer multiplies: x, then the hidden activations. */
  readonly activations: readonly string[];
  /** Names of what the pullbacks read: copied to the float64 replay. */
  readonly residuals: readonly string[];
  /** The same programs in float64, compiled at first use. */
  replay(): Engine;
  gradient(pullback: PullbackName, parameter: string): string;
  dispose(): void;
}

function prefixOutputs(program: Program, prefix: string): Program {
  return { ...program, outputs: program.outputs.map((output) => ({ ...output, name: `${prefix}/${output.name}` })) };
}

/**
 * @param choices The two values of relu.zero that are compared: the second also by `overwrite` (papers/relu0 2.2).
 */
export function zoneNetwork(
  mlp: Mlp,
  batch: number,
  choices: readonly [number, number],
  precision: Precision,
  backend = "auto",
): ZoneNetwork {
  const program = mlpLoss(mlp, batch);
  const wrt = Object.keys(parameterShapes(mlp));
  const under = (choice: Choice): Program =>
    pullback(program, convention("pytorch-1.13", { "relu.zero": choice }), { wrt });
  const kept = under(choices[0]);
  const pullbacks: Record<PullbackName, Program> = {
    kept,
    product: under(choices[1]),
    overwrite: under({ value: choices[1], rule: "overwrite" }),
  };
  const forward = census(withResiduals(program, ...Object.values(pullbacks)));
  const programs: Record<string, Program> = { forward };
  for (const name of pullbackNames) programs[name] = prefixOutputs(pullbacks[name], name);
  const engine = compile(programs, { precision, backend });
  let replay: Engine | undefined;
  const relus = forward.nodes.filter((node) => node.op === "relu");
  return {
    engine,
    parameters: wrt,
    census: relus.map((node) => ({
      name: `census:relu.zero@${node.id}`,
      nan: `census:nan:relu.zero@${node.id}`,
      preActivation: nameOf(forward, node.inputs[0]),
      total: forward.values[node.inputs[0]].shape.reduce((a, b) => a * b, 1),
    })),
    activations: forward.nodes.filter((node) => node.op === "linear").map((node) => nameOf(forward, node.inputs[0])),
    residuals: [...new Set(Object.values(pullbacks).flatMap((p) => p.inputs.map((input) => input.name)))],
    replay: () => {
      replay ??= compile(programs, { precision: completePrecision({ store: "float64" }), backend });
      return replay;
    },
    gradient: (pullbackName, parameter) => `${pullbackName}/d:${parameter}`,
    dispose: () => {
      engine.dispose();
      replay?.dispose();
    },
  };
}

function nameOf(program: Program, value: number): string {
  const found = [...program.outputs, ...program.inputs].find((entry) => entry.value === value);
  if (found === undefined) throw new Error(`value ${value} is not an output`);
  return found.name;
}
