/** One network in training: forward, pullback and update are one compiled program; a step allocates nothing. */
import { gradient } from "../../autodiff/gradient.ts";
import type { Carrier, Engine } from "../../backends/backend.ts";
import { UsageError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { compile } from "../../compile.ts";
import { type Convention, convention as conventionOf } from "../../conventions/convention.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Program } from "../../ir/program.ts";
import type { Network } from "../../nn/network.ts";
import type { ChosenRule } from "../../nn/optimizers/index.ts";
import type { Scope } from "../../nn/optimizers/update.ts";
import { type Optimizer, stateShapes, traceKinds, withUpdates } from "../../nn/optimizers/update.ts";
import type { Schedule } from "../../nn/schedules.ts";

/** Where mini-batches come from: any of them, in any order of calls. */
export interface Batches {
  /** Writes the inputs and labels of a step, from 0. */
  write(step: number, inputs: Float32Array | Float64Array, labels: Int32Array): void;
}

export interface TrainerSpec extends ChosenRule, Partial<Scope> {
  readonly network: Network;
  readonly batch: number;
  readonly lr: number;
  readonly schedule: Schedule;
  /** Of the whole run: schedules depend on it. */
  readonly steps: number;
  readonly precision: Precision;
  readonly backend?: string;
  readonly convention?: Convention;
  /** Norms and effective rates per parameter, in the same pass. */
  readonly trace?: boolean;
  /** Further programs over the same parameters, such as an evaluation. */
  readonly programs?: Readonly<Record<string, Program>>;
}

/** Where the first value that is not finite was found. */
export interface Divergence {
  /** From 0. */
  readonly step: number;
  /** The loss, or the first parameter that the step's update made not finite. */
  readonly where: string;
  /** Its entries that are not finite. */
  readonly entries: number;
}

/** Norms per parameter tensor, in the order of the network's parameters. Views of the engine. */
export type TraceBuffers = Readonly<Record<(typeof traceKinds)[number], Carrier>>;

/** loss, its gradient and the update as one program. */
export function trainingProgram(
  network: Network,
  batch: number,
  optimizer: Optimizer,
  convention: Convention = conventionOf("pytorch-1.13"),
  trace = false,
): Program {
  const wrt = network.parameters.map(({ name }) => name);
  const forward = network.loss(batch, "track");
  return withUpdates(gradient(forward, convention, { wrt, of: "loss" }), optimizer, trace);
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
  #run: Pick<TrainerSpec, "lr" | "values" | "schedule">;
  #step = 0;

  constructor(spec: TrainerSpec) {
    const { network, batch, rule, values, precision, scaled = "matrices", decayed = "matrices" } = spec;
    checkBatch(network, batch);
    const optimizer: Optimizer = { rule, values, scaled, decayed, parameters: network.parameters };
    const step = trainingProgram(network, batch, optimizer, spec.convention, spec.trace);
    const { backend = "auto", programs = {} } = spec;
    const engine = compile({ ...programs, step }, { precision, backend });
    this.engine = engine;
    this.network = network;
    this.#spec = spec;
    const ruleState = stateShapes(optimizer);
    const own = [...network.parameters, ...network.statistics].map(({ name, shape }) => [name, shape] as const);
    this.stateShapes = { ...Object.fromEntries(own), ...ruleState };
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
    this.#run = spec;
    this.restart({});
  }

  /**
   * Back to step 0 with other scalars, which recompiles nothing: the rule's state and the running statistics are as at first; the
   * parameters are the caller's to write. @throws UsageError where a hyperparameter becomes 0 or ceases to be 0
   */
  restart({ lr, values, schedule }: Partial<Pick<TrainerSpec, "lr" | "values" | "schedule">>): void {
    const before = this.#run;
    this.#run = { lr: lr ?? before.lr, values: { ...before.values, ...values }, schedule: schedule ?? before.schedule };
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
    for (const { buffer, at } of this.#corrections) buffer[0] = at(step + 1);
    this.engine.setStep(step);
    this.engine.run("step");
    this.#step = step + 1;
    return this.#divergence(step);
  }

  #divergence(step: number): Divergence | undefined {
    if (!Number.isFinite(this.loss)) return { step, where: "loss", entries: 1 };
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
