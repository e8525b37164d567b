/** Hyperparameters of rules: a default, a range, and their reading from `name:key=value,key=value`. */
import { UsageError, unknown } from "../../base/errors.ts";

type Range =
  | "a number above 0"
  | "a finite number above 0"
  | "a finite number above 1"
  | "a finite number of at least 0"
  | "a number from 0 to below 1"
  | "a number between 0 and 1"
  | "a whole number from 1"
  | "0 or 1";

const ranges: Readonly<Record<Range, (x: number) => boolean>> = {
  "a number above 0": (x) => x > 0,
  "a finite number above 0": (x) => x > 0 && x < Number.POSITIVE_INFINITY,
  "a finite number above 1": (x) => x > 1 && x < Number.POSITIVE_INFINITY,
  "a finite number of at least 0": (x) => x >= 0 && x < Number.POSITIVE_INFINITY,
  "a number from 0 to below 1": (x) => x >= 0 && x < 1,
  "a number between 0 and 1": (x) => x > 0 && x < 1,
  "a whole number from 1": (x) => Number.isSafeInteger(x) && x >= 1,
  "0 or 1": (x) => x === 0 || x === 1,
};

export interface Hyperparameter {
  readonly default: number;
  readonly doc: string;
  /** What a value must be. */
  readonly is: Range;
}

export type Hyperparameters = Readonly<Record<string, Hyperparameter>>;
export type Values = Readonly<Record<string, number>>;

/** Those of plain gradient descent, which most rules have too. */
export const momentum: Hyperparameter = {
  default: 0.9,
  doc: "decay of the velocity",
  is: "a number from 0 to below 1",
};
export const nesterov: Hyperparameter = { default: 0, doc: "Nesterov's momentum", is: "0 or 1" };
export const weightDecay: Hyperparameter = {
  default: 0,
  doc: "weight decay",
  is: "a finite number of at least 0",
};
export const epsilon = (value: number): Hyperparameter => ({
  default: value,
  doc: "added to the root of the second moment",
  is: "a finite number of at least 0",
});
export const beta = (value: number, moment: string): Hyperparameter => ({
  default: value,
  doc: `decay of the ${moment} moment`,
  is: "a number from 0 to below 1",
});

/** Defaults, replaced by what is given. @throws UsageError on an unknown name (with the near one) or a value out of range. */
export function complete(owner: string, known: Hyperparameters, given: Values = {}): Values {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) throw unknown(`hyperparameter of ${owner}`, name, Object.keys(known));
    const { is } = known[name];
    if (!ranges[is](value)) throw new UsageError(`${owner}: ${name} is ${value}, expected ${is}`);
  }
  return { ...Object.fromEntries(Object.entries(known).map(([name, { default: value }]) => [name, value])), ...given };
}

/** `lars:eta=0.02,momentum=0` as a name and values. @throws UsageError on what is not name=number. */
export function parseNamed(text: string): { readonly name: string; readonly values: Values } {
  const [name, ...rest] = text.split(":");
  const list = rest.join(":");
  if (list === "") return { name, values: {} };
  const values = list.split(",").map((part): [string, number] => {
    const [key, value, ...more] = part.split("=").map((word) => word.trim());
    const number = /^\+?inf(inity)?$/i.test(value ?? "") ? Number.POSITIVE_INFINITY : Number(value || Number.NaN);
    if (more.length > 0 || key === "" || Number.isNaN(number)) {
      throw new UsageError(`${name}: found '${part}', expected name=number, such as momentum=0.9`);
    }
    return [key, number];
  });
  return { name, values: Object.fromEntries(values) };
}
