/** Parameters of experiments: their types, the user's values checked, and the trials of a grid. */
import { UsageError, unknown } from "../base/errors.ts";
import type { Experiment, Scale } from "./experiment.ts";
import { canonicalJson, decodeNumber } from "./json.ts";

/** Anything JSON holds (and NaN, the infinities, -0: json.ts). */
export type Plain =
  | number
  | string
  | boolean
  | null
  | readonly Plain[]
  | { readonly [name: string]: Plain | undefined };
export type ParameterRecord = { readonly [name: string]: Plain | undefined };

export interface Parameter<T = Plain | undefined> {
  readonly type: "number" | "integer" | "string" | "boolean" | "list";
  readonly default: T;
  readonly doc: string;
  /** Allowed values of a string, or of each entry of a list. */
  readonly choices?: readonly string[];
  /** Least and greatest value of a number or an integer. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Only the grid reads it (how many trials): no part of a trial, so that a larger grid keeps a smaller one's trials. */
  readonly gridOnly?: boolean;
}

const truth: Readonly<Record<string, boolean>> = { true: true, false: false, yes: true, no: false };

function readNumber(what: string, parameter: Parameter, value: unknown): number {
  const range = `${parameter.minimum ?? "-Infinity"}..${parameter.maximum ?? "Infinity"}`;
  const expected = `${what}: found ${JSON.stringify(value)}, expected ${parameter.type === "integer" ? "an integer" : "a number"}`;
  let number: number;
  try {
    number = decodeNumber(value);
  } catch (error) {
    throw new UsageError(expected, { cause: error });
  }
  if (parameter.type === "integer" && !Number.isSafeInteger(number)) throw new UsageError(expected);
  const { minimum, maximum } = parameter;
  if ((minimum !== undefined && !(number >= minimum)) || (maximum !== undefined && !(number <= maximum))) {
    throw new UsageError(`${what}: found ${number}, expected ${range}`);
  }
  return number;
}

function readString(what: string, parameter: Parameter, value: unknown): string {
  if (typeof value !== "string") throw new UsageError(`${what}: found ${JSON.stringify(value)}, expected text`);
  if (parameter.choices !== undefined && !parameter.choices.includes(value)) {
    throw unknown(`value of ${what}`, value, parameter.choices);
  }
  return value;
}

function readList(what: string, parameter: Parameter, value: unknown): readonly Plain[] {
  const entries = typeof value === "string" ? value.split(",").filter((entry) => entry !== "") : value;
  if (!Array.isArray(entries)) {
    throw new UsageError(`${what}: found ${JSON.stringify(value)}, expected a comma-separated list`);
  }
  const numeric = Array.isArray(parameter.default) && parameter.default.some((entry) => typeof entry === "number");
  return entries.map((entry) => (numeric ? readNumber(what, parameter, entry) : readString(what, parameter, entry)));
}

/**
 * A parameter's value from text or from a value of its type. Lists are comma-separated.
 * @throws UsageError naming the parameter, what was found and what was expected.
 */
export function readParameter(name: string, parameter: Parameter, value: unknown): Plain {
  const what = `parameter ${name}`;
  switch (parameter.type) {
    case "list":
      return readList(what, parameter, value);
    case "string":
      return readString(what, parameter, value);
    case "boolean": {
      const boolean = typeof value === "string" ? truth[value] : value;
      if (typeof boolean === "boolean") return boolean;
      throw new UsageError(`${what}: found ${JSON.stringify(value)}, expected true or false`);
    }
    default:
      return readNumber(what, parameter, value);
  }
}

/** The user's values, checked. @throws UsageError on an unknown name (with the near one) or a wrong value. */
export function readParameters(
  experiment: Experiment,
  values: Readonly<Record<string, unknown>>,
): Record<string, Plain> {
  const known = Object.keys(experiment.parameters);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (!Object.hasOwn(experiment.parameters, name)) throw unknown(`parameter of ${experiment.id}`, name, known);
      return [name, readParameter(name, experiment.parameters[name], value)];
    }),
  );
}

/** Parameters before any cell of the grid: defaults, the scale's, the user's. */
export function resolveParameters(experiment: Experiment, scale: Scale, overrides: ParameterRecord): ParameterRecord {
  const defaults = Object.fromEntries(
    Object.entries(experiment.parameters).map(([name, parameter]) => [name, parameter.default]),
  );
  return { ...defaults, ...experiment.scales?.[scale], ...overrides };
}

/** Parameters of the trials of a run, in grid order, each once. @throws UsageError if the grid is empty. */
export function trialParameters(experiment: Experiment, scale: Scale, overrides: ParameterRecord): ParameterRecord[] {
  const resolved = resolveParameters(experiment, scale, overrides);
  const trials = new Map<string, ParameterRecord>();
  for (const cell of experiment.grid(scale, resolved)) {
    const parameters = Object.fromEntries(
      Object.entries({ ...resolved, ...cell, ...overrides }).filter(
        ([name]) => experiment.parameters[name]?.gridOnly !== true,
      ),
    );
    const key = canonicalJson(parameters);
    if (!trials.has(key)) trials.set(key, parameters);
  }
  if (trials.size === 0) throw new UsageError(`${experiment.id}: no trials at scale ${scale} with these parameters`);
  return [...trials.values()];
}
