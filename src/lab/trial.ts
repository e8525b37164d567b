/** Identities: a trial is its parameters, its seed and the numerics version, hashed. */
import { createHash } from "node:crypto";
import { UsageError } from "../base/errors.ts";
import { numericsVersion } from "../formats/numerics-version.ts";
import type { RowIdentity, Scale } from "./experiment.ts";
import { canonicalJson } from "./json.ts";
import type { ParameterRecord } from "./parameters.ts";

/** Checksums of data that are not the published files, by "name/split"; absent for published data. */
export type DataIdentity = Readonly<Record<string, string>> | undefined;

/** One seeded cell of a grid: plain data that another machine can run. */
export interface Trial {
  readonly id: string;
  readonly experiment: string;
  readonly parameters: ParameterRecord;
  readonly seed: number;
}

function digest(value: unknown, length: number): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, length);
}

/** First 16 hexadecimal digits of SHA-256 over canonical JSON. */
export function trialId(
  experiment: string,
  parameters: ParameterRecord,
  seed: number,
  data?: DataIdentity,
  numerics: number = numericsVersion,
): string {
  return digest({ experiment, parameters, seed, numerics, data }, 16);
}

/** "quick-0123456789ab": the same command continues the same run. */
export function runId(
  experiment: string,
  scale: Scale,
  overrides: ParameterRecord,
  seed: number,
  data?: DataIdentity,
  numerics: number = numericsVersion,
): string {
  return `${scale}-${digest({ experiment, scale, parameters: overrides, seed, numerics, data }, 12)}`;
}

const reserved = ["trial", "row", "of", "seed", "numerics"] as const;

/**
 * The lines of a trial's result: parameters, what was measured, identity. A trial without rows is one marker line.
 * @throws UsageError if a parameter or a measurement has a name of the identity.
 */
export function storedRows(trial: Trial, rows: readonly object[]): RowIdentity[] {
  const identity = { trial: trial.id, of: rows.length, seed: trial.seed, numerics: numericsVersion };
  const clash = reserved.find((name) => [trial.parameters, ...rows].some((record) => Object.hasOwn(record, name)));
  if (clash !== undefined)
    throw new UsageError(`${trial.experiment}: a parameter or column is named '${clash}', which is reserved`);
  if (rows.length === 0) return [{ ...identity, row: -1 }];
  return rows.map((row, index) => ({ ...trial.parameters, ...row, ...identity, row: index }));
}
