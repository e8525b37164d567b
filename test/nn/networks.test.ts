/** Networks by name: parameter counts that others have published, variants, and what does not fit. */
import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/index.ts";
import { compile } from "../../src/compile.ts";
import { float32 } from "../../src/formats/index.ts";
import { trace } from "../../src/ir/trace.ts";
import { architectureNames, drawParameters, laws, networkNamed, parameterCount } from "../../src/nn/index.ts";
import { avgPool2d, relu } from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";

const imagenet = { input: [3, 224, 224], classes: 1000 };

describe("parameter counts", () => {
  test.each([
    ["784-256x3-10", 335_114],
    ["784-2000-128-10", 1_827_418],
    ["lenet", 44_426],
    ["vgg11", 9_225_610],
    ["vgg11-bn", 9_231_114],
    ["vgg13-bn", 9_416_010],
    ["vgg16-bn", 14_728_266],
    ["vgg19-bn", 20_040_522],
    ["resnet18-bn", 11_173_962],
    ["resnet18-2x2-bn", 11_173_962],
  ])("%s: %d", (name, count) => {
    expect(parameterCount(networkNamed(name))).toBe(count);
  });

  test.each([
    ["resnet18-bn", 11_689_512],
    ["resnet50-bn", 25_557_032],
    ["densenet121-bn", 7_978_856],
  ])("%s on photographs, as torchvision has it: %d", (name, count) => {
    expect(parameterCount(networkNamed(name, imagenet))).toBe(count);
  });
});

test("every architecture traces forward and backward, with and without norms, before and after pools", () => {
  for (const name of architectureNames) {
    for (const variant of ["", "-bn", ":pool-first", ":pool-3x3:hardswish"]) {
      const network = networkNamed(`${name}${variant}`);
      const wrt = network.parameters.map((parameter) => parameter.name);
      const program = gradient(network.loss(2), undefined, { wrt });
      expect(program.outputs.map((output) => output.name)).toContain(`d:${wrt[wrt.length - 1]}`);
      expect(new Set(wrt).size).toBe(wrt.length);
    }
  }
});

test("pools: which window, and on which side of the activation", () => {
  const ops = (name: string): string[] =>
    networkNamed(name)
      .loss(2)
      .nodes.map(({ op, options }) => (op === "maxPool2d" ? `pool${String(options.window)}` : op))
      .filter((op) => op.startsWith("pool") || op === "relu" || op === "relu6");
  expect(ops("vgg11").slice(0, 4)).toEqual(["relu", "pool2", "relu", "pool2"]);
  expect(ops("vgg11:pool-first:relu6").slice(0, 4)).toEqual(["pool2", "relu6", "pool2", "relu6"]);
  expect(ops("resnet18").slice(0, 3)).toEqual(["relu", "pool3", "relu"]);
  expect(ops("resnet18-2x2").filter((op) => op.startsWith("pool"))).toEqual(["pool2"]);
  expect(ops("lenet:pool-3x3").filter((op) => op.startsWith("pool"))).toEqual(["pool3", "pool3"]);
});

test("norm pools: squares rounded before they are summed, or accumulated as they are", () => {
  const squares = (name: string): unknown[] =>
    networkNamed(name)
      .loss(2)
      .nodes.flatMap(({ op, options }) => (op === "normPool" ? [options.squares] : []));
  expect(squares("lenet:pool-norm")).toEqual(["rounded", "rounded"]);
  expect(squares("lenet:pool-norm-accumulated")).toEqual(["accumulated", "accumulated"]);
});

test("the published quirk of DenseNet: norms behind the stem and at the end only", () => {
  const norms = (name: string): number =>
    networkNamed(name).parameters.filter(({ layer, bias }) => layer === "norm" && !bias).length;
  expect(norms("densenet121")).toBe(0);
  expect(norms("densenet121-quirk")).toBe(2);
  expect(norms("densenet121-bn")).toBe(121);
});

test("evaluation reads running statistics", () => {
  const inputs = networkNamed("vgg11-bn")
    .loss(1, "eval")
    .inputs.map((input) => input.name);
  expect(inputs).toContain("norm1.mean");
  expect(inputs).toContain("norm8.variance");
});

test("training can track running statistics in place", () => {
  const network = networkNamed("6-4x2-3-bn");
  expect(network.statistics).toEqual([
    { name: "norm1.mean", shape: [4], initial: 0 },
    { name: "norm1.variance", shape: [4], initial: 1 },
    { name: "norm2.mean", shape: [4], initial: 0 },
    { name: "norm2.variance", shape: [4], initial: 1 },
  ]);
  const drawn = drawParameters(network, { law: "default", draw: "float32", format: float32 }, 1, 0);
  const engine = compile(
    { track: network.loss(8, "track"), train: network.loss(8), eval: network.loss(8, "eval") },
    { precision: "float32" },
  );
  for (const [name, values] of Object.entries(drawn)) engine.write(name, values);
  for (const { name, shape, initial } of network.statistics) engine.write(name, new Array(shape[0]).fill(initial));
  engine.write(
    "x",
    Float64Array.from({ length: 48 }, (_, i) => ((i * 37) % 11) / 5),
  );
  engine.write("labels", [0, 1, 2, 0, 1, 2, 0, 1]);
  engine.run("train");
  const trained = [...engine.buffer("logits")];
  for (let step = 0; step < 200; step++) engine.run("track");
  expect([...engine.buffer("logits")]).toEqual(trained);
  // After many steps on one batch the running mean is the batch's; the variance is the unbiased one, 8 / 7 of it.
  engine.run("eval");
  const evaluated = [...engine.buffer("logits")];
  expect(evaluated).not.toEqual(trained);
  const biased = [...engine.buffer("norm2.variance")].map((v) => (v * 7) / 8);
  engine.write("norm2.variance", biased);
  engine.write(
    "norm1.variance",
    [...engine.buffer("norm1.variance")].map((v) => (v * 7) / 8),
  );
  engine.run("eval");
  [...engine.buffer("logits")].forEach((y, i) => {
    expect(y).toBeCloseTo(trained[i], 3);
  });
  engine.dispose();
});

test("nodes carry the names of their layers", () => {
  const { nodes } = networkNamed("lenet-bn").loss(2);
  const kinks = nodes.filter(({ op }) => op === "relu" || op === "maxPool2d").map(({ source }) => source);
  expect(kinks).toEqual(["relu1", "maxPool1", "relu2", "maxPool2", "relu3", "relu4"]);
});

test("perceptrons: dropout in training only, other activations", () => {
  const ops = (name: string, mode?: "train" | "eval"): string[] =>
    networkNamed(name)
      .loss(4, mode)
      .nodes.map(({ op }) => op);
  expect(ops("784-2048x3-10:dropout-0.5").filter((op) => op === "dropout")).toHaveLength(3);
  expect(ops("784-2048x3-10:dropout-0.5", "eval")).not.toContain("dropout");
  expect(ops("784-4000-256-10:relu6").filter((op) => op === "relu6")).toHaveLength(2);
  expect(parameterCount(networkNamed("784-2048x3-10"))).toBe(10_020_874);
  expect(parameterCount(networkNamed("784-2048x3-10-bn"))).toBe(10_020_874 + 3 * 2 * 2048);
});

test("the published 1 x 1 average pool of VGG changes nothing", () => {
  const program = trace(({ x }) => avgPool2d(relu(x), { window: 1 }), { x: [2, 3] });
  const x = [1, -2, 0.1, -0, 3e-40, 5];
  expect(evaluate(program, { x }).output).toEqual(x.map((value) => Math.fround(Math.max(0, value))));
});

test("initial laws: fans, biases and norms", () => {
  const network = networkNamed("lenet-bn");
  const variance = (x: Float64Array): number => x.reduce((sum, value) => sum + value * value, 0) / x.length;
  const of = (law: string): Record<string, Float64Array> =>
    drawParameters(network, { law, draw: "float32", format: float32 }, 3, 1);
  for (const law of Object.keys(laws)) {
    const drawn = of(law);
    expect([...new Set(drawn["norm2.weight"])]).toEqual([1]);
    expect([...new Set(drawn["norm2.bias"])]).toEqual([0]);
  }
  // The second convolution: 6 to 16 channels, 5x5; 2,400 weights, so 3 standard errors of their variance are 9 %.
  const scaled = (law: string, fan: number): number => variance(of(law)["conv2.weight"]) * fan;
  const [fanIn, fanOut] = [6 * 25, 16 * 25];
  for (const law of ["kaiming-normal", "kaiming-uniform", "densenet", "maxpool"]) {
    expect(Math.abs(scaled(law, fanIn) / 2 - 1)).toBeLessThan(0.09);
  }
  for (const law of ["resnet", "kaiming-normal-fan-out", "kaiming-uniform-fan-out"]) {
    expect(Math.abs(scaled(law, fanOut) / 2 - 1)).toBeLessThan(0.09);
  }
  expect(Math.abs(scaled("default", fanIn) * 3 - 1)).toBeLessThan(0.09);
  const drawn = of("maxpool");
  expect(Math.abs(variance(drawn["linear1.weight"]) / 1e-4 - 1)).toBeLessThan(0.05);
  expect(variance(drawn["linear1.bias"])).toBe(0);
});

test("what is wrong is named", () => {
  expect(() => networkNamed("vgg12")).toThrow("unknown model 'vgg12'; did you mean vgg11?");
  expect(() => networkNamed("vgg11:pool-frist")).toThrow("did you mean pool-first?");
  expect(() => networkNamed("vgg11", { input: [3, 28, 28], classes: 10 })).toThrow(
    "images of 28 x 28; its 2x2 pools need sizes divisible by 32",
  );
  expect(() => networkNamed("lenet", { input: [1, 30, 30], classes: 10 })).toThrow(/maxPool2 sees images of 9 x 9/);
  expect(() => networkNamed("vgg11:dropout-0.5")).toThrow(/only perceptrons/);
  expect(() => networkNamed("784-10-10:dropout-1.5")).toThrow(/did you mean dropout-0.5/);
  expect(() => networkNamed("lenet", { input: [3, 8, 8], classes: 10 })).toThrow(/does not fit/);
});
