/** Networks: architectures by name, initial weights. */
export { activations } from "./activations.ts";
export { type Mlp, mlpNamed, parameterShapes } from "./architecture.ts";
export { architectureNames, networkNamed, type Sample } from "./architectures/index.ts";
export { drawParameters, type InitialLaw, laws } from "./initializers.ts";
export type { ConvSpec, Layer, Variant } from "./layer.ts";
export { layeredNetwork } from "./layered.ts";
export { type LossScale, LossScaler, type LossScaleState, lossScaleNamed } from "./loss-scale.ts";
export { withMasterWeights } from "./master-weights.ts";
export { type Activation, mlpLoss, mlpNetwork } from "./mlp.ts";
export { type Mode, type Network, type Parameter, parameterCount, type Statistic } from "./network.ts";
export {
  type ChosenRule,
  type Hyperparameter,
  type Optimizer,
  type Rule,
  ruleNamed,
  rules,
  type Scope,
  type Values,
  withUpdates,
} from "./optimizers/index.ts";
export { checkLearningRate, factors, type RunLength, type Schedule, scheduleNamed } from "./schedules.ts";
