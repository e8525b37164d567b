/** Zone cells as plain data: what the command line, an experiment's grid and a stored row hold. */
import { precision } from "../../formats/precision.ts";
import type { ZoneCell } from "./cell.ts";
import { comparisonOf, parseSetting, type Rule } from "./comparison.ts";
import { modelNamed } from "./model.ts";
import { publishedTau } from "./threshold.ts";

export interface ZoneParameters {
  readonly model: string;
  readonly format: string;
  readonly operands?: string | undefined;
  readonly accumulate?: string | undefined;
  readonly arithmetic?: string | undefined;
  readonly block?: number | undefined;
  readonly bias?: string | undefined;
  readonly rounding?: string | undefined;
  readonly flush?: boolean | undefined;
  readonly samples: number;
  readonly batch: number;
  readonly normalisation?: string | undefined;
  readonly augmentation?: string | undefined;
  readonly shuffle?: boolean | undefined;
  /** `relu.zero=0,1`; several kinks take their choices in step. */
  readonly kinks?: readonly string[] | undefined;
  readonly variant?: Rule | undefined;
  readonly init?: string | undefined;
  readonly draw?: "float32" | "format" | undefined;
  readonly lossScale?: number | undefined;
  readonly all?: boolean | undefined;
  /** A number, or null to estimate it; default: the paper's for the format. */
  readonly tau?: number | null | undefined;
  readonly noise?: number | undefined;
  readonly exact?: number | undefined;
  readonly seed: number;
}

function given<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never;
}

/** The cell with every default filled in. @throws UsageError on unknown names and values out of range. */
export function cellOf(p: ZoneParameters): ZoneCell {
  const { operands, accumulate, arithmetic, block, bias, rounding, flush } = p;
  const chosen = precision(given({ store: p.format, operands, accumulate, arithmetic, block, bias, rounding, flush }));
  return {
    model: modelNamed(p.model),
    precision: chosen,
    samples: p.samples,
    batch: p.batch,
    normalisation: p.normalisation,
    augmentation: p.augmentation ?? "none",
    shuffle: p.shuffle ?? false,
    comparison: comparisonOf((p.kinks ?? ["relu.zero=0,1"]).map(parseSetting)),
    variant: p.variant ?? "product",
    init: p.init ?? "default",
    draw: p.draw ?? "float32",
    lossScale: p.lossScale ?? 1,
    all: p.all ?? false,
    tau: p.tau === undefined ? publishedTau(chosen.store) : p.tau,
    noise: p.noise ?? 0,
    exact: p.exact ?? Number.POSITIVE_INFINITY,
    seed: p.seed,
  };
}
