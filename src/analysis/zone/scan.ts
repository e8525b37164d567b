/** One random network scanned over a data set: on which mini-batches does the choice at the kinks matter? */

import type { Carrier } from "../../backends/backend.ts";
import { stream } from "../../base/random.ts";
import type { BatchLoader, FloatArray } from "../../data/loader.ts";
import type { ZoneCell } from "./cell.ts";
import { type Distance, distance, zeroShare } from "./difference.ts";
import { gradientsOf, type Hit, judge } from "./hit.ts";
import type { KinkLayer } from "./layers.ts";
import type { ZoneNetwork } from "./network.ts";
import { freeze } from "./replay.ts";

/** What was counted at one kink instance, over all mini-batches. */
export interface LayerCount {
  /** `<kink>@<node>` */
  readonly layer: string;
  readonly compared: boolean;
  /** Elements seen; of pools: windows. */
  readonly elements: number;
  readonly on: number;
  /** Of those, the ones that may reach a parameter: not silenced by a rectifier beside them. */
  readonly reaching: number;
  /** On the kink in float64 too, with the same rounded weights and images, out of the `examined` elements. */
  readonly structural: number;
  readonly examined: number;
  /** Ties by the value tied for; null for kinks that are no ties. */
  readonly atZero: number | null;
  readonly positive: number | null;
}

export interface Scan {
  /** Mini-batches and samples scanned. */
  readonly batches: number;
  readonly scanned: number;
  /** Number of the mini-batch of the first hit, in any parameter and in the first layer's weights; null if none. */
  readonly firstHit: number | null;
  readonly firstHitFirstLayer: number | null;
  /** Mini-batches with an element on a compared kink; those with one that may reach a parameter: only they needed a second pullback. */
  readonly occur: number;
  readonly reaching: number;
  /** Mini-batches where `product` differs and `overwrite` does not, or the reverse (papers/relu0 C17: none). */
  readonly variantsDisagree: number;
  /** Every mini-batch whose gradients differ. */
  readonly hits: readonly Hit[];
  /** Every kink instance that was counted, in program order. */
  readonly layers: readonly LayerCount[];
  /** Per layer with a kink at 0: exact zeros, those that are zero in float64 too, NaN, and elements seen. */
  readonly zeros: readonly number[];
  readonly structuralZeros: readonly number[];
  readonly nan: readonly number[];
  readonly elements: readonly number[];
  /** Per weight, on the first mini-batch: share of zero gradient entries, and of those zero in float64 too. */
  readonly underflow: readonly number[];
  readonly underflowFloat64: readonly number[];
  /** Distance of the kept gradient from itself on the same samples in another order, for the first mini-batches. */
  readonly noise: readonly Distance[];
  readonly seconds: number;
}

export type Weights = Readonly<Record<string, ArrayLike<number>>>;

interface Counter {
  on: number;
  reaching: number;
  structural: number;
  examined: number;
  nan: number;
  elements: number;
  atZero: number;
  positive: number;
}

/** Counts per layer, added up over mini-batches. */
class Counts {
  readonly #counters: Counter[] = [];
  /** Networks whose float64 replay has the weights. */
  readonly #loaded = new Set<ZoneNetwork>();
  #layers: readonly KinkLayer[] = [];

  /**
   * Adds the forward in the arena.
   * @param examine Whether a float64 forward may tell structure from accident: it is run where something is on a kink.
   * @returns The elements on compared kinks, and those that may reach a parameter.
   */
  add(network: ZoneNetwork, examine: boolean, weights: Weights): { readonly on: number; readonly reaching: number } {
    const { layers, engine } = network;
    this.#layers = layers;
    const read = (name: string | undefined): number => (name === undefined ? 0 : engine.buffer(name)[0]);
    const seen = { on: 0, reaching: 0 };
    let any = false;
    layers.forEach((layer, i) => {
      this.#counters[i] ??= {
        on: 0,
        reaching: 0,
        structural: 0,
        examined: 0,
        nan: 0,
        elements: 0,
        atZero: 0,
        positive: 0,
      };
      const counter = this.#counters[i];
      const [on, reaching] = [read(layer.on), read(layer.reaching)];
      counter.on += on;
      counter.reaching += reaching;
      counter.nan += read(layer.nan);
      counter.elements += layer.total;
      counter.atZero += read(layer.atZero);
      counter.positive += read(layer.positive);
      if (on > 0) any = true;
      if (!layer.compared) return;
      seen.on += on;
      seen.reaching += reaching;
    });
    if (examine && any) this.#addStructural(network, this.#replayed(network, weights));
    if (examine || !any) for (const [i, { total }] of layers.entries()) this.#counters[i].examined += total;
    return seen;
  }

  /** The float64 forward of the samples in the arena. */
  #replayed(network: ZoneNetwork, weights: Weights): ZoneNetwork["engine"] {
    const replay = network.replay();
    const known = this.#loaded.has(network) ? [] : Object.keys(weights);
    this.#loaded.add(network);
    for (const name of [...known, "x", "labels"]) replay.write(name, network.engine.buffer(name));
    replay.run("forward");
    return replay;
  }

  /** Adds what is on its kink in a float64 forward too: all-zero inputs and equal patches, not accidents of rounding. */
  #addStructural({ layers, engine }: ZoneNetwork, replay: ZoneNetwork["engine"]): void {
    layers.forEach((layer, i) => {
      if (!layer.tie && !layer.kink.endsWith(".zero")) return;
      const [low, high] = [engine.buffer(layer.tested), replay.buffer(layer.tested)];
      const on = layer.tie ? (x: number) => x > 1 : (x: number) => x === 0;
      let count = 0;
      for (let place = 0; place < low.length; place++) if (on(low[place]) && on(high[place])) count++;
      this.#counters[i].structural += count;
    });
  }

  layers(): LayerCount[] {
    return this.#layers.map(({ kink, node, compared, tie }, i) => {
      const { on, reaching, structural, examined, elements, atZero, positive } = this.#counters[i];
      const values = tie ? { atZero, positive } : { atZero: null, positive: null };
      return { layer: `${kink}@${node}`, compared, elements, on, reaching, structural, examined, ...values };
    });
  }

  zeros(of: keyof Counter): number[] {
    return this.#counters.filter((_, i) => this.#layers[i].kink.endsWith(".zero")).map((counter) => counter[of]);
  }
}

/** Share of zero entries in the gradient of each weight (not bias), stored and on the float64 replay of the pullback. */
function underflow(network: ZoneNetwork, weights: readonly string[]): { stored: number[]; float64: number[] } {
  freeze(network);
  network.replay().run("kept");
  const share = (engine: ZoneNetwork["engine"]): number[] =>
    weights.map((parameter) => zeroShare(engine.buffer(network.gradient("kept", parameter))));
  return { stored: share(network.engine), float64: share(network.replay()) };
}

/** Whether a mini-batch is a hit: for ties above the threshold, else any difference. */
export function isHit(cell: ZoneCell, { d }: Hit): boolean {
  return !cell.comparison.ties || (cell.tau !== null && d.linf > cell.tau);
}

/**
 * Scans one network over the cell's samples; stops at the first hit unless `cell.all`.
 * @param networkOf The compiled network for a mini-batch size: the last mini-batch may be smaller.
 * @param index Number of the network: the epoch whose order and augmentation it sees, where there are any.
 * @param stopped Asked before each mini-batch.
 */
export function scan(
  networkOf: (batch: number) => ZoneNetwork,
  cell: ZoneCell,
  loader: BatchLoader,
  weights: Weights,
  index = 0,
  stopped: () => boolean = () => false,
): Scan {
  const start = performance.now();
  const loaded = new Set<ZoneNetwork>();
  const load = (network: ZoneNetwork): void => {
    if (loaded.has(network)) return;
    loaded.add(network);
    for (const [name, values] of Object.entries(weights)) network.engine.write(name, values);
    // A power of two is exact in every carrier, also where the format itself cannot hold it (2^12 in float8_e4m3).
    network.engine.buffer("d:loss")[0] = cell.lossScale;
  };
  const counts = new Counts();
  const hits: Hit[] = [];
  const noise: Distance[] = [];
  let [batches, scanned, occur, reaching, variantsDisagree, examined] = [0, 0, 0, 0, 0, 0];
  let shares = { stored: [] as number[], float64: [] as number[] };
  while (batches < loader.batches && !stopped()) {
    const size = loader.size(batches);
    const network = networkOf(size);
    load(network);
    loader.write(
      index,
      batches,
      network.engine.buffer("x") as FloatArray,
      network.engine.buffer("labels") as Int32Array,
    );
    network.engine.run("forward");
    const examine = examined < cell.exact;
    const seen = counts.add(network, examine, weights);
    const needed = seen.reaching > 0 || !network.local;
    const noisy = noise.length < cell.noise;
    if (needed || batches === 0 || noisy) network.engine.run("kept");
    if (batches === 0) shares = underflow(network, cell.model.weights);
    if (seen.on > 0) occur++;
    if (needed) {
      reaching++;
      examined++;
      const { hit, disagree } = judge(network, cell, batches, examine);
      if (disagree) variantsDisagree++;
      if (hit !== undefined) hits.push(hit);
    }
    if (noisy) noise.push(noiseOf(network, stream(cell.seed, `noise/${index}/${batches}`).permutation(size)));
    batches++;
    scanned += size;
    if (!cell.all && hits.length > 0 && isHit(cell, hits[hits.length - 1])) break;
  }
  const counting = hits.filter((hit) => isHit(cell, hit));
  return {
    batches,
    scanned,
    firstHit: counting[0]?.batch ?? null,
    firstHitFirstLayer: counting.find((hit) => hit.firstLayer)?.batch ?? null,
    occur,
    reaching,
    variantsDisagree,
    hits,
    layers: counts.layers(),
    zeros: counts.zeros("on"),
    structuralZeros: counts.zeros("structural"),
    nan: counts.zeros("nan"),
    elements: counts.zeros("elements"),
    underflow: shares.stored,
    underflowFloat64: shares.float64,
    noise,
    seconds: (performance.now() - start) / 1000,
  };
}

/**
 * What identical programs differ by where sums are taken in another order: the same samples permuted, so that the blocks of every
 * sum over them are. Leaves the permuted mini-batch in the arena.
 */
function noiseOf(network: ZoneNetwork, order: ArrayLike<number>): Distance {
  const before = gradientsOf(network, "kept").map((gradient) => Float64Array.from(gradient));
  for (const name of ["x", "labels"]) permuteRows(network.engine.buffer(name), order);
  network.engine.run("forward");
  network.engine.run("kept");
  return distance(before, gradientsOf(network, "kept"));
}

function permuteRows(values: Carrier, order: ArrayLike<number>): void {
  const rows = values.slice();
  const length = values.length / order.length;
  for (let row = 0; row < order.length; row++) {
    values.set(rows.subarray(order[row] * length, (order[row] + 1) * length), row * length);
  }
}
