/** All benchmarks: one line per group, quick ones first. */
import { bandwidthBenches } from "./bandwidth.ts";
import type { Bench } from "./bench.ts";
import { compileBench } from "./compile.ts";
import { conv2dBenches, nativeConv2dBenches } from "./conv2d.ts";
import { matmulBenches, nativeMatmulBenches } from "./matmul.ts";
import { memoryBench } from "./memory.ts";
import { mlpBenches, nativeMlpBenches } from "./mlp.ts";
import { nativeNetworkBenches, networkBenches } from "./networks.ts";
import { nativePropagationBenches, propagationBenches } from "./propagation.ts";
import { spectraBenches } from "./spectra.ts";
import { nativeThreadsBenches, threadsBenches } from "./threads.ts";
import { nativeTrainBenches, trainBenches } from "./train.ts";
import { workersBench } from "./workers.ts";
import { nativeZoneBenches, zoneBenches } from "./zone.ts";

export type { Bench, BenchRow, Contender, OwnBench, TimedBench } from "./bench.ts";
export { timed } from "./bench.ts";
export { measure } from "./harness.ts";

export const benches: readonly Bench[] = [
  compileBench,
  ...mlpBenches,
  ...matmulBenches,
  ...conv2dBenches,
  ...networkBenches,
  memoryBench,
  ...threadsBenches,
  workersBench,
  ...spectraBenches,
  ...propagationBenches,
  ...zoneBenches,
  ...trainBenches,
  ...nativeMlpBenches,
  ...nativeMatmulBenches,
  ...nativeConv2dBenches,
  ...nativeNetworkBenches,
  ...nativeZoneBenches,
  ...nativeTrainBenches,
  ...nativePropagationBenches,
  ...bandwidthBenches,
  ...nativeThreadsBenches,
];
