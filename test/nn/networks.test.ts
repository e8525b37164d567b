/** Networks by name: parameter counts that others have published, variants, and what does not fit. */
import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/index.ts";
import { float32 } from "../../src/formats/index.ts";
import { architectureNames, drawParameters, laws, networkNamed, parameterCount } from "../../src/nn/index.ts";

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
  expect(() => networkNamed("lenet", { input: [3, 8, 8], classes: 10 })).toThrow(/does not fit/);
});
