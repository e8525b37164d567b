/** What a training step runs: one program, or under a loss scale two, so that an update can be left out. */
import { gradient } from "../../autodiff/gradient.ts";
import { UsageError } from "../../base/errors.ts";
import { type Convention, convention as conventionOf } from "../../conventions/convention.ts";
import type { ElementType } from "../../ir/loops.ts";
import type { Program } from "../../ir/program.ts";
import { extend, type Specs, trace as traceProgram } from "../../ir/trace.ts";
import { withMasterWeights } from "../../nn/master-weights.ts";
import type { Network } from "../../nn/network.ts";
import { lossScaleName, notFinite, type Optimizer, vector, withUpdates } from "../../nn/optimizers/update.ts";
import { type LayerScales, layerScales } from "./layer-scales.ts";

export interface StepOptions {
  readonly convention?: Convention | undefined;
  /** Norms and effective rates per parameter. */
  readonly trace?: boolean | undefined;
  /** Parameters are kept in the accumulate format; the network reads them rounded. */
  readonly masterWeights?: boolean | undefined;
  /** Under a loss scale: the factor on it of the blocks `below` the top one, a power of two (default 1). */
  readonly layerScale?: ((below: number) => number) | undefined;
}

const namesOf = ({ parameters }: Network): string[] => parameters.map(({ name }) => name);

function forwardOf(network: Network, batch: number, { masterWeights }: StepOptions): Program {
  const forward = network.loss(batch, "track");
  return masterWeights === true ? withMasterWeights(forward, namesOf(network)) : forward;
}

/** loss, its gradient and the update as one program. */
export function trainingProgram(network: Network, batch: number, optimizer: Optimizer, options: StepOptions): Program {
  const { convention = conventionOf("pytorch-1.13"), trace } = options;
  const how = { wrt: namesOf(network), of: "loss" };
  return withUpdates(gradient(forwardOf(network, batch, options), convention, how), optimizer, trace);
}

export interface ScaledPrograms {
  /** Outputs `d:<parameter>`, times `lossScale` and the layer's factor, and `gradientsNotFinite`: entries per parameter. */
  readonly gradients: Program;
  /** Reads those gradients; the rule has them without their scales. */
  readonly update: Program;
}

/** loss and its scaled gradient, and the update apart. @throws UsageError on layer scales of a network with branches */
export function scaledPrograms(
  network: Network,
  batch: number,
  optimizer: Optimizer,
  options: StepOptions,
): ScaledPrograms {
  const { convention = conventionOf("pytorch-1.13"), layerScale, masterWeights, trace } = options;
  const { visits } = network.traced(batch, "track");
  const none: LayerScales = { rescaled: new Map(), factors: {} };
  const { rescaled, factors } = layerScale === undefined ? none : layerScales(visits, layerScale);
  const loose = layerScale && namesOf(network).find((name) => factors[name] === undefined);
  if (loose !== undefined) throw new UsageError(`layer scales: parameter '${loose}' belongs to no block`);
  const how = { wrt: namesOf(network), of: "loss", seedInput: lossScaleName, rescaled };
  const whole = gradient(forwardOf(network, batch, options), convention, how);
  const gradients = extend(whole, (tensors) => ({
    gradientsNotFinite: vector(namesOf(network).map((name) => notFinite(tensors[`d:${name}`]))),
  }));
  const type: ElementType = masterWeights === true ? "accumulate" : "store";
  const specs: Specs = Object.fromEntries(
    network.parameters.flatMap(({ name, shape }) => [name, `d:${name}`].map((own) => [own, { shape, type }])),
  );
  const read = traceProgram(() => ({}), specs);
  return { gradients, update: withUpdates(read, { ...optimizer, lossScaled: { factors } }, trace) };
}
