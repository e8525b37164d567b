/**
 * The training of 64-256x20-10 with batch norm on mini-batches of 128: `train.step` (forward, pullback and momentum update as
 * one program), `train.trace` (the same with norms per layer, beside the same without) and `train.update.<rule>` (updates alone
 * from given gradients, beside SGD's).
 */
import { Trainer } from "../src/analysis/training/trainer.ts";
import { sizeOf } from "../src/base/shape.ts";
import { compile } from "../src/compile.ts";
import { precision } from "../src/formats/precision.ts";
import { type Tensor, trace } from "../src/ir/trace.ts";
import { networkNamed } from "../src/nn/architectures/index.ts";
import { drawParameters } from "../src/nn/initializers.ts";
import { ruleNamed, withUpdates } from "../src/nn/optimizers/index.ts";
import { scalarNames } from "../src/nn/optimizers/update.ts";
import { scheduleNamed } from "../src/nn/schedules.ts";
import { type BenchBackend, nameOn } from "./backends.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { labels, numbers } from "./numbers.ts";
import { pytorchTraining } from "./peers/pytorch-training.ts";
import type { Arithmetic } from "./peers/roofs.ts";

const [model, batch, inputs] = ["64-256x20-10-bn", 128, 64];
const lr = 0.001;
const network = networkNamed(model);

/** A trainer at work on one mini-batch. */
function training(arithmetic: Arithmetic, backend: BenchBackend, traced: boolean, name = "ours"): Contender {
  const trainer = new Trainer({
    ...{ network, batch, lr, steps: 1, backend, trace: traced, schedule: scheduleNamed("constant") },
    ...ruleNamed("sgd"),
    precision: precision({ store: "float32", arithmetic }),
  });
  const drawn = drawParameters(network, { law: "he", draw: "float32", format: precision("float32").store }, 0, 0);
  for (const [parameter, values] of Object.entries(drawn)) trainer.engine.write(parameter, values);
  const x = Float32Array.from(numbers("x", batch * inputs));
  const y = labels("labels", batch, 10);
  const fixed = {
    write(_: number, to: Float32Array | Float64Array, classes: Int32Array): void {
      to.set(x);
      classes.set(y);
    },
  };
  return timed(
    name,
    () => trainer.step(fixed),
    () => trainer.dispose(),
  );
}

/** A rule's update of all parameters from gradients that lie in memory. */
function updating(rule: string, backend: BenchBackend, name = "ours"): Contender {
  const { parameters } = network;
  const shapes = parameters.flatMap(({ name: own, shape }) => [[own, shape] as const, [`g:${own}`, shape] as const]);
  const gradients = trace((t): Record<string, Tensor> => {
    return Object.fromEntries(parameters.map(({ name: own }) => [`d:${own}`, t[`g:${own}`]]));
  }, Object.fromEntries(shapes));
  const chosen = ruleNamed(rule);
  const optimizer = { ...chosen, scaled: "matrices", decayed: "matrices", parameters } as const;
  const engine = compile(withUpdates(gradients, optimizer), { precision: "float32", backend });
  for (const [own, shape] of shapes) engine.write(own, numbers(own, sizeOf(shape)));
  const scalars = {
    lr,
    ...chosen.values,
    ...Object.fromEntries(chosen.rule.corrections.map((one) => [one.name, 0.5])),
  };
  for (const scalar of scalarNames(optimizer)) engine.write(scalar, [scalars[scalar as keyof typeof scalars]]);
  return timed(
    name,
    () => engine.run("program"),
    () => engine.dispose(),
  );
}

const stepBench = (arithmetic: Arithmetic, backend: BenchBackend): TimedBench => ({
  name: nameOn(`train.step.${arithmetic}`, backend),
  unit: "images/s",
  work: batch,
  ours: () => training(arithmetic, backend, false),
  peers: [{ peerName: "PyTorch", start: () => pytorchTraining(batch, lr) }],
});

const traceBench = (backend: BenchBackend): TimedBench => ({
  name: nameOn("train.trace.strict", backend),
  unit: "images/s",
  work: batch,
  ours: () => training("strict", backend, true),
  peers: [{ peerName: "untraced", start: () => training("strict", backend, false, "untraced") }],
});

const updateBench = (rule: string, backend: BenchBackend): TimedBench => ({
  name: nameOn(`train.update.${rule}`, backend),
  unit: "ms",
  work: 1,
  ours: () => updating(`${rule}:weightDecay=5e-4`, backend),
  peers: [{ peerName: "sgd", start: () => updating("sgd:weightDecay=5e-4", backend, "sgd") }],
});

const benchesOn = (backend: BenchBackend): readonly TimedBench[] => [
  stepBench("strict", backend),
  stepBench("fused", backend),
  traceBench(backend),
  ...["lars", "lamb", "lalc-like-b"].map((rule) => updateBench(rule, backend)),
];

export const trainBenches: readonly TimedBench[] = benchesOn("wasm");
export const nativeTrainBenches: readonly TimedBench[] = benchesOn("native");
