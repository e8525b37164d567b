/**
 * Convolutions 3x3 (k1: 1x1; s2: stride 2): `conv2d.<forward|dx|dw>.<in>-<out>-<size>[-k1|-s2].<strict|fused>`, with the
 * layers of VGG11 at its mini-batch. The peer `matmul` is our own product of 512 x 512 matrices, of as many operations.
 */
import { compile } from "../src/compile.ts";
import { trace } from "../src/ir/trace.ts";
import { call } from "../src/ops/call.ts";
import { conv2dInputOp } from "../src/ops/conv2d-input.ts";
import { conv2dWeightOp } from "../src/ops/conv2d-weight.ts";
import { conv2d } from "../src/ops/index.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { numbers } from "./numbers.ts";
import { jaxConv, pytorchConv, tfjsConv } from "./peers/conv2d.ts";
import { type ConvLayer, type ConvWork, operations, shapesOf } from "./peers/conv2d-layer.ts";
import { products } from "./peers/products.ts";
import { type Arithmetic, roofPeers } from "./peers/roofs.ts";

const layers: readonly ConvLayer[] = [
  { batch: 128, channels: 3, filters: 64, size: 32 },
  { batch: 32, channels: 64, filters: 64, size: 32 },
  { batch: 128, channels: 64, filters: 128, size: 16 },
  { batch: 128, channels: 128, filters: 256, size: 8 },
  { batch: 128, channels: 256, filters: 512, size: 4 },
  { batch: 128, channels: 512, filters: 512, size: 4 },
  { batch: 128, channels: 64, filters: 128, size: 16, kernel: 1 },
  { batch: 128, channels: 64, filters: 128, size: 32, stride: 2 },
];

const works: readonly ConvWork[] = ["forward", "dx", "dw"];

function program(work: ConvWork, layer: ConvLayer) {
  const { stride = 1, kernel = 3, size } = layer;
  const steps = { stride, padding: (kernel - 1) / 2, dilation: 1, groups: 1 };
  const { x, w, g } = shapesOf(layer);
  const bias = [layer.filters];
  if (work === "forward") return trace((t) => ({ y: conv2d(t.x, t.w, t.bias, steps) }), { x, w, bias });
  if (work === "dx")
    return trace((t) => ({ dx: call(conv2dInputOp, [t.g, t.w], { ...steps, input: size }) }), { g, w });
  return trace((t) => ({ dw: call(conv2dWeightOp, [t.g, t.x], { ...steps, kernel }) }), { g, x });
}

function ours(work: ConvWork, layer: ConvLayer, arithmetic: Arithmetic, store: string, name = "ours"): Contender {
  const engine = compile(program(work, layer), { precision: { store, arithmetic }, backend: "wasm" });
  for (const [operand, shape] of Object.entries({ ...shapesOf(layer), bias: [layer.filters] })) {
    if (work === "forward" ? operand === "g" : operand === "bias" || operand === (work === "dx" ? "x" : "w")) continue;
    engine.write(
      operand,
      numbers(
        operand,
        shape.reduce((a, b) => a * b),
      ),
    );
  }
  return timed(
    name,
    () => engine.run("program"),
    () => engine.dispose(),
  );
}

function bench(work: ConvWork, layer: ConvLayer, arithmetic: Arithmetic, store = "float32"): TimedBench {
  const flops = operations(layer);
  const { channels, filters, size, kernel = 3, stride = 1 } = layer;
  const variant = `${kernel === 3 ? "" : `-k${kernel}`}${stride === 1 ? "" : `-s${stride}`}`;
  const narrow = store !== "float32";
  const own = { peerName: "f32", start: () => ours(work, layer, "strict", "float32", "f32") };
  const others = [
    { peerName: "tfjs", start: () => tfjsConv(work, layer) },
    { peerName: "jax-js", start: () => jaxConv(work, layer) },
    { peerName: "PyTorch", start: () => pytorchConv(work, layer) },
  ];
  return {
    name: `conv2d.${work}.${channels}-${filters}-${size}${variant}.${narrow ? `${store}.` : ""}${arithmetic}`,
    unit: "GFLOP/s",
    work: flops / 1e9,
    ours: () => ours(work, layer, arithmetic, store),
    peers: [
      ...(narrow ? [own] : roofPeers("f32", arithmetic, flops).slice(0, 1)),
      { peerName: "matmul", start: () => products(flops, arithmetic) },
      ...(narrow ? [] : others.filter(({ peerName }) => peerName !== "tfjs" || work !== "dw")),
    ],
  };
}

const middle = layers[2];

export const conv2dBenches: readonly TimedBench[] = [
  ...works.flatMap((work) =>
    layers.flatMap((layer) => (["strict", "fused"] as const).map((arithmetic) => bench(work, layer, arithmetic))),
  ),
  ...works.flatMap((work) => ["float16", "bfloat16"].map((store) => bench(work, middle, "strict", store))),
];
