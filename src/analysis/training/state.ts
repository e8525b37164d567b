/** The state of a training as a safetensors file: parameters, running statistics, the rule's state, and how far it is. */
import { basename } from "node:path";
import { DataError } from "../../base/errors.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Tensor } from "../../data/npy.ts";
import { readSafetensors, writeSafetensors } from "../../data/safetensors.ts";
import { weightsFor } from "../../data/weights.ts";
import type { LossScaleState } from "../../nn/loss-scale.ts";
import type { Trainer } from "./trainer.ts";

const scaleNote = "lossScale";
const scaleText = ({ scale, streak, skipped }: LossScaleState): string => `${scale} ${streak} ${skipped}`;

/** Saves whole or not at all, in the carriers (float32 or float64), which hold every value of the format exactly. */
export function saveState(path: string, trainer: Trainer, notes: Readonly<Record<string, string>> = {}): void {
  const tensors = Object.entries(trainer.stateShapes).map(([name, shape]): [string, Tensor] => {
    const values = trainer.engine.buffer(name);
    return [name, { type: values instanceof Float64Array ? "float64" : "float32", shape, values }];
  });
  const scaled = trainer.scaler === undefined ? {} : { [scaleNote]: scaleText(trainer.scaler.state) };
  writeSafetensors(path, new Map(tensors), { ...notes, ...scaled, step: String(trainer.steps) });
}

/**
 * Continues a training where the file was saved. @returns its notes.
 * @throws DataError where the file is damaged or of another training
 */
export function loadState(path: string, trainer: Trainer): Readonly<Record<string, string>> {
  const { tensors, metadata } = readSafetensors(path);
  const step = Number(metadata.step);
  if (!Number.isSafeInteger(step) || step < 0) throw new DataError(`${path}: the number of the step is missing`);
  const shapes = trainer.stateShapes;
  for (const [name, values] of Object.entries(weightsFor(tensors, shapes, basename(path)))) {
    const buffer = trainer.engine.buffer(name);
    if (values.length !== sizeOf(shapes[name]) || values.constructor !== buffer.constructor) {
      throw new DataError(`${path}: '${name}' is of another number format than the training`);
    }
    buffer.set(values);
  }
  if (trainer.scaler !== undefined) trainer.scaler.resume(scaleState(path, metadata[scaleNote]));
  trainer.resumeAt(step);
  return metadata;
}

function scaleState(path: string, note: string | undefined): LossScaleState {
  const [scale, streak, skipped] = (note ?? "").split(" ").map((text) => Number(text || Number.NaN));
  if (![scale, streak, skipped].every(Number.isFinite)) throw new DataError(`${path}: the loss scale is missing`);
  return { scale, streak, skipped };
}
