/**
 * The state machine of PyTorch 1.13's GradScaler, by hand from its documentation: after a step with an infinity the scale is
 * multiplied by the backoff factor and the count of good steps is 0; after `interval` good steps in a row by the growth factor.
 */
import { describe, expect, test } from "vitest";
import { LossScaler, lossScaleNamed } from "../../src/nn/loss-scale.ts";

describe("dynamic", () => {
  test("grows after an interval of finite steps, backs off at once, and starts to count again", () => {
    const scaler = new LossScaler(lossScaleNamed("dynamic:init=1024,growth=2,backoff=0.5,interval=3"));
    const skips = [0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0];
    const scales = [1024, 1024, 512, 512, 512, 1024, 1024, 1024, 512, 256, 256, 256, 512, 512];
    const streaks = [1, 2, 0, 1, 2, 0, 1, 2, 0, 0, 1, 2, 0, 1];
    const found = skips.map((skip) => {
      scaler.update(skip === 1);
      return scaler.state;
    });
    expect(found.map(({ scale }) => scale)).toEqual(scales);
    expect(found.map(({ streak }) => streak)).toEqual(streaks);
    expect(scaler.state.skipped).toBe(3);
  });

  test("has PyTorch's defaults: 2^16, 2, 0.5, 2000", () => {
    const spec = lossScaleNamed("dynamic");
    expect(spec).toEqual({ kind: "dynamic", init: 65536, growth: 2, backoff: 0.5, interval: 2000 });
    const scaler = new LossScaler(spec);
    for (let i = 0; i < 1999; i++) scaler.update(false);
    expect(scaler.state.scale).toBe(65536);
    scaler.update(false);
    expect(scaler.state).toEqual({ scale: 131072, streak: 0, skipped: 0 });
  });

  test("stays below float32's infinity, in float32, and says when nothing is left", () => {
    const scaler = new LossScaler(lossScaleNamed("dynamic:interval=1,growth=1.5"));
    for (let i = 0; i < 300; i++) {
      scaler.update(false);
      expect(Object.is(Math.fround(scaler.state.scale), scaler.state.scale)).toBe(true);
    }
    expect(scaler.state.scale).toBeLessThan(2 ** 128);
    for (let i = 0; i < 250; i++) scaler.update(true);
    expect(scaler.exhausted).toBe(false);
    for (let i = 0; i < 10; i++) scaler.update(true);
    expect(scaler.exhausted).toBe(true);
  });
});

test("fixed stays, counts, and may be written as a power", () => {
  for (const text of ["2^10", "1024"]) expect(lossScaleNamed(text)).toEqual({ kind: "fixed", scale: 1024 });
  const scaler = new LossScaler(lossScaleNamed("2^-3"));
  for (const skip of [true, false, true]) scaler.update(skip);
  expect(scaler.state).toEqual({ scale: 0.125, streak: 0, skipped: 2 });
});

test.each([
  ["", /loss scale: found '', expected dynamic or a power of two/],
  ["1000", /found '1000', expected dynamic or a power of two/],
  ["0", /found '0'/],
  ["NaN", /found 'NaN'/],
  ["2^500", /found '2\^500'/],
  ["dynamic:growt=2", /unknown hyperparameter of loss scale dynamic 'growt'; did you mean growth/],
  ["dynamic:growth=1", /growth is 1, expected a finite number above 1/],
  ["dynamic:backoff=1", /backoff is 1, expected a number between 0 and 1/],
  ["dynamic:interval=0.5", /interval is 0.5, expected a whole number from 1/],
  ["dynamic:init=1e39", /init is 1e\+39, expected a number of float32/],
  ["dynamic:init=Infinity", /init is Infinity, expected a finite number above 0/],
])("'%s' is refused", (text, message) => {
  expect(() => lossScaleNamed(text)).toThrow(message);
});
