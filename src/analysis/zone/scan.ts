/** One random network scanned over a data set: on which mini-batches does the choice at the kink matter? */
import type { ImageSet } from "../../data/image-set.ts";
import { formatOf } from "../../formats/precision.ts";
import { rounder } from "../../formats/round.ts";
import type { ZoneCell } from "./cell.ts";
import { difference, differs, zeroShare } from "./difference.ts";
import type { PullbackName, ZoneNetwork } from "./network.ts";
import { bifurcates, freeze } from "./replay.ts";

/**
 * Size of the change of the first layer's weight gradient relative to the kept one (papers/relu0 E3), in three norms, and
 * of all parameters' in L2; null where the kept gradient is zero.
 */
export interface Change {
  readonly l1: number | null;
  readonly l2: number | null;
  readonly max: number | null;
  readonly all: number | null;
}

/** A mini-batch whose gradient depends on the choice. */
export interface Hit {
  readonly batch: number;
  /** Whether the first layer's weights see it: the published test (papers/relu0 2.6). */
  readonly firstLayer: boolean;
  readonly bifurcates: boolean;
  readonly product: Change;
  readonly overwrite: Change;
}

export interface Scan {
  /** Mini-batches and samples scanned. */
  readonly batches: number;
  readonly scanned: number;
  /** Number of the mini-batch of the first hit, in any parameter and in the first layer's weights; null if none. */
  readonly firstHit: number | null;
  readonly firstHitFirstLayer: number | null;
  /** Mini-batches with an element on the kink. */
  readonly occur: number;
  /** Mini-batches where `product` differs and `overwrite` does not, or the reverse (C17: none). */
  readonly variantsDisagree: number;
  readonly hits: readonly Hit[];
  /** Per ReLU layer: exact zeros, those that are zero in float64 too, NaN, and elements seen. */
  readonly zeros: readonly number[];
  readonly structuralZeros: readonly number[];
  readonly nan: readonly number[];
  readonly elements: readonly number[];
  /** Per weight, on the first mini-batch: share of zero gradient entries, and of those zero in float64 too. */
  readonly underflow: readonly number[];
  readonly underflowFloat64: readonly number[];
  readonly seconds: number;
}

/** What is stored of a scan: the same on every machine. */
export type ScanRecord = Omit<Scan, "seconds">;

export type Weights = Readonly<Record<string, ArrayLike<number>>>;

/** Writes mini-batches in file order: pixel / 255 in float32, rounded to the format. */
export class BatchSource {
  readonly #data: ImageSet;
  readonly #table: Float64Array;

  constructor(data: ImageSet, cell: ZoneCell) {
    this.#data = data;
    const round = rounder(formatOf(cell.precision, "store"), "nearest", cell.precision.flush);
    this.#table = Float64Array.from({ length: 256 }, (_, pixel) => round(Math.fround(pixel / 255)));
  }

  write(network: ZoneNetwork, first: number, count: number): void {
    const { images, labels, channels, height, width } = this.#data;
    const inputs = channels * height * width;
    const x = network.engine.buffer("x");
    const table = this.#table;
    const start = first * inputs;
    for (let i = 0; i < count * inputs; i++) x[i] = table[images[start + i]];
    network.engine.buffer("labels").set(labels.subarray(first, first + count));
  }
}

const gradientsOf = (network: ZoneNetwork, pullback: PullbackName, engine = network.engine): ArrayLike<number>[] =>
  network.parameters.map((parameter) => engine.buffer(network.gradient(pullback, parameter)));

/** Elements on the kink that are zero in float64 too, per layer: all-zero inputs, not accidents of rounding. */
function structural(network: ZoneNetwork): number[] {
  const replay = network.replay();
  for (const name of ["x", "labels"]) replay.write(name, network.engine.buffer(name));
  replay.run("forward");
  return network.census.map(({ preActivation }) => {
    const [low, high] = [network.engine.buffer(preActivation), replay.buffer(preActivation)];
    let count = 0;
    for (let i = 0; i < low.length; i++) if (low[i] === 0 && high[i] === 0) count++;
    return count;
  });
}

/** Share of zero entries in the gradient of each weight (not bias), stored and on the float64 replay of the pullback. */
function underflow(network: ZoneNetwork): { stored: number[]; float64: number[] } {
  freeze(network);
  network.replay().run("kept");
  const weights = network.parameters.filter((parameter) => parameter.startsWith("w"));
  const share = (engine: ZoneNetwork["engine"]): number[] =>
    weights.map((parameter) => zeroShare(engine.buffer(network.gradient("kept", parameter))));
  return { stored: share(network.engine), float64: share(network.replay()) };
}

function changeOf(kept: readonly ArrayLike<number>[], other: readonly ArrayLike<number>[]): Change {
  const first = difference(kept.slice(0, 1), other.slice(0, 1));
  const all = difference(kept, other);
  const relative = (change: number, reference: number): number | null => (reference > 0 ? change / reference : null);
  return {
    l1: relative(first.l1, first.reference.l1),
    l2: relative(first.l2, first.reference.l2),
    max: relative(first.max, first.reference.max),
    all: relative(all.l2, all.reference.l2),
  };
}

/** Runs the other pullbacks on the mini-batch in the arena; `kept` has run. */
function judge(network: ZoneNetwork, cell: ZoneCell, batch: number, size: number): { hit?: Hit; disagree: boolean } {
  for (const pullback of ["product", "overwrite"] as const) network.engine.run(pullback);
  const kept = gradientsOf(network, "kept");
  const others = { product: gradientsOf(network, "product"), overwrite: gradientsOf(network, "overwrite") };
  const differ = { product: differs(kept, others.product), overwrite: differs(kept, others.overwrite) };
  const disagree = differ.product !== differ.overwrite;
  if (!differ[cell.variant]) return { disagree };
  freeze(network);
  const hit: Hit = {
    batch,
    firstLayer: differs(kept.slice(0, 1), others[cell.variant].slice(0, 1)),
    bifurcates: bifurcates(network, cell, size),
    product: changeOf(kept, others.product),
    overwrite: changeOf(kept, others.overwrite),
  };
  return { hit, disagree };
}

/**
 * Scans one network over the cell's samples; stops at the first hit unless `cell.all`.
 * @param networkOf The compiled network for a mini-batch size: the last mini-batch may be smaller.
 * @param stopped Asked before each mini-batch.
 */
export function scan(
  networkOf: (batch: number) => ZoneNetwork,
  cell: ZoneCell,
  source: BatchSource,
  weights: Weights,
  stopped: () => boolean = () => false,
): Scan {
  const start = performance.now();
  const loaded = new Set<ZoneNetwork>();
  const load = (network: ZoneNetwork): void => {
    if (loaded.has(network)) return;
    loaded.add(network);
    for (const [name, values] of Object.entries(weights)) {
      network.engine.write(name, values);
      network.replay().write(name, network.engine.buffer(name));
    }
    // A power of two is exact in every carrier, also where the format itself cannot hold it (2^12 in float8_e4m3).
    for (const engine of [network.engine, network.replay()]) engine.buffer("d:loss")[0] = cell.lossScale;
  };
  const layers = networkOf(cell.batch).census.length;
  const perLayer = (): number[] => new Array<number>(layers).fill(0);
  const [zeros, structuralZeros, nan, elements] = [perLayer(), perLayer(), perLayer(), perLayer()];
  const hits: Hit[] = [];
  let [batches, scanned, occur, variantsDisagree] = [0, 0, 0, 0];
  let shares = { stored: [] as number[], float64: [] as number[] };
  while (scanned < cell.samples && !stopped()) {
    const size = Math.min(cell.batch, cell.samples - scanned);
    const network = networkOf(size);
    load(network);
    source.write(network, scanned, size);
    network.engine.run("forward");
    let onKink = 0;
    network.census.forEach((layer, i) => {
      const count = network.engine.buffer(layer.name)[0];
      zeros[i] += count;
      onKink += count;
      nan[i] += network.engine.buffer(layer.nan)[0];
      elements[i] += layer.total;
    });
    if (onKink > 0 || batches === 0) network.engine.run("kept");
    if (batches === 0) shares = underflow(network);
    if (onKink > 0) {
      occur++;
      structural(network).forEach((count, i) => {
        structuralZeros[i] += count;
      });
      const { hit, disagree } = judge(network, cell, batches, size);
      if (disagree) variantsDisagree++;
      if (hit !== undefined) hits.push(hit);
    }
    batches++;
    scanned += size;
    if (hits.length > 0 && !cell.all) break;
  }
  return {
    batches,
    scanned,
    firstHit: hits[0]?.batch ?? null,
    firstHitFirstLayer: hits.find((hit) => hit.firstLayer)?.batch ?? null,
    occur,
    variantsDisagree,
    hits,
    zeros,
    structuralZeros,
    nan,
    elements,
    underflow: shares.stored,
    underflowFloat64: shares.float64,
    seconds: (performance.now() - start) / 1000,
  };
}
