/** Zone cells as plain data: what the command line, an experiment's grid and a stored row hold. */
import { precision } from "../../formats/precision.ts";
import { mlpNamed } from "../../nn/architecture.ts";
import type { ZoneCell } from "./cell.ts";

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
  readonly choices?: readonly [number, number] | undefined;
  readonly variant?: "product" | "overwrite" | undefined;
  readonly init?: string | undefined;
  readonly draw?: "float32" | "format" | undefined;
  readonly lossScale?: number | undefined;
  readonly all?: boolean | undefined;
  readonly seed: number;
}

function given<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never;
}

/** The cell with every default filled in. @throws UsageError on unknown names and values out of range. */
export function cellOf(p: ZoneParameters): ZoneCell {
  const { operands, accumulate, arithmetic, block, bias, rounding, flush } = p;
  const spec = given({ store: p.format, operands, accumulate, arithmetic, block, bias, rounding, flush });
  return {
    mlp: mlpNamed(p.model),
    precision: precision(spec),
    samples: p.samples,
    batch: p.batch,
    choices: p.choices ?? [0, 1],
    variant: p.variant ?? "product",
    init: p.init ?? "default",
    draw: p.draw ?? "float32",
    lossScale: p.lossScale ?? 1,
    all: p.all ?? false,
    seed: p.seed,
  };
}
