/** Mini-batches of a data set in file order, as the networks read them. */
import type { ImageSet } from "../../data/image-set.ts";
import { formatOf } from "../../formats/precision.ts";
import { rounder } from "../../formats/round.ts";
import type { ZoneCell } from "./cell.ts";
import type { ZoneNetwork } from "./network.ts";

export class BatchSource {
  readonly #data: ImageSet;
  readonly #table: Float64Array;

  /** pixel / 255 in float32, rounded to the format. */
  constructor(data: ImageSet, cell: ZoneCell) {
    this.#data = data;
    const round = rounder(formatOf(cell.precision, "store"), "nearest", cell.precision.flush);
    this.#table = Float64Array.from({ length: 256 }, (_, pixel) => round(Math.fround(pixel / 255)));
  }

  /**
   * Writes `count` samples from number `first` on into `x` and `labels`.
   * @param order Places of the samples in the mini-batch; default: as they come.
   */
  write(network: ZoneNetwork, first: number, count: number, order?: ArrayLike<number>): void {
    const { images, labels, channels, height, width } = this.#data;
    const inputs = channels * height * width;
    const x = network.engine.buffer("x");
    const y = network.engine.buffer("labels");
    const table = this.#table;
    for (let place = 0; place < count; place++) {
      const sample = first + (order === undefined ? place : order[place]);
      const [from, to] = [sample * inputs, place * inputs];
      for (let i = 0; i < inputs; i++) x[to + i] = table[images[from + i]];
      y[place] = labels[sample];
    }
  }
}
