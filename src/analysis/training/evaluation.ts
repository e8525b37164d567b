/** Loss and accuracy of a network in training, by running statistics and without dropout. */
import type { Engine } from "../../backends/backend.ts";
import { outputsAs } from "../../ir/outputs-as.ts";
import type { Program } from "../../ir/program.ts";
import { extend } from "../../ir/trace.ts";
import type { Network } from "../../nn/network.ts";
import { softmaxCrossEntropy } from "../../ops/index.ts";

/** Samples to evaluate, written in portions of the training's mini-batch. */
export interface Samples {
  readonly count: number;
  /** Writes samples from..from+count-1 at the start of the buffers. */
  write(from: number, count: number, inputs: Float32Array | Float64Array, labels: Int32Array): void;
}

export interface Evaluation {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Share of samples whose largest logit (the first of equals) is that of the label; a NaN is wrong. */
  readonly accuracy: number;
}

/** Outputs `evaluation/losses` and `evaluation/logits` of one mini-batch; inputs are those of the training. */
export function evaluationProgram(network: Network, batch: number): Program {
  const program = network.loss(batch, "eval");
  const head = program.nodes.filter((node) => node.op === "softmaxCrossEntropy").at(-1);
  const logits = { name: "logits", value: head?.inputs[0] as number };
  const outputs = [logits];
  const each = extend({ ...program, outputs }, (t) => ({ losses: softmaxCrossEntropy(t.logits, t.labels, "none") }));
  return outputsAs(each, "evaluation");
}

/** Runs the program `evaluation` of an engine over all samples in order; `visit` sees its outputs at place i, and the label there. */
export function forEachSample(engine: Engine, samples: Samples, visit: (i: number, label: number) => void): void {
  const labels = engine.buffer("labels") as Int32Array;
  const inputs = engine.buffer("x") as Float32Array | Float64Array;
  const batch = labels.length;
  for (let from = 0; from < samples.count; from += batch) {
    const count = Math.min(batch, samples.count - from);
    samples.write(from, count, inputs, labels);
    engine.run("evaluation");
    for (let i = 0; i < count; i++) visit(i, labels[i]);
  }
}

/** Sums are in order, in float64. */
export function evaluate(engine: Engine, samples: Samples, classes: number): Evaluation {
  const [losses, logits] = ["losses", "logits"].map((name) => engine.buffer(`evaluation/${name}`));
  let [loss, right] = [0, 0];
  forEachSample(engine, samples, (i, label) => {
    loss += losses[i];
    if (largest(logits, i * classes, classes) === label) right++;
  });
  return { loss: loss / samples.count, accuracy: right / samples.count };
}

function largest(values: ArrayLike<number>, from: number, count: number): number {
  let best = -1;
  for (let i = 0; i < count; i++) {
    const value = values[from + i];
    if (Number.isNaN(value)) return -1;
    if (best < 0 || value > values[from + best]) best = i;
  }
  return best;
}
