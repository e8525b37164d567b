/** Training with learning-rate rules: measurements of it, free of any paper. */
export { arrayBatches, arraySamples, type LabelledRows } from "./array-batches.ts";
export { type Evaluation, evaluate, evaluationProgram, type Samples } from "./evaluation.ts";
export { type ImageBatches, imageBatches, imageSamples } from "./image-batches.ts";
export { type ScaledPrograms, type StepOptions, scaledPrograms, trainingProgram } from "./programs.ts";
export { type LayerNorms, TrainingRecord, type TrainingRow } from "./record.ts";
export { type Started, startTraining, type TrainingData, type TrainingSettings } from "./settings.ts";
export { loadState, saveState } from "./state.ts";
export { type Batches, type Divergence, Trainer, type TrainerSpec } from "./trainer.ts";
