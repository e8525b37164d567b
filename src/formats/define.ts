/** Derives every number of a format from its field widths (IEEE 754-2019, 3.3). */
import type { Format } from "./format.ts";

/** Exceptions from the IEEE pattern; `largest` where the top of the range is used differently. */
export interface FormatOptions {
  readonly infinities?: boolean;
  readonly saturate?: boolean;
  readonly largest?: number;
}

/** Bias 2^(exponentBits - 1) - 1; the top exponent is kept for infinity and NaN unless `options` say otherwise. */
export function defineFormat(
  name: string,
  exponentBits: number,
  fractionBits: number,
  options: FormatOptions = {},
): Format {
  const bias = 2 ** (exponentBits - 1) - 1;
  return {
    name,
    bits: 1 + exponentBits + fractionBits,
    exponentBits,
    fractionBits,
    bias,
    infinities: options.infinities ?? true,
    saturate: options.saturate ?? false,
    carrier: exponentBits <= 8 && fractionBits <= 23 ? "float32" : "float64",
    largest: options.largest ?? (2 - 2 ** -fractionBits) * 2 ** bias,
    smallestNormal: 2 ** (1 - bias),
    smallestSubnormal: 2 ** (1 - bias - fractionBits),
    epsilon: 2 ** -fractionBits,
  };
}

/** The same format with overflow to the largest finite number; its name gains "(saturate)". */
export function saturating(format: Format): Format {
  return format.saturate ? format : { ...format, name: `${format.name}(saturate)`, saturate: true };
}

/** Whether rounding a JavaScript number to the format does nothing: float64 and custom(11, 52). */
export function isFloat64(format: Format): boolean {
  return format.exponentBits === 11 && format.fractionBits === 52 && format.infinities && !format.saturate;
}

/** Whether Math.fround is rounding to the format: float32 and custom(8, 23). */
export function isFloat32(format: Format): boolean {
  return format.exponentBits === 8 && format.fractionBits === 23 && format.infinities && !format.saturate;
}
