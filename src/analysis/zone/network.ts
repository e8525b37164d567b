/**
 * A network prepared for zone measurements: one forward with its counts, the kept pullback, and for every other convention the
 * part of its pullback that may differ, all in one arena.
 */
import { isLocal } from "../../autodiff/forward.ts";
import { pullback } from "../../autodiff/pullback.ts";
import { withResiduals } from "../../autodiff/residuals.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import type { Convention } from "../../conventions/convention.ts";
import { precision as completePrecision, type Precision } from "../../formats/precision.ts";
import { outputsAs } from "../../ir/outputs-as.ts";
import { type Contrasts, contrastsOf } from "./contrasts.ts";
import { checkKinks, instrument, type KinkLayer } from "./layers.ts";
import type { ZoneModel } from "./model.ts";

export interface ZoneNetwork {
  readonly batch: number;
  readonly engine: Engine;
  /** Parameter names in order; the first is the first layer's weight. */
  readonly parameters: readonly string[];
  readonly layers: readonly KinkLayer[];
  /** Whether all conventions act only on kinks: then a forward that counts none needs no second pullback. */
  readonly local: boolean;
  /** The pullbacks beside the kept one. */
  readonly contrasts: Contrasts;
  /** Names of what the kept pullback reads: copied to the float64 replay. */
  readonly residuals: readonly string[];
  /** Forward and kept pullback in float64, compiled at first use. */
  replay(): Engine;
  /** Buffers of the kept gradient, in the order of the parameters. */
  kept(engine?: Engine): readonly ArrayLike<number>[];
  dispose(): void;
}

/**
 * @param conventions By the name of their pullback; the first is kept.
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
  checkKinks(model.name, program, compared);
  const wrt = model.parameters;
  const [[, keptConvention], ...others] = Object.entries(conventions);
  const all = Object.values(conventions);
  const kept = pullback(program, keptConvention, { wrt });
  const whole = others.map(([, convention]) => pullback(program, convention, { wrt }));
  const { forward, layers } = instrument(withResiduals(program, kept, ...whole), all, compared);
  const contrasts = contrastsOf({ program, kept, keptConvention, others, layers, wrt, precision, backend });
  const keptWhole = { ...outputsAs(kept, "kept") };
  const engine = compile(
    { forward, kept: { ...keptWhole, outputs: [...keptWhole.outputs, ...contrasts.exports] }, ...contrasts.programs },
    { precision, backend },
  );
  let replay: Engine | undefined;
  return {
    batch,
    engine,
    parameters: wrt,
    layers,
    local: all.every((convention) => isLocal(program, convention)),
    contrasts,
    residuals: kept.inputs.map((input) => input.name),
    replay: () => {
      replay ??= compile({ forward, kept: keptWhole }, { precision: completePrecision({ store: "float64" }), backend });
      return replay;
    },
    kept: (from = engine) => wrt.map((parameter) => from.buffer(`kept/d:${parameter}`)),
    dispose: () => {
      engine.dispose();
      replay?.dispose();
      contrasts.dispose();
    },
  };
}
