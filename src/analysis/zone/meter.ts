/** Measures networks of one cell after another, keeping what was compiled. */
import type { Images } from "../../data/image-set.ts";
import { BatchLoader } from "../../data/loader.ts";
import { formatOf } from "../../formats/precision.ts";
import { rounder } from "../../formats/round.ts";
import { checkCell, type ZoneCell } from "./cell.ts";
import { type ZoneNetwork, zoneNetwork } from "./network.ts";
import { type Scan, scan } from "./scan.ts";

export class ZoneMeter {
  readonly #cell: ZoneCell;
  readonly #loader: BatchLoader;
  readonly #networks = new Map<number, ZoneNetwork>();
  readonly #backend: string;

  /** @throws UsageError where the cell does not fit the data. */
  constructor(data: Images, cell: ZoneCell, backend = "auto") {
    checkCell(cell, data.count, [data.channels, data.height, data.width], data.classes);
    this.#cell = cell;
    this.#backend = backend;
    this.#loader = loaderOf(data, cell);
  }

  /** Scans the network number `index` of the cell's seed: the same network for every precision, batch and sample count. */
  scan(index: number, stopped?: () => boolean): Scan {
    const { model, init, draw, seed, precision } = this.#cell;
    const weights = model.draw({ law: init, draw, format: precision.store }, seed, index);
    return scan((batch) => this.#network(batch), this.#cell, this.#loader, weights, index, stopped);
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

/** The cell's mini-batches, rounded to its format. */
export function loaderOf(data: Images, { batch, samples, seed, precision, ...cell }: ZoneCell): BatchLoader {
  const { normalisation, augmentation, shuffle } = cell;
  const round = rounder(formatOf(precision, "store"), "nearest", precision.flush);
  const scaling = normalisation === undefined ? {} : { normalisation };
  return new BatchLoader(data, { batch, samples, seed, augmentation, shuffle, round, ...scaling });
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
