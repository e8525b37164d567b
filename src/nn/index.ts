/** Networks: architectures by name, initial weights. */
export { type Mlp, mlpNamed, parameterCount, parameterShapes } from "./architecture.ts";
export { drawParameters, type InitialLaw, laws } from "./initializers.ts";
export { type Activation, mlpLoss } from "./mlp.ts";
