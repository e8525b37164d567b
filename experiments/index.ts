/** The registry: what the command line lists and what worker threads look up. */
import type { Experiment } from "../src/lab/experiment.ts";
import { distances } from "./conventions/distance.ts";
import { normpool } from "./maxpool/normpool.ts";
import { volume as poolVolume } from "./maxpool/volume.ts";
import { where } from "./maxpool/where.ts";
import { zeroProgramExperiment } from "./maxpool/zero-program.ts";
import { change } from "./relu0/change.ts";
import { separation } from "./relu0/separation.ts";
import { variants } from "./relu0/variants.ts";
import { volume } from "./relu0/volume.ts";

export const experiments: readonly Experiment[] = [
  separation,
  volume,
  change,
  variants,
  zeroProgramExperiment,
  where,
  normpool,
  poolVolume,
  distances,
] as unknown as readonly Experiment[];

/** URL of this module, for worker threads. */
export const registry: string = import.meta.url;
