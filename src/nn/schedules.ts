/** Learning rates over the steps of a run: factors that are multiplied, in the order they are written. */
import { cosPi } from "../base/angles.ts";
import { UsageError, unknown } from "../base/errors.ts";
import {
  complete,
  type Hyperparameter,
  type Hyperparameters,
  parseNamed,
  type Values,
} from "./optimizers/hyperparameter.ts";
import { wholePower } from "./optimizers/power.ts";

/** What factors may depend on. */
export interface RunLength {
  readonly steps: number;
  readonly batch: number;
}

interface Factor {
  readonly doc: string;
  readonly hyperparameters: Hyperparameters;
  /** @param step From 0. */
  at(step: number, values: Values, run: RunLength): number;
}

const positive = (standard: number, doc: string): Hyperparameter => ({
  default: standard,
  doc,
  is: "a number above 0",
});

/** Factors by name. */
export const factors: Readonly<Record<string, Factor>> = {
  constant: { doc: "1", hyperparameters: {}, at: () => 1 },
  "linear-scaling": {
    doc: "batch / reference (Goyal et al. 2017)",
    hyperparameters: { reference: positive(256, "the batch that the learning rate is for") },
    at: (_, { reference }, { batch }) => batch / reference,
  },
  "warm-up": {
    doc: "from `from` linearly to 1 over the first `steps`: from + (1 - from) (step + 1) / steps",
    hyperparameters: {
      steps: { default: 100, doc: "length", is: "a finite number of at least 0" },
      from: { default: 0, doc: "where it starts", is: "a finite number of at least 0" },
    },
    at: (step, { steps, from }) => (step + 1 >= steps ? 1 : from + ((1 - from) * (step + 1)) / steps),
  },
  cosine: {
    doc: "from 1 to `to` along half a cosine: to + (1 - to) (1 + cos(pi step / steps)) / 2, steps of the run unless given",
    hyperparameters: {
      to: { default: 0, doc: "the last factor", is: "a finite number of at least 0" },
      steps: { default: 0, doc: "length; 0: that of the run", is: "a finite number of at least 0" },
    },
    at: (step, { to, steps }, run) => {
      const length = steps > 0 ? steps : run.steps;
      return to + ((1 - to) * (1 + cosPi(Math.min(1, step / length)))) / 2;
    },
  },
  step: {
    doc: "factor^floor(step / every)",
    hyperparameters: { every: positive(1000, "steps"), factor: positive(0.1, "factor") },
    at: (step, { every, factor }) => wholePower(factor, Math.floor(step / every)),
  },
};

/** The factor of the learning rate at a step, from 0. */
export type Schedule = (step: number, run: RunLength) => number;

/**
 * `constant`, `cosine`, `linear-scaling+warm-up:steps=24+cosine`.
 * @throws UsageError on an unknown factor or number (with the near name), or one out of range
 */
export function scheduleNamed(text: string): Schedule {
  const parts = text.split(/\+(?=[a-z])/).map((part) => {
    const { name, values } = parseNamed(part.trim());
    if (!Object.hasOwn(factors, name)) throw unknown("schedule", name, Object.keys(factors));
    const { hyperparameters, at } = factors[name];
    const full = complete(`schedule ${name}`, hyperparameters, values);
    return (step: number, run: RunLength): number => at(step, full, run);
  });
  return (step, run) => parts.reduce((product, part) => product * part(step, run), 1);
}

/** @throws UsageError unless it is a finite number above 0 */
export function checkLearningRate(lr: number): number {
  if (lr > 0 && lr < Number.POSITIVE_INFINITY) return lr;
  throw new UsageError(`learning rate: found ${lr}, expected a finite number above 0`);
}
