/** One cell of a zone measurement: everything that decides its numbers. */
import { UsageError } from "../../base/errors.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Mlp } from "../../nn/architecture.ts";

export interface ZoneCell {
  readonly mlp: Mlp;
  readonly precision: Precision;
  /** First samples of the data set, in file order. */
  readonly samples: number;
  readonly batch: number;
  /** The two values of ReLU'(0); the second is also compared by overwriting. */
  readonly choices: readonly [number, number];
  /** Which of the two backward passes decides a hit. */
  readonly variant: "product" | "overwrite";
  /** Initial law and the format in which weights are drawn (papers/relu0 2.7: float32, then cast). */
  readonly init: string;
  readonly draw: "float32" | "format";
  /** The cotangent of the loss: a power of two. */
  readonly lossScale: number;
  /** Scan on after the first hit. */
  readonly all: boolean;
  readonly seed: number;
}

/** @throws UsageError where the cell cannot be measured on a data set of `available` samples of `inputs` pixels. */
export function checkCell(cell: ZoneCell, available: number, inputs: number, classes: number): void {
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
  const { sizes, name } = cell.mlp;
  if (sizes[0] !== inputs) throw new UsageError(`--model ${name} takes ${sizes[0]} inputs; the images have ${inputs}`);
  const outputs = sizes[sizes.length - 1];
  if (outputs < classes)
    throw new UsageError(`--model ${name} has ${outputs} outputs; the data set has ${classes} classes`);
  const scale = Math.log2(cell.lossScale);
  if (!(cell.lossScale > 0) || !Number.isInteger(scale)) {
    throw new UsageError(`--loss-scale is ${cell.lossScale}; expected a power of two such as 2^10`);
  }
}
