/** The network in TensorFlow.js, whose WebAssembly backend runs each op at once. */
import { type Contender, timed } from "../bench.ts";
import type { Work } from "../network-work.ts";
import type { MlpData } from "./mlp-data.ts";
import { tfjs } from "./web.ts";

/**
 * Weights are kept as [in, out] and the loss is differentiated by hand (softmax minus labels): products of its own
 * transposed form take 20 times as long, so operands are transposed explicitly; its automatic gradient would not.
 */
export async function tfjsMlp(work: Work, data: MlpData): Promise<Contender | undefined> {
  const tf = await tfjs();
  if (tf === undefined) return undefined;
  const { sizes, batch, rate } = data;
  const depth = sizes.length - 1;
  const x = tf.tensor2d(data.x, [batch, sizes[0]]);
  const oneHot = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(data.labels, "int32"), sizes[depth]), "float32"));
  const layers = Array.from({ length: depth }, (_, i) => {
    const { shape, values } = data.parameters[`w${i + 1}`];
    return {
      w: tf.tidy(() => tf.variable(tf.transpose(tf.tensor2d(values, [shape[0], shape[1]])))),
      b: tf.variable(tf.tensor1d(data.parameters[`b${i + 1}`].values)),
    };
  });
  const run = (): void => {
    tf.tidy(() => {
      const inputs = [x];
      let logits = x;
      layers.forEach(({ w, b }, i) => {
        const activation = i < depth - 1 ? "relu" : "linear";
        logits = tf.fused.matMul({ a: inputs[i], b: w, bias: b, activation }) as typeof x;
        inputs.push(logits);
      });
      const p = tf.softmax(logits);
      tf.neg(tf.mean(tf.log(tf.sum(tf.mul(p, oneHot), 1))));
      if (work === "forward") return;
      let g = tf.div(tf.sub(p, oneHot), batch);
      for (let i = depth - 1; i >= 0; i--) {
        const { w, b } = layers[i];
        const dw = tf.matMul(tf.transpose(inputs[i]), g);
        const db = tf.sum(g, 0);
        if (i > 0) g = tf.mul(tf.matMul(g, tf.transpose(w)), tf.step(inputs[i]));
        w.assign(tf.sub(w, tf.mul(dw, rate)));
        b.assign(tf.sub(b, tf.mul(db, rate)));
      }
    });
  };
  return timed("tfjs", run, () => tf.dispose([x, oneHot, ...layers.flatMap(({ w, b }) => [w, b])]));
}
