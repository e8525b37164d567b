/** The claims of E4 and, at init, of E5: their rules and margins. */
import { fisherExact } from "../../src/analysis/statistics.ts";
import type { Claim } from "../../src/lab/experiment.ts";
import type { ScanRow, ScanStored, ScanTrial } from "../zone-scan.ts";
import { convModels, detected, firstBatch, zerosPerCall } from "./conv-rows.ts";

type ConvClaim = Claim<ScanTrial, ScanStored>;

/** Least number of networks per cell for a verdict. */
const enough = 20;
/** Where batch norm is compared: about half of the networks are detected there. */
const within = 5;

const cell = (rows: readonly ScanRow[], model: string, format: string): ScanRow[] =>
  rows.filter((row) => row.model === model && row.format === format);

function firsts(rows: readonly ScanRow[]): string {
  const found = rows.map(firstBatch);
  const missing = found.filter((batch) => batch === undefined).length;
  const last = found.reduce((most: number, batch) => Math.max(most, batch ?? 0), 0);
  return missing > 0 ? `${missing} of ${rows.length} not within ${rows[0]?.scannedBatches}` : `all by ${last}`;
}

const reached: ConvClaim = {
  id: "relu0/C9",
  statement: "CIFAR10 VGG11 and ResNet18: every init reaches S01, at once in 16 bits; batch norm is faster in 32 bits",
  published:
    "32 bits within 90 (VGG11), 142 (ResNet18) mini-batches of 128, 21 / 22 with BN; 16 bits at the first mini-batch (VGG11+BN: 40); 64 bits never",
  rule: `at least ${enough} networks per cell in 32 and 16 bits. Holds if every network is hit, in 16 bits all but VGG11+BN at the first mini-batch, no network in 64 bits, and in 32 bits more networks within ${within} mini-batches with batch norm than without, both architectures together, by Fisher's exact test at 5 %. Fails if a network is never hit in a whole pass, if one in 64 bits is, or if a 16-bit network other than VGG11+BN is not hit at once; else undecided`,
  evaluate(rows) {
    const [single, half] = ["float32", "float16"].map((format) => convModels.map((model) => cell(rows, model, format)));
    const text = (cells: readonly ScanRow[][]): string =>
      convModels.map((m, i) => `${m} ${firsts(cells[i])}`).join(", ");
    const double = rows.filter((row) => row.format === "float64");
    const doubleHits = double.filter((row) => row.firstHit !== null).length;
    const early = (isNormed: boolean) =>
      detected(single.filter((_, i) => convModels[i].endsWith("-bn") === isNormed).flat(), within);
    const [normed, plain] = [early(true), early(false)];
    const parts = [
      `fp32: ${text(single)}; within ${within}: ${normed.hits} of ${normed.networks} with BN, ${plain.hits} of ${plain.networks} without`,
      `fp16: ${text(half)}`,
      `fp64: ${doubleHits} of ${double.length}`,
    ];
    const ours = parts.join("; ");
    if ([...single, ...half].some((own) => own.length < enough)) return { verdict: "undecided", ours };
    const all = [...single, ...half].every((own) => own.every((row) => row.firstHit !== null));
    const atOnce = half.every((own, i) => convModels[i] === "vgg11-bn" || own.every((row) => firstBatch(row) === 1));
    if (!all || !atOnce || doubleHits > 0) return { verdict: "fails", ours };
    const { twoSided: p } = fisherExact(normed.hits, normed.networks, plain.hits, plain.networks);
    const faster = normed.hits / normed.networks > plain.hits / plain.networks;
    return { verdict: faster && p < 0.05 ? "holds" : "undecided", ours: `${ours} (p = ${p.toPrecision(2)})` };
  },
};

const rate = (rows: readonly ScanRow[]): number => {
  const { zeros, calls } = zerosPerCall(rows);
  return zeros / calls;
};

const zeros: ConvClaim = {
  id: "relu0/C8",
  statement:
    "Exact zeros per ReLU call: rare in 32 bits, some tens of times as many in 16 bits (here: at init, convolutional)",
  published: "MNIST MLPs in training: 2e-9 .. 4e-9 (32 bits), 5e-8 .. 1.2e-7 (16 bits); ratio 15-40",
  rule: "VGG11 and ResNet18 without batch norm at init, zeros over calls, all networks of a cell together: holds if in both the 32-bit rate lies in 1e-10 .. 1e-7 and the 16-bit rate is 5 to 200 times as large; fails otherwise; at least 20 networks per cell",
  evaluate(rows) {
    const found = (["vgg11", "resnet18"] as const).map((model) => {
      const [single, half] = ["float32", "float16"].map((format) => cell(rows, model, format));
      return { model, networks: Math.min(single.length, half.length), single: rate(single), half: rate(half) };
    });
    const ours = found
      .map(
        ({ model, single, half }) =>
          `${model} ${single.toExponential(1)} (32 bits), ${half.toExponential(1)} (16 bits), ratio ${(half / single).toPrecision(2)}`,
      )
      .join("; ");
    if (found.some(({ networks }) => networks < enough))
      return { verdict: "undecided", ours: ours.replace(/NaN/g, "-") };
    const holds = found.every(
      ({ single, half }) => single >= 1e-10 && single <= 1e-7 && half / single >= 5 && half / single <= 200,
    );
    return { verdict: holds ? "holds" : "fails", ours };
  },
};

export const convClaims: readonly ConvClaim[] = [zeros, reached];
