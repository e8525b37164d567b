/** A training of a named network on images as plain data: what the command line and stored rows hold. */

import { UsageError } from "../../base/errors.ts";
import { convention, parseChoices } from "../../conventions/index.ts";
import { type Images, imagesBetween } from "../../data/image-set.ts";
import { precision as completePrecision, type PrecisionSpec } from "../../formats/precision.ts";
import { networkNamed } from "../../nn/architectures/index.ts";
import { drawParameters } from "../../nn/initializers.ts";
import { lossScaleNamed } from "../../nn/loss-scale.ts";
import { ruleNamed, type Scope } from "../../nn/optimizers/index.ts";
import { checkLearningRate, scheduleNamed } from "../../nn/schedules.ts";
import { evaluationProgram, type Samples } from "./evaluation.ts";
import { type ImageBatches, imageBatches, imageSamples } from "./image-batches.ts";
import { Trainer } from "./trainer.ts";

export interface TrainingSettings extends Scope {
  /** `784-256x20-10-bn`, `vgg11-bn`. */
  readonly model: string;
  readonly data: string;
  /** `lars:eta=0.02`. */
  readonly optimizer: string;
  /** `warm-up:steps=24+cosine`. */
  readonly schedule: string;
  readonly lr: number;
  readonly batch: number;
  readonly steps: number;
  readonly init: string;
  readonly precision: PrecisionSpec;
  /** A preset, and choices over it: `relu.zero=1`. */
  readonly convention: string;
  readonly choices: readonly string[];
  readonly normalisation?: string | undefined;
  readonly augmentation: string;
  /** Only the first samples of the training set; 0: all. */
  readonly samples: number;
  /** Samples held out from the end of the training set for evaluation; 0: evaluate on the test set. */
  readonly validation: number;
  readonly trace: boolean;
  /** `2^10`, `dynamic:interval=200`; undefined: none. */
  readonly lossScale?: string | undefined;
  /** Undefined: no. */
  readonly masterWeights?: boolean | undefined;
}

/** What a training needs beside its settings. */
export interface TrainingData {
  readonly train: Images;
  /** Read only where no samples are held out. */
  test(): Images;
}

export interface Started {
  readonly trainer: Trainer;
  readonly batches: ImageBatches;
  readonly evaluated: Samples;
  /** What is evaluated: "validation" or the split's name. */
  readonly evaluatedOn: string;
}

/** The images that train, and those that are held out of them. @throws UsageError where too few are left */
function splitImages(train: Images, { samples, validation, batch }: TrainingSettings): [Images, Images | undefined] {
  const rest = train.count - validation;
  const count = samples === 0 ? rest : samples;
  if (rest < 1 || count > rest) {
    throw new UsageError(
      `${train.name}: ${train.count} images; found ${validation} for validation and ${samples || "all"} for training`,
    );
  }
  if (batch > count) throw new UsageError(`batch ${batch}: ${train.name} has ${count} samples for training`);
  const held = validation === 0 ? undefined : imagesBetween(train, rest, train.count);
  return [imagesBetween(train, 0, count), held];
}

/**
 * The network with its initial weights and everything compiled, before the first step.
 * @param seed Of the weights, the order and the augmentation.
 * @throws UsageError on unknown names (with the near one) and values out of range; ShapeError where the images do not fit
 */
export function startTraining(settings: TrainingSettings, data: TrainingData, seed: number, backend: string): Started {
  const precision = completePrecision(settings.precision);
  const format = precision.store;
  const chosen = ruleNamed(settings.optimizer);
  const schedule = scheduleNamed(settings.schedule);
  const lossScale = settings.lossScale === undefined ? undefined : lossScaleNamed(settings.lossScale);
  const lr = checkLearningRate(settings.lr);
  const { channels, height, width, classes } = data.train;
  const network = networkNamed(settings.model, { input: [channels, height, width], classes });
  const size = network.input.reduce((product, extent) => product * extent, 1);
  if (size !== channels * height * width || network.classes < classes) {
    throw new UsageError(
      `${settings.model} takes ${size} inputs and has ${network.classes} classes; ${settings.data} has ${channels * height * width} and ${classes}`,
    );
  }
  const [train, held] = splitImages(data.train, settings);
  const { batch, steps, normalisation, augmentation, scaled, decayed, masterWeights } = settings;
  const options = { batch, seed, augmentation, ...(normalisation ? { normalisation } : {}) };
  const batches = imageBatches(train, format, options);
  const evaluated = held ?? data.test();
  const kept = masterWeights === true ? precision.accumulate : format;
  const weights = drawParameters(network, { law: settings.init, draw: "format", format: kept }, seed, 0);
  const trainer = new Trainer({
    ...{ network, batch, lr, schedule, steps, precision, backend, ...chosen, scaled, decayed, trace: settings.trace },
    ...{ lossScale, masterWeights },
    convention: convention(settings.convention, parseChoices(settings.choices)),
    programs: { evaluation: evaluationProgram(network, batch) },
  });
  for (const [name, values] of Object.entries(weights)) trainer.engine.write(name, values);
  return {
    trainer,
    batches,
    evaluated: imageSamples(evaluated, format, normalisation),
    evaluatedOn: held === undefined ? evaluated.split : "validation",
  };
}
