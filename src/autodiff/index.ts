/** Program transformations: derivatives and counts of kinks. */

export { defaultConvention } from "./application.ts";
export { type CensusOptions, census, kinksOf, withTies } from "./census.ts";
export { type CheckOptions, checkGradients, type GradientCheck } from "./check.ts";
export type { Evaluate, Numbers } from "./evaluate.ts";
export { forwardUnder, isLocal } from "./forward.ts";
export { type GradientOptions, gradient } from "./gradient.ts";
export { joinedPullback, type PullbackOptions, pullback } from "./pullback.ts";
export { type PushforwardOptions, pushforward } from "./pushforward.ts";
export { withResiduals } from "./residuals.ts";
export { type DirectionalSlopes, type SubgradientOptions, subgradient } from "./subgradient.ts";
