/** Choices as text, conventions over presets, checks against kinks, and what the presets say. */
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import {
  checkChoice,
  choiceAt,
  convention,
  type Kink,
  listPreset,
  outsideClarke,
  parseChoice,
  parseChoices,
  presetNamed,
  presets,
  showChoice,
} from "../../src/conventions/index.ts";
import { ops } from "../../src/ops/index.ts";

const kinks: readonly Kink[] = [...ops.values()]
  .filter(({ doc }) => !doc.endsWith("Internal."))
  .flatMap((op) => op.kinks);
const kink = (name: string): Kink => kinks.find((candidate) => candidate.name === name) as Kink;
const pool: Kink = { ...kink("reduceMax.tie"), name: "maxpool.tie", rules: ["first", "hybrid:B"] };

describe("choices as text", () => {
  test.each<[string, unknown]>([
    ["0.5", 0.5],
    ["-1e-3", -0.001],
    ["first", "first"],
    ["NaN", "NaN"],
    ["Infinity", "Infinity"],
    ["overwrite:1", { value: 1, rule: "overwrite" }],
    ["product:1", 1],
    ["hybrid:100", "hybrid:100"],
  ])("%s", (text, choice) => {
    expect(parseChoice(text)).toEqual(choice);
    expect(parseChoice(showChoice(parseChoice(text)))).toEqual(choice);
  });
  test.each(["", "overwrite:", "overwrite:x", "product:NaN"])("rejects '%s'", (text) => {
    expect(() => parseChoice(text)).toThrow(UsageError);
  });
  test("-0 survives", () => expect(Object.is(parseChoice(showChoice(-0)), -0)).toBe(true));
  test("settings", () => {
    expect(parseChoices(["relu.zero=0.5", "relu.zero@3=overwrite:1", "max.tie = first"])).toEqual({
      "relu.zero": 0.5,
      "relu.zero@3": { value: 1, rule: "overwrite" },
      "max.tie": "first",
    });
    expect(() => parseChoices(["relu.zero"])).toThrow(/expected kink=choice/);
  });
});

describe("conventions", () => {
  test("an instance goes before its kink, the kink before the op's default", () => {
    const c = convention({ "relu.zero": 0.5, "relu.zero@3": 1 });
    expect([3, 4].map((node) => choiceAt(c, kink("relu.zero"), node))).toEqual([1, 0.5]);
    expect(choiceAt(c, kink("abs.zero"), 3)).toBe(0);
  });
  test("choices go over a preset and into the name", () => {
    const c = convention("jax-2026.08", { "relu.zero": 1 }, kinks);
    expect(c.name).toBe("jax-2026.08 relu.zero=1");
    expect(choiceAt(c, kink("relu.zero"), 0)).toBe(1);
    expect(choiceAt(c, kink("abs.zero"), 0)).toBe(1);
  });
  test("bare names stand for the newest", () => {
    expect(presetNamed("pytorch").name).toBe("pytorch-2026.07");
    expect(convention("tfjs").name).toBe("tfjs-4.22");
    expect(() => convention("pytroch")).toThrow(/did you mean pytorch/);
    expect(() => presetNamed("tensorflow")).toThrow(/unknown convention/);
  });
  test("unknown kinks and choices are named, with what was meant", () => {
    expect(() => convention({ "relu.zeor": 1 }, {}, kinks)).toThrow(/did you mean relu.zero/);
    expect(() => convention({ "relu.zero@x": 1 }, {}, kinks)).toThrow(/number of a node/);
    expect(() => convention({ "relu.zero": "even" }, {}, kinks)).toThrow(/relu.zero/);
    expect(() => convention("jax", { "reduceMax.tie": "evn" }, kinks)).toThrow(/did you mean even/);
    expect(() => convention({ "reduceMax.tie": 0.5 }, {}, kinks)).toThrow(/expected even, first, last, all/);
    expect(() => convention({ "max.tie": { value: 1, rule: "overwrite" } }, {}, kinks)).toThrow(UsageError);
    expect(() => convention({ "relu.zero": Number.NaN }, {}, kinks)).toThrow(UsageError);
  });
  test("rules with a parameter", () => {
    for (const good of ["hybrid:100", "hybrid:0", "hybrid:-0.5"]) checkChoice(pool, good);
    for (const bad of ["hybrid", "hybrid:", "hybrid:Infinity", "hybrid:x", "hybrid-forward"]) {
      expect(() => checkChoice(pool, bad)).toThrow(UsageError);
    }
  });
});

describe("presets", () => {
  test("every entry at a kink of an op is one that the kink accepts", () => {
    for (const preset of presets) {
      for (const [name, { choice }] of Object.entries(preset.entries)) {
        checkChoice(kink(name), choice);
      }
    }
  });
  test("pytorch-1.13 is the default of every op", () => {
    const { entries } = presetNamed("pytorch-1.13");
    for (const { name, default: choice } of kinks) {
      const found = entries[name]?.choice;
      expect([name, found === "left" || choice === "left" ? "left" : found]).toEqual([
        name,
        found === "left" ? "left" : choice,
      ]);
    }
  });
  test("threads do not confirm; sources are named", () => {
    for (const preset of presets) {
      for (const entry of Object.values(preset.entries)) {
        expect(entry.confirmed).toBe(entry.evidence !== "thread");
        expect(entry.source).not.toBe("");
      }
    }
    expect(Object.values(presetNamed("pytorch").entries).some((entry) => entry.confirmed)).toBe(false);
  });
  test("what is unknown says so and takes the default; 1 to each tied entry is marked", () => {
    const rows = new Map(listPreset(presetNamed("candle"), kinks).map((row) => [row.kink, row]));
    expect(rows.get("sqrt.zero")).toEqual({ kink: "sqrt.zero", choice: "Infinity", unknown: true, outside: true });
    expect(rows.get("reduceMax.tie")).toMatchObject({ choice: "all", unknown: false, outside: true });
    expect(rows.get("relu.zero")).toMatchObject({ choice: 1, unknown: false, outside: false });
    const later = listPreset(presetNamed("tfjs"), []).find((row) => row.kink === "maxpool.tie");
    expect(later).toMatchObject({ choice: "first", outside: false, note: expect.stringContaining("wasm") });
  });
  test("subgradients lie between the one-sided slopes", () => {
    const inside = [0, 0.5, 1].map((alpha) => outsideClarke(kink("relu.zero"), alpha));
    const outside = [-0.1, 1.1].map((alpha) => outsideClarke(kink("relu.zero"), alpha));
    expect([...inside, ...outside]).toEqual([false, false, false, true, true]);
    expect(outsideClarke(kink("relu.zero"), { value: 1, rule: "overwrite" })).toBe(true);
    expect(outsideClarke(kink("relu.zero"), { value: 0, rule: "overwrite" })).toBe(false);
    expect(outsideClarke(kink("max.tie"), "none")).toBe(true);
  });
});
