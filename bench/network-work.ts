/** A network at work: the loss of one mini-batch, or a training step (forward, pullback, gradient descent in place). */
import { pullback } from "../src/autodiff/pullback.ts";
import { withResiduals } from "../src/autodiff/residuals.ts";
import type { Engine } from "../src/backends/backend.ts";
import { sizeOf } from "../src/base/shape.ts";
import { compile } from "../src/compile.ts";
import type { Program } from "../src/ir/program.ts";
import { extend, type Update, update } from "../src/ir/trace.ts";
import type { Network } from "../src/nn/network.ts";
import { mul, sub } from "../src/ops/index.ts";
import { labels, numbers } from "./numbers.ts";
import type { Arithmetic } from "./peers/roofs.ts";

export type Work = "forward" | "step";

export interface NetworkWork {
  readonly network: Network;
  readonly batch: number;
  readonly work: Work;
  readonly arithmetic: Arithmetic;
  /** Default float32. */
  readonly store?: string;
  /** Default 1. */
  readonly threads?: number;
}

export const rate = 0.01;

/** Gradients into updates: w := w - rate d:w, in the buffer of w. */
function descent(gradients: Program, { parameters }: Network): Program {
  const known = new Set(gradients.inputs.map((input) => input.name));
  const specs = Object.fromEntries(
    parameters.filter(({ name }) => !known.has(name)).map(({ name, shape }) => [name, shape]),
  );
  const updated = extend(
    gradients,
    (t) => {
      const updates: Record<string, Update> = {};
      for (const { name } of parameters) updates[`new:${name}`] = update(name, sub(t[name], mul(t[`d:${name}`], rate)));
      return updates;
    },
    specs,
  );
  return { ...updated, outputs: updated.outputs.filter((output) => output.alias !== undefined) };
}

export function networkEngine({
  network,
  batch,
  work,
  arithmetic,
  store = "float32",
  threads = 1,
}: NetworkWork): Engine {
  const program = network.loss(batch);
  const options = { precision: { store, arithmetic }, backend: "wasm", threads };
  if (work === "forward") return compile({ forward: program }, options);
  const backward = pullback(program, undefined, { wrt: network.parameters.map(({ name }) => name) });
  return compile({ forward: withResiduals(program, backward), backward: descent(backward, network) }, options);
}

/** Weights small enough that steps repeated on one mini-batch stay finite. */
function weightsOf({ parameters }: Network): [string, Float64Array][] {
  return parameters.map(({ name, shape, fanIn }) => {
    const bound = 2 / Math.sqrt(fanIn);
    return [name, numbers(name, sizeOf(shape)).map((x) => bound * x)];
  });
}

/** The engine with its data; `run` does the work once. */
export function startNetwork(given: NetworkWork): { readonly run: () => void; readonly dispose: () => void } {
  const { network, batch, work } = given;
  const engine = networkEngine(given);
  engine.write(
    "x",
    numbers("x", batch * sizeOf(network.input)).map((x) => x + 0.5),
  );
  engine.write("labels", labels("labels", batch, network.classes));
  for (const [name, values] of weightsOf(network)) engine.write(name, values);
  if (work === "step") engine.write("d:loss", [1]);
  const run = (): void => {
    engine.run("forward");
    if (work === "step") engine.run("backward");
  };
  return { run, dispose: () => engine.dispose() };
}
