/** One convolution, or one of its gradients, in TensorFlow.js, jax-js and PyTorch. */
import { type Contender, timed } from "../bench.ts";
import { numbers } from "../numbers.ts";
import { type ConvLayer, type ConvWork, shapesOf } from "./conv2d-layer.ts";
import { python } from "./python.ts";
import { jaxJs, tfjs } from "./web.ts";

const operands: Readonly<Record<ConvWork, readonly ["x" | "g", "w" | "x"]>> = {
  forward: ["x", "w"],
  dx: ["g", "w"],
  dw: ["g", "x"],
};

function data(layer: ConvLayer, operand: "x" | "w" | "g"): { values: Float32Array; shape: number[] } {
  const shape = shapesOf(layer)[operand];
  return {
    values: Float32Array.from(
      numbers(
        operand,
        shape.reduce((a, b) => a * b),
      ),
    ),
    shape,
  };
}

/** In its own layout NHWC; its WebAssembly backend has no gradient of the weights. */
export async function tfjsConv(work: ConvWork, layer: ConvLayer): Promise<Contender | undefined> {
  const tf = await tfjs();
  if (tf === undefined || work === "dw") return undefined;
  const { stride = 1 } = layer;
  const { x, w, g } = shapesOf(layer);
  const nhwc = ([n, c, h, v]: number[]): [number, number, number, number] => [n, h, v, c];
  const [images, gradient] = [nhwc(x), nhwc(g)];
  const weights = tf.tensor4d(data(layer, "w").values, [w[2], w[3], w[1], w[0]]);
  const input = work === "forward" ? tf.tensor4d(data(layer, "x").values, images) : undefined;
  const incoming = work === "dx" ? tf.tensor4d(data(layer, "g").values, gradient) : undefined;
  const run = (): { dispose(): void } =>
    input === undefined
      ? tf.conv2dTranspose(incoming as NonNullable<typeof incoming>, weights, images, stride, "same")
      : tf.conv2d(input, weights, stride, "same");
  return timed(
    "tfjs",
    () => run().dispose(),
    () => tf.dispose([weights, input, incoming].filter((tensor) => tensor !== undefined)),
  );
}

/** Images that jax-js convolves: its time per image does not depend on them, and is a hundred times ours. */
const jaxBatch = 2;

/** Compiled; gradients by its own automatic differentiation. Its time for a few images counts for all. */
export async function jaxConv(work: ConvWork, whole: ConvLayer): Promise<Contender | undefined> {
  const jax = await jaxJs();
  if (jax === undefined) return undefined;
  const layer = { ...whole, batch: Math.min(jaxBatch, whole.batch) };
  const { stride = 1, kernel = 3 } = layer;
  const pad: [number, number] = [(kernel - 1) / 2, (kernel - 1) / 2];
  const array = (operand: "x" | "w" | "g") => {
    const { values, shape } = data(layer, operand);
    return jax.numpy.array(values).reshape(shape);
  };
  type Array = ReturnType<typeof array>;
  const conv = (x: Array, w: Array): Array => jax.lax.convGeneralDilated(x, w, [stride, stride], [pad, pad]);
  const other = work === "dx" ? "x" : "w";
  const [a, b] = operands[work].map(array);
  const at = work === "forward" ? undefined : array(other);
  const gradient = (g: Array, fixed: Array, point: Array): Array =>
    jax.grad((own: Array) => jax.numpy.sum((work === "dx" ? conv(own, fixed) : conv(fixed, own)).mul(g)))(point);
  const forward = jax.jit(conv);
  const backward = jax.jit(gradient);
  const run = async (): Promise<void> => {
    const result = at === undefined ? forward(a.ref, b.ref) : backward(a.ref, b.ref, at.ref);
    await result.blockUntilReady();
    result.dispose();
  };
  const few = timed("jax-js", run, () => {
    for (const used of [a, b, at]) used?.dispose();
  });
  return { ...few, seconds: async (repeats) => ((await few.seconds(repeats)) * whole.batch) / layer.batch };
}

/** The same gradients that its autograd calls. */
export function pytorchConv(work: ConvWork, layer: ConvLayer): Promise<Contender | undefined> {
  const { stride = 1, kernel = 3 } = layer;
  const { x, w, g } = shapesOf(layer);
  const rand = (shape: readonly number[]): string => `torch.rand(${shape.join(", ")}) - 0.5`;
  const mask = work === "dx" ? "[True, False, False]" : "[False, True, False]";
  const pad = (kernel - 1) / 2;
  const call =
    work === "forward"
      ? `torch.nn.functional.conv2d(x, w, bias, stride=${stride}, padding=${pad})`
      : `torch.ops.aten.convolution_backward(g, x, w, [0], [${stride}, ${stride}], [${pad}, ${pad}], [1, 1], False, [0, 0], 1, ${mask})`;
  const setup = `import torch
x, w, g = ${rand(x)}, ${rand(w)}, ${rand(g)}
bias = torch.rand(${layer.filters})
def work():
    with torch.no_grad():
        ${call}
`;
  return python("PyTorch", setup, "work()");
}
