import { expect, test } from "vitest";
import { goalOf } from "../../bench/goals.ts";
import { benches } from "../../bench/index.ts";

const names = benches.map((bench) => bench.name);

test("names are the contract's, each once", () => {
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(
    expect.arrayContaining([
      "matmul.f32.512.tn.strict",
      "matmul.f64.512.nn.fused",
      "matmul.bf16.1024.nt.strict",
      "matmul.f8.256.nn.strict",
      "mlp.forward.strict",
      "mlp.step.fused",
      "zone.f32.strict",
      "zone.f16.strict",
      "workers.2",
      "memory.zone",
      "compile.mlp",
      "matmul.f32.512.nn.strict.native",
      "vgg11.step.fused.native",
      "zone.f32.strict.native",
      "propagate.mlp.f32.strict",
      "propagate.mlp.f64.fused.native",
    ]),
  );
  expect(names.filter((name) => /^matmul\.(f16|bf16|f8)\..*fused$/.test(name))).toEqual([]);
});

test("every goal has a benchmark with that peer", () => {
  const peers = benches.flatMap((bench) =>
    "rows" in bench ? [] : bench.peers.map(({ peerName }) => ({ name: bench.name, peerName })),
  );
  const judged = peers.filter(({ name, peerName }) => goalOf(name, peerName) !== undefined);
  expect(new Set(judged.map(({ peerName }) => peerName))).toEqual(
    new Set([
      "goal",
      "roof",
      "copy",
      "sgd",
      "untraced",
      "tfjs",
      "jax-js",
      "f32",
      "matmul",
      "published-way",
      "NumPy",
      "PyTorch",
    ]),
  );
  expect(goalOf("workers.2", "arithmetic")).toBe(0.93);
  expect(goalOf("matmul.f32.512.nn.strict", "NumPy")).toBeUndefined();
});
