/** Stored networks of E2 to shares per cell. */

import { cellOf } from "../../src/analysis/zone/parameters.ts";
import { type ZoneRow, zoneRow } from "../../src/analysis/zone/rows.ts";
import { canonicalJson } from "../../src/lab/json.ts";
import { scanOf, type ZoneStored, zoneParametersOf } from "./zone-trial.ts";

/** Rows of the paper's own arithmetic: nothing but model, batch and a 16, 32 or 64-bit format differs from the defaults. */
export function plainRows(rows: readonly ZoneStored[]): ZoneStored[] {
  return rows.filter(
    (row) =>
      ["float16", "float32", "float64"].includes(row.format) &&
      row.operands === "store" &&
      row.accumulate === "auto" &&
      row.arithmetic === "strict" &&
      row.block === 256 &&
      row.bias === "once" &&
      !row.flush &&
      row.init === "default" &&
      !row.model.includes(":"),
  );
}

/** One row per cell, in order of first appearance. */
export function summarize(rows: readonly ZoneStored[]): ZoneRow[] {
  const cells = new Map<string, ZoneStored[]>();
  for (const row of rows) {
    const { model, format, operands, accumulate, arithmetic, block, bias, rounding, flush, batch, samples } = row;
    const { lossScale, variant, init, draw, all, seed } = row;
    const numbers = { block, batch, samples, lossScale, seed };
    const words = { model, format, operands, accumulate, arithmetic, bias, rounding, flush, variant, init, draw, all };
    const key = canonicalJson({ ...numbers, ...words });
    cells.set(key, [...(cells.get(key) ?? []), row]);
  }
  return [...cells.values()].map((group) =>
    zoneRow(cellOf(zoneParametersOf(group[0], group[0].seed)), group.map(scanOf)),
  );
}

/** Share of the networks that are hit within the first samples: the published curve's definition. */
export function shareWithin(
  rows: readonly ZoneStored[],
  samples: number,
): { hits: number; trials: number; share: number } {
  const hits = rows.filter(
    (row) => row.firstHit !== null && (row.firstHit + 1) * row.batch <= samples + row.batch,
  ).length;
  return { hits, trials: rows.length, share: hits / rows.length };
}
