/** Which part of an earlier array an entry depends on: the patch that a convolution multiplies, or the field in the image. */
import type { Node, Program } from "../../ir/program.ts";
import { convolutionOf } from "../../ops/convolution.ts";
import { windowsOf } from "../../ops/window.ts";

/** Along one axis, entry h depends on the places h * step + first .. h * step + last; some may lie in the padding. */
export interface Reach {
  readonly step: number;
  readonly first: number;
  readonly last: number;
}

export interface Field {
  /** The array [images, channels, height, width] that is reached. */
  readonly value: number;
  readonly rows: Reach;
  readonly columns: Reach;
}

const itself: Reach = { step: 1, first: 0, last: 0 };

/** A window of `size` places, `gap` apart, that moves by `step` over a padded axis. */
function through({ step: own, first, last }: Reach, step: number, padding: number, size: number, gap = 1): Reach {
  return { step: own * step, first: first * step - padding, last: last * step - padding + (size - 1) * gap };
}

const union = (a: Reach, b: Reach): Reach => ({
  ...a,
  first: Math.min(a.first, b.first),
  last: Math.max(a.last, b.last),
});

/** The operand of a windowed op and how far it reaches; undefined for other ops. */
function windowed(program: Program, node: Node, { rows, columns }: Field): Field | undefined {
  const [value] = node.inputs;
  const { shape } = program.values[value];
  if (node.op === "conv2d") {
    const { kernel, stride, padding, dilation } = convolutionOf(
      node.op,
      shape,
      program.values[node.inputs[1]].shape,
      node.options,
    );
    const along = (reach: Reach, axis: 0 | 1): Reach =>
      through(reach, stride[axis], padding[axis], kernel[axis], dilation[axis]);
    return { value, rows: along(rows, 0), columns: along(columns, 1) };
  }
  if (node.options.window === undefined) return undefined;
  const { window, stride, padding } = windowsOf(node.op, shape, node.options);
  const along = (reach: Reach, axis: 0 | 1): Reach => through(reach, stride[axis], padding[axis], window[axis]);
  return { value, rows: along(rows, 0), columns: along(columns, 1) };
}

/** The images among a node's operands: those of the shape of its result. */
function images(program: Program, node: Node): readonly number[] {
  const shape = `${program.values[node.outputs[0]].shape}`;
  return node.inputs.filter((value) => `${program.values[value].shape}` === shape);
}

function trace(program: Program, field: Field, until: (node: Node | undefined) => boolean): Field | undefined {
  const node = program.nodes.find(({ outputs }) => outputs.includes(field.value));
  if (until(node)) return node === undefined ? field : windowed(program, node, field);
  if (node === undefined) return undefined;
  const further = windowed(program, node, field);
  if (further !== undefined) return trace(program, further, until);
  const found = images(program, node).map((value) => trace(program, { ...field, value }, until));
  if (found.length === 0) return undefined;
  return found.reduce((a, b) => {
    const same = a !== undefined && b !== undefined && a.value === b.value && a.rows.step === b.rows.step;
    return same ? { value: a.value, rows: union(a.rows, b.rows), columns: union(a.columns, b.columns) } : undefined;
  });
}

const start = (value: number): Field => ({ value, rows: itself, columns: itself });

/** The patch of the convolution that makes `value`, seen through ops that act on each entry alone; undefined where there is none. */
export function patchOf(program: Program, value: number): Field | undefined {
  return trace(program, start(value), (node) => node?.op === "conv2d");
}

/** The field of `value` in an input of the program; undefined where it does not come from images alone. */
export function fieldOf(program: Program, value: number): Field | undefined {
  return trace(program, start(value), (node) => node === undefined);
}

export interface Image {
  readonly data: ArrayLike<number>;
  /** [images, channels, height, width] */
  readonly shape: readonly number[];
}

/**
 * Whether two places see the same numbers in one image, in all channels. Outside of the image: 0, as a convolution pads, or
 * (`outside: "apart"`) something that equals nothing inside, since inner layers pad with zeros that the image does not have.
 */
export function sameField(
  { data, shape: [, channels, height, width] }: Image,
  { rows, columns }: Field,
  image: number,
  a: readonly [row: number, column: number],
  b: readonly [row: number, column: number],
  outside: "zero" | "apart",
): boolean {
  const padding = outside === "zero" ? 0 : Number.NaN;
  const at = (channel: number, row: number, column: number): number => {
    const inside = row >= 0 && row < height && column >= 0 && column < width;
    return inside ? data[((image * channels + channel) * height + row) * width + column] : padding;
  };
  for (let row = rows.first; row <= rows.last; row++) {
    for (let column = columns.first; column <= columns.last; column++) {
      for (let channel = 0; channel < channels; channel++) {
        const x = at(channel, a[0] * rows.step + row, a[1] * columns.step + column);
        const y = at(channel, b[0] * rows.step + row, b[1] * columns.step + column);
        if (x !== y && !(Number.isNaN(x) && Number.isNaN(y))) return false;
      }
    }
  }
  return true;
}
