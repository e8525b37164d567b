/** Every number format by name. */
import { UsageError, unknown } from "../base/errors.ts";
import { bfloat16 } from "./bfloat16.ts";
import { custom } from "./custom.ts";
import { saturating } from "./define.ts";
import { float8_e4m3 } from "./float8_e4m3.ts";
import { float8_e5m2 } from "./float8_e5m2.ts";
import { float16 } from "./float16.ts";
import { float32 } from "./float32.ts";
import { float64 } from "./float64.ts";
import type { Format } from "./format.ts";
import { tfloat32 } from "./tfloat32.ts";

/** The named formats, widest first. */
export const formats: readonly Format[] = [float64, float32, tfloat32, bfloat16, float16, float8_e4m3, float8_e5m2];

const aliases: Readonly<Record<string, Format>> = {
  float8_e4m3fn: float8_e4m3,
  double: float64,
  single: float32,
  half: float16,
  tf32: tfloat32,
  bf16: bfloat16,
  fp64: float64,
  fp32: float32,
  fp16: float16,
};

const byName: ReadonlyMap<string, Format> = new Map([
  ...formats.map((format): [string, Format] => [format.name, format]),
  ...Object.entries(aliases),
]);

const customPattern = /^custom\(\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*\)$/;
const saturatePattern = /^(.+)\(saturate\)$/;

/**
 * The format that a text names: "float16", "float8_e4m3fn", "custom(5,10)"; "(saturate)" after a name makes overflow
 * give the largest finite number.
 * @throws UsageError on an unknown name, with the near one.
 */
export function formatNamed(text: string): Format {
  const name = text.trim();
  const saturated = saturatePattern.exec(name);
  if (saturated) return saturating(formatNamed(saturated[1]));
  const found = byName.get(name);
  if (found !== undefined) return found;
  const widths = customPattern.exec(name);
  if (widths) return custom(Number(widths[1]), Number(widths[2]));
  if (name.startsWith("custom")) {
    throw new UsageError(`format '${text}': expected custom(exponent bits, fraction bits), such as custom(5,10)`);
  }
  throw unknown("format", text, [...formats.map((format) => format.name), "float8_e4m3fn", "custom(e,m)"]);
}
