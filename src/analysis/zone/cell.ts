/** One cell of a zone measurement: everything that decides its numbers. */
import { UsageError } from "../../base/errors.ts";
import { showShape, sizeOf } from "../../base/shape.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Comparison, Rule } from "./comparison.ts";
import { checkKinks } from "./layers.ts";
import type { ZoneModel } from "./model.ts";

export interface ZoneCell {
  readonly model: ZoneModel;
  readonly precision: Precision;
  /** First samples of the data set. */
  readonly samples: number;
  readonly batch: number;
  /** How pixels become inputs (default: as the data set's papers do) and are changed; whether in another order per network. */
  readonly normalisation: string | undefined;
  readonly augmentation: string;
  readonly shuffle: boolean;
  readonly comparison: Comparison;
  /** Which backward pass decides a hit, at kinks that have both. */
  readonly variant: Rule;
  /** Initial law and the format in which weights are drawn (papers/relu0 2.7: float32, then cast). */
  readonly init: string;
  readonly draw: "float32" | "format";
  /** The cotangent of the loss: a power of two. */
  readonly lossScale: number;
  /** Scan on after the first hit. */
  readonly all: boolean;
  /** Above which L-infinity sum a difference of tied gradients is a hit; null: it is estimated from the whole scan. */
  readonly tau: number | null;
  /** Mini-batches per network whose noise is measured: the same program on the samples in another order. */
  readonly noise: number;
  /** Differing mini-batches per network that the exact judge looks at. */
  readonly exact: number;
  /** Mini-batches per network, with something on a kink, whose forward is repeated in float64: structure or accident. */
  readonly replay: number;
  readonly seed: number;
}

/** @throws UsageError where the cell cannot be measured on a data set of `available` samples of shape `input`. */
export function checkCell(cell: ZoneCell, available: number, input: readonly number[], classes: number): void {
  const whole = (name: string, value: number, least: number): void => {
    if (!Number.isInteger(value) || value < least) {
      throw new UsageError(`--${name} is ${value}; expected a whole number of at least ${least}`);
    }
  };
  whole("samples", cell.samples, 1);
  whole("batch", cell.batch, 1);
  whole("seed", cell.seed, 0);
  if (cell.samples > available) throw new UsageError(`--samples is ${cell.samples}; the data set has ${available}`);
  if (cell.batch > cell.samples) {
    throw new UsageError(`--batch is ${cell.batch}; it cannot exceed the ${cell.samples} samples`);
  }
  checkInput(cell.model, input, classes);
  // Norms over a 1 x 1 image need two samples.
  checkKinks(
    cell.model.name,
    cell.model.loss(2),
    cell.comparison.settings.map(({ kink }) => kink),
  );
  const scale = Math.log2(cell.lossScale);
  if (!(cell.lossScale > 0) || !Number.isInteger(scale)) {
    throw new UsageError(`--loss-scale is ${cell.lossScale}; expected a power of two such as 2^10`);
  }
  if (cell.tau !== null && !(cell.tau >= 0)) {
    throw new UsageError(`--tau is ${cell.tau}; expected a number of at least 0`);
  }
}

/** A network of one axis takes images of any shape, flattened. @throws UsageError */
export function checkInput(
  { name, input: own, classes: outputs }: ZoneModel,
  input: readonly number[],
  classes: number,
): void {
  const fits = own.length === 1 ? own[0] === sizeOf(input) : showShape(own) === showShape(input);
  if (!fits) {
    const found = own.length === 1 ? sizeOf(input) : showShape(input);
    throw new UsageError(
      `--model ${name} takes ${own.length === 1 ? own[0] : showShape(own)} inputs; the images have ${found}`,
    );
  }
  if (outputs < classes) {
    throw new UsageError(`--model ${name} has ${outputs} outputs; the data set has ${classes} classes`);
  }
}
