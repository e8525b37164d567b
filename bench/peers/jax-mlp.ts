/** The network in jax-js: one compiled function, gradients by its own automatic differentiation. */
import { type Contender, timed } from "../bench.ts";
import type { Work } from "../network-work.ts";
import type { MlpData } from "./mlp-data.ts";
import { type Jax, jaxJs } from "./web.ts";

type Array = Jax.Array;

export async function jaxMlp(work: Work, data: MlpData): Promise<Contender | undefined> {
  const jax = await jaxJs();
  if (jax === undefined) return undefined;
  const { numpy: np, nn } = jax;
  const { sizes, batch, rate } = data;
  const depth = sizes.length - 1;
  const x = np.array(data.x).reshape([batch, sizes[0]]);
  const oneHot = np
    .array(
      Float32Array.from({ length: batch * sizes[depth] }, (_, at) =>
        data.labels[Math.floor(at / sizes[depth])] === at % sizes[depth] ? 1 : 0,
      ),
    )
    .reshape([batch, sizes[depth]]);
  let parameters = Object.values(data.parameters).map(({ shape, values }) => np.array(values).reshape([...shape]));
  const loss = (weights: Array[], images: Array, y: Array): Array => {
    let h = images;
    for (let layer = 0; layer < depth; layer++) {
      h = np.matmul(h, np.transpose(weights[2 * layer])).add(weights[2 * layer + 1]);
      if (layer < depth - 1) h = nn.relu(h);
    }
    return np.sum(nn.logSoftmax(h).mul(y)).mul(-1 / batch);
  };
  const forward = jax.jit(loss);
  const step = jax.jit((weights: Array[], images: Array, y: Array) => {
    const gradients = jax.grad(loss)(
      weights.map((w) => w.ref),
      images,
      y,
    );
    return weights.map((w, i) => w.sub(gradients[i].mul(rate)));
  });
  const run = async (): Promise<void> => {
    if (work === "step") {
      parameters = step(parameters, x.ref, oneHot.ref);
      for (const parameter of parameters) await parameter.blockUntilReady();
      return;
    }
    const value = forward(
      parameters.map((w) => w.ref),
      x.ref,
      oneHot.ref,
    );
    await value.blockUntilReady();
    value.dispose();
  };
  return timed("jax-js", run, () => {
    for (const array of [x, oneHot, ...parameters]) array.dispose();
  });
}
