/** The registry: what the command line lists and what worker threads look up. */
import type { Experiment } from "../src/lab/experiment.ts";
import { cifar } from "./activations/cifar.ts";
import { circle } from "./activations/circle.ts";
import { depth } from "./activations/depth.ts";
import { dimension } from "./activations/dimension.ts";
import { formatsExperiment } from "./activations/formats.ts";
import { kinkValue } from "./activations/kink-value.ts";
import { layers } from "./activations/layers.ts";
import { rank } from "./activations/rank.ts";
import { smoothing } from "./activations/smoothing.ts";
import { speed } from "./activations/speed.ts";
import { training } from "./activations/training.ts";
import { traps } from "./activations/traps.ts";
import { width } from "./activations/width.ts";
import { activations as propagationActivations } from "./bn-relu/activations.ts";
import { batch as propagationBatch } from "./bn-relu/batch.ts";
import { formats as propagationFormats } from "./bn-relu/formats.ts";
import { ghost } from "./bn-relu/ghost.ts";
import { inputs as propagationInputs } from "./bn-relu/inputs.ts";
import { largeBatch } from "./bn-relu/large-batch.ts";
import { lossScale } from "./bn-relu/loss-scale.ts";
import { networks as propagationNetworks } from "./bn-relu/networks.ts";
import { norms as propagationNorms } from "./bn-relu/norms.ts";
import { rate as propagationRate } from "./bn-relu/rate.ts";
import { residual as propagationResidual } from "./bn-relu/residual.ts";
import { bnTraining } from "./bn-relu/training.ts";
import { warmUp } from "./bn-relu/warm-up.ts";
import { width as propagationWidth } from "./bn-relu/width.ts";
import { distances } from "./conventions/distance.ts";
import { normpool } from "./maxpool/normpool.ts";
import { threshold } from "./maxpool/threshold.ts";
import { volume as poolVolume } from "./maxpool/volume.ts";
import { where } from "./maxpool/where.ts";
import { whichTies } from "./maxpool/which-ties.ts";
import { zeroProgramExperiment } from "./maxpool/zero-program.ts";
import { change } from "./relu0/change.ts";
import { convVolume } from "./relu0/conv-volume.ts";
import { separation } from "./relu0/separation.ts";
import { variants } from "./relu0/variants.ts";
import { volume } from "./relu0/volume.ts";

export const experiments: readonly Experiment[] = [
  separation,
  volume,
  change,
  variants,
  convVolume,
  zeroProgramExperiment,
  where,
  normpool,
  poolVolume,
  threshold,
  whichTies,
  distances,
  circle,
  training,
  dimension,
  rank,
  width,
  depth,
  cifar,
  smoothing,
  kinkValue,
  formatsExperiment,
  traps,
  layers,
  speed,
  bnTraining,
  largeBatch,
  warmUp,
  lossScale,
  ghost,
  propagationRate,
  propagationBatch,
  propagationWidth,
  propagationNetworks,
  propagationActivations,
  propagationInputs,
  propagationResidual,
  propagationFormats,
  propagationNorms,
] as unknown as readonly Experiment[];

/** URL of this module, for worker threads. */
export const registry: string = import.meta.url;
