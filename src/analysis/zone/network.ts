/**
 * A network prepared for zone measurements: one forward with its counts, the pullbacks under all conventions, in one arena; the
 * same programs in float64, for the size of exact differences; and the exact judge of two pullbacks.
 */

import { isLocal } from "../../autodiff/forward.ts";
import { pullback } from "../../autodiff/pullback.ts";
import { withResiduals } from "../../autodiff/residuals.ts";
import type { Engine } from "../../backends/backend.ts";
import { UsageError } from "../../base/errors.ts";
import { compile } from "../../compile.ts";
import type { Convention } from "../../conventions/convention.ts";
import { precision as completePrecision, type Precision } from "../../formats/precision.ts";
import type { Program } from "../../ir/program.ts";
import { ExactJudge } from "../exact/judge.ts";
import { instrument, type KinkLayer } from "./layers.ts";
import type { ZoneModel } from "./model.ts";

export interface ZoneNetwork {
  readonly batch: number;
  readonly engine: Engine;
  /** Parameter names in order; the first is the first layer's weight. */
  readonly parameters: readonly string[];
  readonly layers: readonly KinkLayer[];
  /** Whether all conventions act only on kinks: then a forward that counts none needs no second pullback. */
  readonly local: boolean;
  /** Names of what the pullbacks read: copied to the float64 replay. */
  readonly residuals: readonly string[];
  /** The same programs in float64, compiled at first use. */
  replay(): Engine;
  /** The judge of two pullbacks, compiled at first use. @throws UsageError where a pullback is no rational function of its gradient. */
  exact(): ExactJudge;
  gradient(pullback: string, parameter: string): string;
  dispose(): void;
}

function prefixOutputs(program: Program, prefix: string): Program {
  return { ...program, outputs: program.outputs.map((output) => ({ ...output, name: `${prefix}/${output.name}` })) };
}

/**
 * @param conventions By the name of their pullback.
 * @param compared The kinks whose choices differ between them: at least one must be in the network.
 * @throws UsageError where the network has none of the kinks.
 */
export function zoneNetwork(
  model: ZoneModel,
  batch: number,
  conventions: Readonly<Record<string, Convention>>,
  compared: readonly string[],
  precision: Precision,
  backend = "auto",
): ZoneNetwork {
  const program = model.loss(batch);
  const wrt = model.parameters;
  const pullbacks = Object.fromEntries(
    Object.entries(conventions).map(([name, convention]) => [name, pullback(program, convention, { wrt })]),
  );
  const all = Object.values(conventions);
  const { forward, layers } = instrument(withResiduals(program, ...Object.values(pullbacks)), all, compared);
  if (!layers.some((layer) => layer.compared)) {
    const known = [...new Set(layers.map(({ kink }) => kink))];
    throw new UsageError(
      `--kink ${compared.join(", ")}: network ${model.name} has none; its kinks: ${known.join(", ") || "none"}`,
    );
  }
  const programs: Record<string, Program> = { forward };
  for (const [name, backward] of Object.entries(pullbacks)) programs[name] = prefixOutputs(backward, name);
  const engine = compile(programs, { precision, backend });
  let replay: Engine | undefined;
  let exact: ExactJudge | undefined;
  return {
    batch,
    engine,
    parameters: wrt,
    layers,
    local: all.every((convention) => isLocal(program, convention)),
    residuals: [...new Set(Object.values(pullbacks).flatMap((p) => p.inputs.map((input) => input.name)))],
    replay: () => {
      replay ??= compile(programs, { precision: completePrecision({ store: "float64" }), backend });
      return replay;
    },
    exact: () => {
      exact ??= new ExactJudge(pullbacks, precision, backend);
      return exact;
    },
    gradient: (name, parameter) => `${name}/d:${parameter}`,
    dispose: () => {
      engine.dispose();
      replay?.dispose();
      exact?.dispose();
    },
  };
}
