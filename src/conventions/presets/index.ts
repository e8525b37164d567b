/** The presets, and bare framework names as aliases of the newest. */
import { unknown } from "../../base/errors.ts";
import type { Preset } from "../preset.ts";
import { burn } from "./burn-2026.08.ts";
import { candle } from "./candle-2026.08.ts";
import { jax } from "./jax-2026.08.ts";
import { jaxJs } from "./jax-js-0.1.25.ts";
import { mlx } from "./mlx-2026.08.ts";
import { pytorch113 } from "./pytorch-1.13.ts";
import { pytorch2026 } from "./pytorch-2026.07.ts";
import { tfjs } from "./tfjs-4.22.ts";
import { tinygrad } from "./tinygrad-2026.08.ts";

/** Older versions of a framework come first. */
export const presets: readonly Preset[] = [pytorch113, pytorch2026, jax, tfjs, jaxJs, tinygrad, candle, mlx, burn];

/** Bare framework names with the preset each stands for. */
export const presetAliases: ReadonlyMap<string, string> = new Map(
  presets.map((preset) => [preset.framework, preset.name]),
);

/** The preset of a name (`jax-2026.08`) or alias (`jax`). @throws UsageError with the near name. */
export function presetNamed(name: string): Preset {
  const full = presetAliases.get(name) ?? name;
  const found = presets.find((preset) => preset.name === full);
  if (found === undefined) throw unknown("convention", name, [...presets.map((p) => p.name), ...presetAliases.keys()]);
  return found;
}
