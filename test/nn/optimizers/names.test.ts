import { describe, expect, test } from "vitest";
import { ruleNamed, rules } from "../../../src/nn/optimizers/index.ts";
import { checkLearningRate, scheduleNamed } from "../../../src/nn/schedules.ts";

describe("rules by name", () => {
  test("defaults and what is given", () => {
    expect(ruleNamed("sgd").values).toEqual({ momentum: 0.9, nesterov: 0, weightDecay: 0 });
    expect(ruleNamed("lars:eta=0.02,momentum=0").values).toMatchObject({ eta: 0.02, momentum: 0 });
    expect(ruleNamed("lalc-like-a:tau=inf").values.tau).toBe(Number.POSITIVE_INFINITY);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  });

  test.each([
    ["sdg", /unknown optimizer 'sdg'; did you mean sgd/],
    ["lars:etta=1", /unknown hyperparameter of optimizer lars 'etta'; did you mean eta/],
    ["lars:eta=0", /eta is 0, expected a number above 0/],
    ["sgd:momentum=1", /momentum is 1, expected a number from 0 to below 1/],
    ["sgd:momentum", /found 'momentum', expected name=number/],
    ["sgd:momentum=x", /found 'momentum=x'/],
    ["lalc", /unknown optimizer 'lalc'/],
  ])("%s", (text, message) => {
    expect(() => ruleNamed(text)).toThrow(message);
  });
});

describe("schedules", () => {
  const at = (text: string, steps: readonly number[], batch = 256): number[] =>
    steps.map((step) => scheduleNamed(text)(step, { steps: 100, batch }));

  test("factors are multiplied", () => {
    expect(at("constant", [0, 99])).toEqual([1, 1]);
    expect(at("cosine", [0, 50, 100])).toEqual([1, 0.5, 0]);
    expect(at("warm-up:steps=4", [0, 1, 2, 3, 4])).toEqual([0.25, 0.5, 0.75, 1, 1]);
    expect(at("warm-up:steps=4,from=0.5", [0, 3])).toEqual([0.625, 1]);
    expect(at("warm-up:steps=0", [0])).toEqual([1]);
    expect(at("step:every=10,factor=0.5", [0, 9, 10, 25])).toEqual([1, 1, 0.5, 0.25]);
    expect(at("linear-scaling", [0], 8192)).toEqual([32]);
    expect(at("linear-scaling:reference=128+warm-up:steps=2+cosine:to=0.5", [0, 50])).toEqual([1, 1.5]);
  });

  test("errors", () => {
    expect(() => scheduleNamed("cosin")).toThrow(/unknown schedule 'cosin'; did you mean cosine/);
    expect(() => scheduleNamed("step:evry=3")).toThrow(/did you mean every/);
    for (const lr of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => checkLearningRate(lr)).toThrow(`learning rate: found ${lr}, expected a finite number above 0`);
    }
  });
});
