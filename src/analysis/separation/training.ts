/** A multilayer perceptron trained by plain SGD under several choices of ReLU'(0), one engine per network. */
import { census } from "../../autodiff/census.ts";
import { pullback } from "../../autodiff/pullback.ts";
import { withResiduals } from "../../autodiff/residuals.ts";
import type { Engine } from "../../backends/backend.ts";
import { compile } from "../../compile.ts";
import { convention } from "../../conventions/convention.ts";
import type { ImageSet } from "../../data/image-set.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Program } from "../../ir/program.ts";
import { type Specs, type Tensor, trace, update } from "../../ir/trace.ts";
import { type Mlp, parameterShapes } from "../../nn/architecture.ts";
import { mlpLoss } from "../../nn/mlp.ts";
import { mul, sub } from "../../ops/index.ts";
import type { Choice } from "../../ops/op.ts";

/** The choices under which copies of one network are trained. */
export const rules: Readonly<Record<RuleName, Choice>> = {
  zero: 0,
  product: 1,
  overwrite: { value: 1, rule: "overwrite" },
};
export type RuleName = "zero" | "product" | "overwrite";

/** w <- w - lr g, in place; gradients are read under the names the pullback gives them. */
function sgd(mlp: Mlp, rule: RuleName): Program {
  const shapes = parameterShapes(mlp);
  const gradients = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [`${rule}/d:${name}`, shape]));
  const specs: Specs = { ...shapes, ...gradients, lr: [] };
  return trace((t) => {
    const step = (name: string): Tensor => sub(t[name], mul(t.lr, t[`${rule}/d:${name}`]));
    return Object.fromEntries(Object.keys(shapes).map((name) => [`new:${name}`, update(name, step(name))]));
  }, specs);
}

/** One network in training. */
export class Training {
  readonly engine: Engine;
  readonly parameters: readonly string[];
  /** Census outputs and pre-activation buffers of the hidden layers. */
  readonly layers: readonly { readonly census: string; readonly preActivation: string }[];
  readonly #batch: number;
  readonly #data: ImageSet;

  constructor(mlp: Mlp, batch: number, lr: number, precision: Precision, data: ImageSet) {
    const program = mlpLoss(mlp, batch);
    this.parameters = Object.keys(parameterShapes(mlp));
    const names = Object.keys(rules) as RuleName[];
    const pullbacks = names.map((rule) =>
      pullback(program, convention("pytorch-1.13", { "relu.zero": rules[rule] }), { wrt: this.parameters }),
    );
    const forward = census(withResiduals(program, ...pullbacks));
    const programs: Record<string, Program> = { forward };
    names.forEach((rule, i) => {
      const outputs = pullbacks[i].outputs.map((output) => ({ ...output, name: `${rule}/${output.name}` }));
      programs[rule] = { ...pullbacks[i], outputs };
      programs[`step:${rule}`] = sgd(mlp, rule);
    });
    this.engine = compile(programs, { precision });
    const relus = forward.nodes.filter((node) => node.op === "relu");
    this.layers = relus.map((node) => ({
      census: `census:relu.zero@${node.id}`,
      preActivation: forward.outputs.find((output) => output.value === node.inputs[0])?.name as string,
    }));
    this.engine.write("lr", [lr]);
    this.engine.write("d:loss", [1]);
    this.#batch = batch;
    this.#data = data;
  }

  /** Loads mini-batch number `iteration` in file order, pixel / 255, and runs the forward; the last may be dropped. */
  forward(iteration: number): void {
    const { images, labels } = this.#data;
    const inputs = images.length / this.#data.count;
    const first = iteration * this.#batch;
    const pixels = images.subarray(first * inputs, (first + this.#batch) * inputs);
    this.engine.write(
      "x",
      Float32Array.from(pixels, (pixel) => pixel / 255),
    );
    this.engine.write("labels", labels.subarray(first, first + this.#batch));
    this.engine.run("forward");
  }

  /** Elements on the kink in the last forward. */
  onKink(): number {
    return this.layers.reduce((count, layer) => count + this.engine.buffer(layer.census)[0], 0);
  }

  /** The gradient under a rule, after `forward`. */
  gradient(rule: RuleName): ArrayLike<number>[] {
    this.engine.run(rule);
    return this.parameters.map((name) => this.engine.buffer(`${rule}/d:${name}`));
  }

  step(rule: RuleName): void {
    this.engine.run(`step:${rule}`);
  }

  copyFrom(other: Training): void {
    for (const name of this.parameters) this.engine.buffer(name).set(other.engine.buffer(name) as never);
  }

  /** L1 norm of the difference of all weights and biases. */
  distance(other: Training): number {
    let sum = 0;
    for (const name of this.parameters) {
      const [a, b] = [this.engine.buffer(name), other.engine.buffer(name)];
      for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
    }
    return sum;
  }

  dispose(): void {
    this.engine.dispose();
  }
}
