/** The windows of a pool that tie, entry by entry: where, for which value, and whether the tied entries see the same patch. */
import type { Program } from "../../ir/program.ts";
import { type Windows, windowsOf } from "../../ops/window.ts";
import { type Field, type Image, sameField } from "./field.ts";

/** Ties of a pool by what is tied (papers/maxpool 2.6). The last three split `positive`. */
export interface TieClasses {
  readonly windows: number;
  readonly ties: number;
  readonly atZero: number;
  readonly positive: number;
  /** The tied entries see equal fields in the image: every layer below multiplies the gradient with the same numbers. */
  readonly sameField: number;
  /** They see equal patches in the convolution before, but not equal fields. */
  readonly samePatch: number;
  /** Unrelated numbers that are equal. */
  readonly different: number;
}

/** A window with more than one maximum. */
export interface Tie {
  readonly image: number;
  readonly channel: number;
  readonly value: number;
  /** Tied entries, [row, column] in the pool's operand. */
  readonly entries: readonly (readonly [row: number, column: number])[];
}

/** The windows of a pool over images; undefined for ops that are none. */
export function poolWindows(
  program: Program,
  op: string,
  operand: number,
  options: Program["nodes"][number]["options"],
): Windows | undefined {
  const { shape } = program.values[operand];
  if (shape.length !== 4) return undefined;
  if (op === "globalMaxPool") return windowsOf(op, shape, { window: shape.slice(2), stride: null, padding: 0 });
  return options.window === undefined ? undefined : windowsOf(op, shape, options);
}

/** Every tied window of a pool's operand [images, channels, height, width], in row-major order. NaN ties with NaN. */
export function* tiesOf({ data, shape: [images, channels, height, width] }: Image, windows: Windows): Generator<Tie> {
  const { window, stride, padding, count } = windows;
  for (let image = 0; image < images; image++) {
    for (let channel = 0; channel < channels; channel++) {
      const base = (image * channels + channel) * height * width;
      for (let place = 0; place < count[0] * count[1]; place++) {
        const top = Math.floor(place / count[1]) * stride[0] - padding[0];
        const left = (place % count[1]) * stride[1] - padding[1];
        let value = Number.NEGATIVE_INFINITY;
        let entries: (readonly [number, number])[] = [];
        for (let row = Math.max(0, top); row < Math.min(height, top + window[0]); row++) {
          for (let column = Math.max(0, left); column < Math.min(width, left + window[1]); column++) {
            const x = data[base + row * width + column];
            if (x > value || (Number.isNaN(x) && !Number.isNaN(value))) [value, entries] = [x, []];
            if (x === value || (Number.isNaN(x) && Number.isNaN(value))) entries.push([row, column]);
          }
        }
        if (entries.length > 1) yield { image, channel, value, entries };
      }
    }
  }
}

/** What patches and fields are compared in; each undefined where the network has none. */
export interface Origins {
  readonly patch: { readonly image: Image; readonly field: Field } | undefined;
  readonly field: { readonly image: Image; readonly field: Field } | undefined;
}

/** Counts the ties of a pool by class; without a convolution before it every positive tie is `different`. */
export function classifyTies(operand: Image, windows: Windows, { patch, field }: Origins): TieClasses {
  let [ties, atZero, positive, fields, patches] = [0, 0, 0, 0, 0];
  for (const { image, value, entries } of tiesOf(operand, windows)) {
    ties++;
    if (value === 0) atZero++;
    if (!(value > 0)) continue;
    positive++;
    const [first, ...others] = entries;
    const same = (origin: Origins["patch"], outside: "zero" | "apart"): boolean =>
      origin !== undefined &&
      others.every((other) => sameField(origin.image, origin.field, image, first, other, outside));
    if (same(field, "apart")) fields++;
    else if (same(patch, "zero")) patches++;
  }
  const total = operand.shape[0] * operand.shape[1] * windows.count[0] * windows.count[1];
  return {
    windows: total,
    ties,
    atZero,
    positive,
    sameField: fields,
    samePatch: patches,
    different: positive - fields - patches,
  };
}
