/** The claims of E4: their rules and margins. */
import { clopperPearson, fisherExact } from "../../src/analysis/statistics.ts";
import type { Claim, Evaluation } from "../../src/lab/experiment.ts";
import { above, agreement, type ScanRow, type ScanStored, type ScanTrial } from "../zone-scan.ts";
import { batchModel, batchSizes, cellRows, depths, tauOf } from "./volume-cells.ts";

type VolumeClaim = Claim<ScanTrial, ScanStored>;

interface Count {
  readonly hits: number;
  readonly batches: number;
  readonly text: string;
}

function count(rows: readonly ScanRow[], model: string, batch: number, format: string): Count {
  const { hits, batches } = above(cellRows(rows, model, batch, format), tauOf(format));
  return { hits, batches, text: batches === 0 ? "not run" : `${((100 * hits) / batches).toFixed(1)} % of ${batches}` };
}

/** `more` has a larger share than `less`: holds or fails where Fisher's exact test says so at 5 %, else undecided. */
function larger(more: Count, less: Count, ours: string): Evaluation {
  if (more.batches === 0 || less.batches === 0) return { verdict: "undecided", ours };
  const { twoSided: p } = fisherExact(more.hits, more.batches, less.hits, less.batches);
  const text = `${ours}; p = ${p.toPrecision(2)}`;
  if (p >= 0.05) return { verdict: "undecided", ours: text };
  return { verdict: more.hits / more.batches > less.hits / less.batches ? "holds" : "fails", ours: text };
}

/** Mean of the five published draws of VGG11, batch 128, 32 bits: 55.2, 48.6, 54.0, 48.85, 49.1. */
const publishedMean = 51.2;
const margin = 15;

const shares: VolumeClaim = {
  id: "maxpool/4",
  statement: "VGG11-CIFAR10 bifurcation share at init, batch 128: always in 16 bits, about half in 32, never in 64",
  published: "100 % (fp16, tau 1e-3); about 50-55 % (fp32, tau 1e-7); 0 % (fp64, tau 1e-15)",
  rule: `L-infinity sums, the paper's tau: 16 bits at least 99 %, 64 bits none, 32 bits within ${margin} points of ${publishedMean} % (mean of five published draws), draws taken together; at least 391 mini-batches in 16 and in 32 bits and 40 in 64`,
  evaluate(rows) {
    const [half, single, double] = ["float16", "float32", "float64"].map((format) => count(rows, "vgg11", 128, format));
    const ours = `fp16 ${half.text}; fp32 ${single.text}${interval(single)}; fp64 ${double.text}`;
    if (half.batches < 391 || single.batches < 391 || double.batches < 40) return { verdict: "undecided", ours };
    const near = Math.abs((100 * single.hits) / single.batches - publishedMean) <= margin;
    const holds = half.hits / half.batches >= 0.99 && double.hits === 0 && near;
    return { verdict: holds ? "holds" : "fails", ours };
  },
};

function interval({ hits, batches }: Count): string {
  if (batches === 0) return "";
  const { low, high } = clopperPearson(hits, batches);
  return ` [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
}

const depth: VolumeClaim = {
  id: "maxpool/5",
  statement: "The fp32 share decreases mildly with depth",
  published: "48.6, 43.7, 47.8, 38.1 % for VGG11/13/16/19",
  rule: "float32, batch 128: VGG19's share is smaller than VGG11's by Fisher's exact test at 5 %; fails where it is larger; undecided between",
  evaluate(rows) {
    const found = depths.map((model) => count(rows, model, 128, "float32"));
    const ours = `VGG11/13/16/19: ${found.map(({ text }) => text).join(", ")}`;
    return larger(found[0], found[3], ours);
  },
};

const batchSize: VolumeClaim = {
  id: "maxpool/6",
  statement: "The fp32 share grows with batch size",
  published: "26.6, 60.2, 76.5, 91.8 % for 64/256/512/1024 (on VGG19, flaw F4)",
  rule: "float32, VGG19, the same images: the share at the largest batch size run is larger than at 64 by Fisher's exact test at 5 %; fails where it is smaller; undecided between",
  evaluate(rows) {
    const sizes = [...batchSizes, 1024].filter((batch) => cellRows(rows, batchModel, batch, "float32").length > 0);
    const found = sizes.map((batch) => count(rows, batchModel, batch, "float32"));
    const ours = sizes.map((batch, i) => `${batch}: ${found[i].text}`).join("; ") || "not run";
    if (sizes.length < 2 || sizes[0] !== 64) return { verdict: "undecided", ours };
    return larger(found[found.length - 1], found[0], ours);
  },
};

const norm: VolumeClaim = {
  id: "maxpool/7",
  statement: "Batch norm raises the fp32 share",
  published: "54.0 -> 79.5 %",
  rule: "float32, batch 128: VGG11 with batch norm has a larger share than without by Fisher's exact test at 5 %; fails where it is smaller; undecided between",
  evaluate(rows) {
    const [without, withNorm] = ["vgg11", "vgg11-bn"].map((model) => count(rows, model, 128, "float32"));
    return larger(withNorm, without, `without ${without.text}, with ${withNorm.text}`);
  },
};

const never: VolumeClaim = {
  id: "maxpool/8",
  statement: "In fp64 no Jacobian choice with the tested data ever exceeds tau = 1e-15",
  published: "0 % in all configurations",
  rule: "float64: no mini-batch of any cell exceeds 1e-15 in the L-infinity sum; at least 40 mini-batches of VGG11 and of VGG11 with batch norm",
  evaluate(rows) {
    const double = rows.filter((row) => row.format === "float64");
    const { hits, batches } = above(double, tauOf("float64"));
    const largest = double.reduce((max, row) => row.hitLinf.reduce((a, b) => Math.max(a, b), max), 0);
    const { judged, bifurcations } = agreement(double, tauOf("float64"));
    const ours = `${hits} of ${batches} mini-batches, largest ${largest.toExponential(1)}; the exact judge calls ${bifurcations} of ${judged} bifurcations`;
    const enough = ["vgg11", "vgg11-bn"].every((model) => count(rows, model, 128, "float64").batches >= 40);
    if (hits > 0) return { verdict: "fails", ours };
    return { verdict: enough ? "holds" : "undecided", ours };
  },
};

export const volumeClaims: readonly VolumeClaim[] = [shares, depth, batchSize, norm, never];
