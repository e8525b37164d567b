/** Program transformations: derivatives and counts of kinks. */

export { defaultConvention } from "./application.ts";
export { type CensusOptions, census, kinksOf } from "./census.ts";
export { type GradientOptions, gradient } from "./gradient.ts";
export { type PullbackOptions, pullback } from "./pullback.ts";
export { type PushforwardOptions, pushforward } from "./pushforward.ts";
export { withResiduals } from "./residuals.ts";
