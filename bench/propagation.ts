/**
 * `propagate.mlp.{f32,f64}`: forward and backward (all weight gradients) of 50 blocks linear - batch norm - ReLU of 512 units at
 * batch 256, random gradient at the top. `batchnorm`: forward and backward of one batch norm beside plain copies of as many
 * bytes as it has to move.
 */

import { deepNetwork } from "../src/analysis/propagation/network.ts";
import { pullback } from "../src/autodiff/pullback.ts";
import { withResiduals } from "../src/autodiff/residuals.ts";
import { sizeOf } from "../src/base/shape.ts";
import { compile } from "../src/compile.ts";
import { trace } from "../src/ir/trace.ts";
import { batchNorm } from "../src/ops/index.ts";
import { type BenchBackend, nameOn } from "./backends.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { numbers } from "./numbers.ts";
import { python } from "./peers/python.ts";
import { type Arithmetic, roofPeers } from "./peers/roofs.ts";

type FormatName = "f32" | "f64";
const stores: Readonly<Record<FormatName, string>> = { f32: "float32", f64: "float64" };
const dtypes: Readonly<Record<FormatName, string>> = { f32: "torch.float32", f64: "torch.float64" };
const [depth, width, batch] = [50, 512, 256];

function ourNetwork(format: FormatName, arithmetic: Arithmetic, backend: BenchBackend, name = "ours"): Contender {
  const { program, parameters } = deepNetwork(
    { kind: "mlp", depth, width, activation: "relu", norm: {}, order: "norm-act", residual: "none" },
    batch,
  );
  const backward = pullback(program, undefined, { wrt: parameters.map((parameter) => parameter.name) });
  const programs = { forward: withResiduals(program, backward), backward };
  const engine = compile(programs, { precision: { store: stores[format], arithmetic }, backend });
  for (const { name: parameter, shape, layer, bias, fanIn } of parameters) {
    const values = numbers(parameter, sizeOf(shape));
    const scale = Math.sqrt(24 / fanIn);
    engine.write(parameter, layer === "norm" ? values.map(() => (bias ? 0 : 1)) : values.map((x) => scale * x));
  }
  engine.write("x", numbers("x", batch * width));
  engine.write("d:y", numbers("g", batch * width));
  const run = (): void => {
    engine.run("forward");
    engine.run("backward");
  };
  return timed(name, run, () => engine.dispose());
}

function pytorchDeep(format: FormatName): Promise<Contender | undefined> {
  const setup = `
import torch
from torch import nn
torch.manual_seed(0)
layers = []
for i in range(${depth}):
    linear = nn.Linear(${width}, ${width}, bias=False)
    nn.init.normal_(linear.weight, 0, (2 / ${width}) ** 0.5)
    layers += [linear, nn.BatchNorm1d(${width}, track_running_stats=False), nn.ReLU()]
net = nn.Sequential(*layers).to(${dtypes[format]})
x = torch.randn(${batch}, ${width}, dtype=${dtypes[format]})
g = torch.randn(${batch}, ${width}, dtype=${dtypes[format]})
def step():
    for p in net.parameters():
        p.grad = None
    net(x).backward(g)
`;
  return python("PyTorch", setup, "step()");
}

/** Two products of every block backward, but no gradient of the inputs of the first, and one forward. */
const flops = 2 * batch * width * width * (3 * depth - 1);

function networkBench(format: FormatName, arithmetic: Arithmetic, backend: BenchBackend): TimedBench {
  const wasm = { peerName: "wasm", start: () => ourNetwork(format, arithmetic, "wasm", "wasm") };
  const [roof] = roofPeers(format, arithmetic, flops, backend);
  return {
    name: nameOn(`propagate.mlp.${format}.${arithmetic}`, backend),
    unit: "GFLOP/s",
    work: flops / 1e9,
    long: true,
    ours: () => ourNetwork(format, arithmetic, backend),
    peers: [
      roof,
      ...(backend === "native" && arithmetic === "strict" ? [wasm] : []),
      { peerName: "PyTorch", start: () => pytorchDeep(format) },
    ],
  };
}

const shapes: Readonly<Record<string, readonly number[]>> = { "256-4096": [256, 4096], "64-64-32": [64, 64, 32, 32] };

/** Forward: x for the mean, for the variance and for y, which is written; backward: x and g for the sums, x and g for dx. */
const passes = 9;

function ourNorm(format: FormatName, shape: readonly number[], backend: BenchBackend): Contender {
  const program = trace(({ x, gamma, beta }) => ({ y: batchNorm(x, gamma, beta) }), {
    x: shape,
    gamma: [shape[1]],
    beta: [shape[1]],
  });
  const backward = pullback(program);
  const engine = compile(
    { forward: withResiduals(program, backward), backward },
    { precision: stores[format], backend },
  );
  engine.write("x", numbers("x", sizeOf(shape)));
  engine.write("d:y", numbers("g", sizeOf(shape)));
  engine.write("gamma", numbers("gamma", shape[1]));
  engine.write("beta", numbers("beta", shape[1]));
  const run = (): void => {
    engine.run("forward");
    engine.run("backward");
  };
  return timed("ours", run, () => engine.dispose());
}

/** A copy reads and writes: half as many elements as there are passes. */
function copies(format: FormatName, shape: readonly number[]): Contender {
  const size = sizeOf(shape);
  const make = (): Float32Array | Float64Array =>
    (format === "f32" ? new Float32Array(size) : new Float64Array(size)).fill(1);
  const [from, to] = [make(), make()];
  const half = from.subarray(0, size / 2);
  return timed("copy", () => {
    for (let i = 0; i < Math.floor(passes / 2); i++) to.set(from);
    to.set(half);
  });
}

function pytorchNorm(format: FormatName, shape: readonly number[]): Promise<Contender | undefined> {
  const setup = `
import torch
norm = torch.nn.BatchNorm${shape.length === 2 ? "1d" : "2d"}(${shape[1]}, track_running_stats=False).to(${dtypes[format]})
x = torch.randn(${shape.join(", ")}, dtype=${dtypes[format]}, requires_grad=True)
g = torch.randn(${shape.join(", ")}, dtype=${dtypes[format]})
def step():
    x.grad = None
    norm(x).backward(g)
`;
  return python("PyTorch", setup, "step()");
}

function normBench(format: FormatName, name: string, backend: BenchBackend): TimedBench {
  const shape = shapes[name];
  return {
    name: nameOn(`batchnorm.${format}.${name}`, backend),
    unit: "GB/s",
    work: (passes * sizeOf(shape) * (format === "f32" ? 4 : 8)) / 1e9,
    ours: () => ourNorm(format, shape, backend),
    peers: [
      { peerName: "copy", start: () => copies(format, shape) },
      { peerName: "PyTorch", start: () => pytorchNorm(format, shape) },
    ],
  };
}

const formats: readonly FormatName[] = ["f32", "f64"];

const benchesOn = (backend: BenchBackend): readonly TimedBench[] => [
  ...formats.flatMap((format) => Object.keys(shapes).map((name) => normBench(format, name, backend))),
  ...formats.flatMap((format) =>
    (["strict", "fused"] as const).map((arithmetic) => networkBench(format, arithmetic, backend)),
  ),
];

export const propagationBenches: readonly TimedBench[] = benchesOn("wasm");
export const nativePropagationBenches: readonly TimedBench[] = benchesOn("native");
