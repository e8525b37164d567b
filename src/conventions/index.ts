/** Conventions: choices at kinks, presets of frameworks, and their evidence. */

export {
  acceptedChoices,
  checkChoice,
  forwardOp,
  outsideClarke,
  parameterOf,
  parseChoice,
  showChoice,
  withoutAlias,
} from "./choice.ts";
export { type Choices, type Convention, checkChoices, choiceAt, convention, parseChoices } from "./convention.ts";
export type { Choice, Kink } from "./kink.ts";
export { type ListedEntry, listPreset } from "./listing.ts";
export type { Evidence, Preset, PresetEntry } from "./preset.ts";
export { presetAliases, presetNamed, presets } from "./presets/index.ts";
