/**
 * Convolutional networks on mini-batches of 128: `<network>.<forward|step>.<strict|fused>`. The peer `matmul` is our own
 * product of 512 x 512 matrices, of as many operations; f32 the same work stored in float32.
 */
import { pullback } from "../src/autodiff/pullback.ts";
import { sizeOf } from "../src/base/shape.ts";
import type { Loop } from "../src/ir/loops.ts";
import { networkNamed } from "../src/nn/architectures/index.ts";
import type { Network } from "../src/nn/network.ts";
import { lower } from "../src/ops/lower.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { startNetwork, type Work } from "./network-work.ts";
import { products } from "./peers/products.ts";
import { pytorchNetwork } from "./peers/pytorch-networks.ts";
import type { Arithmetic } from "./peers/roofs.ts";

const batch = 128;

function contender(network: Network, work: Work, arithmetic: Arithmetic, store: string, peerName: string): Contender {
  const { run, dispose } = startNetwork({ network, batch, work, arithmetic, store });
  return timed(peerName, run, dispose);
}

/** Floating-point operations of all contractions: two per multiply-add. */
function operations(network: Network, work: Work): number {
  const loss = network.loss(batch);
  const wrt = network.parameters.map(({ name }) => name);
  const programs = work === "forward" ? [loss] : [loss, pullback(loss, undefined, { wrt })];
  return programs.flatMap((program) => lower(program).loops).reduce((sum, loop) => sum + operationsOf(loop), 0);
}

function operationsOf(loop: Loop): number {
  if (loop.loop !== "contract") return 0;
  return 2 * [loop.batch, loop.m, loop.n, loop.k].map(sizeOf).reduce((a, b) => a * b);
}

function bench(name: string, work: Work, arithmetic: Arithmetic, store = "float32"): TimedBench {
  const network = networkNamed(name);
  const narrow = store !== "float32";
  return {
    name: `${name}.${work}.${narrow ? `${store}.` : ""}${arithmetic}`,
    unit: "images/s",
    work: batch,
    long: name !== "lenet",
    ours: () => contender(network, work, arithmetic, store, "ours"),
    peers: [
      { peerName: "matmul", start: () => products(operations(network, work), arithmetic) },
      narrow
        ? { peerName: "f32", start: () => contender(network, work, arithmetic, "float32", "f32") }
        : { peerName: "PyTorch", start: () => pytorchNetwork(name, work, batch) },
    ],
  };
}

export const networkBenches: readonly TimedBench[] = [
  ...["lenet", "vgg11"].flatMap((name) =>
    (["forward", "step"] as const).flatMap((work) =>
      (["strict", "fused"] as const).map((arithmetic) => bench(name, work, arithmetic)),
    ),
  ),
  bench("vgg11-bn", "step", "strict"),
  bench("resnet18-bn", "step", "strict"),
  bench("vgg11", "step", "strict", "float16"),
  bench("vgg11", "step", "strict", "bfloat16"),
];
