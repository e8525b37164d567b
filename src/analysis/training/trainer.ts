/** One network in training: forward, pullback and update are compiled programs over one arena; a step allocates nothing. */
import type { Carrier, Engine } from "../../backends/backend.ts";
import { UsageError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { compile } from "../../compile.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Program } from "../../ir/program.ts";
import { type LossScale, LossScaler } from "../../nn/loss-scale.ts";
import { withMasterWeights } from "../../nn/master-weights.ts";
import type { Network } from "../../nn/network.ts";
import type { ChosenRule } from "../../nn/optimizers/index.ts";
import type { Scope } from "../../nn/optimizers/update.ts";
import { lossScaleName, type Optimizer, stateShapes, traceKinds } from "../../nn/optimizers/update.ts";
import type { Schedule } from "../../nn/schedules.ts";
import { type StepOptions, scaledPrograms, trainingProgram } from "./programs.ts";

/** Where mini-batches come from: any of them, in any order of calls. */
export interface Batches {
  /** Writes the inputs and labels of a step, from 0. */
  write(step: number, inputs: Float32Array | Float64Array, labels: Int32Array): void;
}

export interface TrainerSpec extends ChosenRule, Partial<Scope>, StepOptions {
  readonly network: Network;
  readonly batch: number;
  readonly lr: number;
  readonly schedule: Schedule;
  /** Of the whole run: schedules depend on it. */
  readonly steps: number;
  readonly precision: Precision;
  readonly backend?: string;
  /** Multiplies the loss; a step whose gradients are not all finite is skipped. */
  readonly lossScale?: LossScale | undefined;
  /** Further programs over the same parameters, such as an evaluation. */
  readonly programs?: Readonly<Record<string, Program>>;
}

/** Where the first value that is not finite was found. */
export interface Divergence {
  /** From 0. */
  readonly step: number;
  /** The loss, the first parameter that the step's update made not finite, or a loss scale that backed off to nothing. */
  readonly where: string;
  /** Its entries that are not finite. */
  readonly entries: number;
}

/** Norms per parameter tensor, in the order of the network's parameters. Views of the engine. */
export type TraceBuffers = Readonly<Record<(typeof traceKinds)[number], Carrier>>;

/** Buffers of a training with a loss scale. */
interface Scaling {
  readonly scale: Carrier;
  /** Entries per parameter. */
  readonly notFinite: Carrier;
}

/** @throws UsageError for a batch norm that has one value per channel, ShapeError where the network refuses the batch. */
function checkBatch(network: Network, batch: number): void {
  if (batch === 1 && network.parameters.some(({ layer }) => layer === "norm") && network.input.length === 1) {
    throw new UsageError(`batch 1: the batch norms of ${network.name} need two samples or more (their variance is 0)`);
  }
}

export class Trainer {
  readonly engine: Engine;
  readonly network: Network;
  readonly trace: TraceBuffers | undefined;
  /** All that a step changes, by buffer name: parameters, running statistics, the rule's state. */
  readonly stateShapes: Readonly<Record<string, Shape>>;
  readonly #spec: TrainerSpec;
  readonly #inputs: Float32Array | Float64Array;
  readonly #labels: Int32Array;
  readonly #loss: Carrier;
  readonly #lr: Carrier;
  readonly #corrections: readonly { readonly buffer: Carrier; at(t: number): number }[];
  readonly #nonFinite: Carrier;
  readonly #ruleState: readonly string[];
  readonly #scaling: Scaling | undefined;
  #scaler: LossScaler | undefined;
  #run: Pick<TrainerSpec, "lr" | "values" | "schedule" | "lossScale">;
  #step = 0;
  #skipped = false;

  constructor(spec: TrainerSpec) {
    const { network, batch, rule, values, precision, scaled = "matrices", decayed = "matrices" } = spec;
    checkBatch(network, batch);
    if (spec.layerScale !== undefined && spec.lossScale === undefined) {
      throw new UsageError("layer scales: found no loss scale; 1 is one");
    }
    const optimizer: Optimizer = { rule, values, scaled, decayed, parameters: network.parameters };
    const own =
      spec.lossScale === undefined
        ? { step: trainingProgram(network, batch, optimizer, spec) }
        : { ...scaledPrograms(network, batch, optimizer, spec) };
    const { backend = "auto", masterWeights = false } = spec;
    const names = network.parameters.map(({ name }) => name);
    const programs = Object.entries(spec.programs ?? {}).map(
      ([name, program]) => [name, masterWeights ? withMasterWeights(program, names) : program] as const,
    );
    const engine = compile({ ...Object.fromEntries(programs), ...own }, { precision, backend });
    this.engine = engine;
    this.network = network;
    this.#spec = spec;
    const ruleState = stateShapes(optimizer);
    const shapes = [...network.parameters, ...network.statistics].map(({ name, shape }) => [name, shape] as const);
    this.stateShapes = { ...Object.fromEntries(shapes), ...ruleState };
    this.#inputs = engine.buffer("x") as Float32Array | Float64Array;
    this.#labels = engine.buffer("labels") as Int32Array;
    this.#loss = engine.buffer("loss");
    this.#lr = engine.buffer("lr");
    this.#nonFinite = engine.buffer("nonFinite");
    this.#corrections = rule.corrections.map(({ name, at }) => ({
      buffer: engine.buffer(name),
      at: (t) => at(this.#run.values, t),
    }));
    const traced = (kind: string): [string, Carrier] => [kind, engine.buffer(`trace:${kind}`)];
    this.trace = spec.trace === true ? (Object.fromEntries(traceKinds.map(traced)) as TraceBuffers) : undefined;
    this.#ruleState = Object.keys(ruleState);
    this.#scaling =
      spec.lossScale === undefined
        ? undefined
        : { scale: engine.buffer(lossScaleName), notFinite: engine.buffer("gradientsNotFinite") };
    this.#run = spec;
    this.restart({});
  }

  /**
   * Back to step 0 with other scalars, which recompiles nothing: the rule's state and the running statistics are as at first; the
   * parameters are the caller's to write. @throws UsageError where a hyperparameter becomes 0 or ceases to be 0
   */
  restart(changed: Partial<Pick<TrainerSpec, "lr" | "values" | "schedule" | "lossScale">>): void {
    const before = this.#run;
    if (changed.lossScale !== undefined && this.#scaling === undefined) {
      throw new UsageError("loss scale: the training was compiled without one");
    }
    const { lr = before.lr, values, schedule = before.schedule, lossScale = before.lossScale } = changed;
    this.#run = { lr, values: { ...before.values, ...values }, schedule, lossScale };
    this.#scaler = lossScale === undefined ? undefined : new LossScaler(lossScale);
    for (const [name, value] of Object.entries(this.#run.values)) {
      if ((value === 0) !== (this.#spec.values[name] === 0)) {
        throw new UsageError(
          `${name} is ${value}, was ${this.#spec.values[name]}: a rule is another program without it`,
        );
      }
      this.engine.write(name, [value]);
    }
    for (const { name, initial } of this.network.statistics) this.engine.buffer(name).fill(initial);
    for (const name of this.#ruleState) this.engine.buffer(name).fill(0);
    this.#step = 0;
    this.#skipped = false;
  }

  /** Its loss scale and skipped steps, of a training that has a loss scale. */
  get scaler(): LossScaler | undefined {
    return this.#scaler;
  }

  /** Whether the last step was skipped. */
  get skipped(): boolean {
    return this.#skipped;
  }

  /** Steps done. */
  get steps(): number {
    return this.#step;
  }

  /** Loss of the last step's mini-batch, before its update. */
  get loss(): number {
    return this.#loss[0];
  }

  /** The learning rate at a step: the schedule's. */
  rateAt(step: number): number {
    const { steps, batch } = this.#spec;
    const { lr, schedule } = this.#run;
    return lr * schedule(step, { steps, batch });
  }

  /** Continues as if this many steps had been done. */
  resumeAt(step: number): void {
    this.#step = step;
  }

  /** Trains on the next mini-batch. @returns where it diverged, if it did. */
  step(batches: Batches): Divergence | undefined {
    const step = this.#step;
    batches.write(step, this.#inputs, this.#labels);
    this.#lr[0] = this.rateAt(step);
    // A rule counts its updates.
    const updates = step - (this.#scaler?.state.skipped ?? 0);
    for (const { buffer, at } of this.#corrections) buffer[0] = at(updates + 1);
    this.engine.setStep(step);
    if (this.#scaler === undefined || this.#scaling === undefined) this.engine.run("step");
    else this.#scaledStep(this.#scaler, this.#scaling);
    this.#step = step + 1;
    return this.#divergence(step);
  }

  #scaledStep(scaler: LossScaler, { scale, notFinite }: Scaling): void {
    scale[0] = scaler.state.scale;
    this.engine.run("gradients");
    this.#skipped = notFinite.some((count) => count > 0);
    if (!this.#skipped) this.engine.run("update");
    scaler.update(this.#skipped);
  }

  #divergence(step: number): Divergence | undefined {
    if (!Number.isFinite(this.loss)) return { step, where: "loss", entries: 1 };
    if (this.#scaler?.exhausted === true) {
      const entries = Array.from(this.#scaling?.notFinite ?? []).reduce((sum, count) => sum + count, 0);
      return { step, where: "loss scale", entries };
    }
    const bad = this.#nonFinite;
    for (let i = 0; i < bad.length; i++) {
      if (bad[i] > 0) return { step, where: this.network.parameters[i].name, entries: bad[i] };
    }
    return undefined;
  }

  dispose(): void {
    this.engine.dispose();
  }
}
