/** Measures networks of one cell after another, keeping what was compiled. */
import type { ImageSet } from "../../data/image-set.ts";
import { BatchSource } from "./batches.ts";
import { checkCell, type ZoneCell } from "./cell.ts";
import { type ZoneNetwork, zoneNetwork } from "./network.ts";
import { type Scan, scan } from "./scan.ts";

export class ZoneMeter {
  readonly #data: ImageSet;
  readonly #cell: ZoneCell;
  readonly #source: BatchSource;
  readonly #networks = new Map<number, ZoneNetwork>();
  readonly #backend: string;

  /** @throws UsageError where the cell does not fit the data. */
  constructor(data: ImageSet, cell: ZoneCell, backend = "auto") {
    checkCell(cell, data.count, [data.channels, data.height, data.width], data.classes);
    this.#data = data;
    this.#cell = cell;
    this.#backend = backend;
    this.#source = new BatchSource(this.#data, cell);
  }

  /** Scans the network number `index` of the cell's seed: the same network for every precision, batch and sample count. */
  scan(index: number, stopped?: () => boolean): Scan {
    const { model, init, draw, seed, precision } = this.#cell;
    const weights = model.draw({ law: init, draw, format: precision.store }, seed, index);
    return scan((batch) => this.#network(batch), this.#cell, this.#source, weights, index, stopped);
  }

  dispose(): void {
    for (const network of this.#networks.values()) network.dispose();
    this.#networks.clear();
  }

  #network(batch: number): ZoneNetwork {
    const known = this.#networks.get(batch);
    if (known !== undefined) return known;
    const { model, comparison, precision } = this.#cell;
    const kinks = comparison.settings.map(({ kink }) => kink);
    const made = zoneNetwork(model, batch, comparison.conventions, kinks, precision, this.#backend);
    this.#networks.set(batch, made);
    return made;
  }
}

let kept: { readonly key: string; readonly meter: ZoneMeter } | undefined;

/** The meter that `key` stands for: made once for all networks of a cell in a row, disposed of when another cell comes. */
export function keptMeter(key: string, make: () => ZoneMeter): ZoneMeter {
  if (kept?.key !== key) {
    kept?.meter.dispose();
    kept = undefined;
    kept = { key, meter: make() };
  }
  return kept.meter;
}
