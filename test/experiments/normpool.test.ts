/** maxpool/normpool: why computed norms are 0, and the claim's rule at its edges. */
import { describe, expect, it } from "vitest";
import { normpool } from "../../experiments/maxpool/normpool.ts";
import type { NormStored } from "../../experiments/maxpool/normpool-trial.ts";
import { zeroNorms } from "../../src/analysis/kinks/norms.ts";
import { precision } from "../../src/formats/precision.ts";
import { trace } from "../../src/ir/trace.ts";
import { runExperiment } from "../../src/lab/run.ts";
import { normPool } from "../../src/ops/index.ts";

describe("zeroNorms", () => {
  // Windows: all 0, all 2^-13 (squares 2^-26 round to 0 in float16), 2^-12, and (3, 4).
  const rows = [
    [0, 0, 2 ** -13, 2 ** -13, 2 ** -12, 2 ** -12, 3, 4],
    [0, -0, 2 ** -13, 2 ** -13, 2 ** -12, 2 ** -12, 0, 0],
  ];
  const of = (squares: "rounded" | "accumulated", format: string) => {
    const program = trace(({ x }) => ({ y: normPool(x, { window: 2, squares }) }), { x: [1, 1, 2, 8] });
    const [found] = zeroNorms(program, precision(format), { x: rows.flat() });
    return [found.windows, found.allZero, found.underflowed];
  };

  it("tells windows of zeros from windows whose squares underflow", () => {
    expect(of("rounded", "float16")).toEqual([4, 1, 1]);
    expect(of("accumulated", "float16")).toEqual([4, 1, 0]);
    expect(of("rounded", "float32")).toEqual([4, 1, 0]);
    expect(of("rounded", "float8_e5m2")).toEqual([4, 1, 2]);
  });

  it("finds none in a program without NormPool", () => {
    const program = trace(({ x }) => ({ y: x }), { x: [4] });
    expect(zeroNorms(program, precision("float16"), { x: [1, 2, 3, 4] })).toEqual([]);
  });
});

describe("maxpool/normpool", () => {
  it("differs only where squares underflow: in float16, rounded, not accumulated, not in bfloat16", async () => {
    const { rows } = await runExperiment(normpool as never, { scale: "quick", workers: 0 });
    const stored = rows as unknown as readonly NormStored[];
    expect(stored).toHaveLength(3);
    for (const row of stored) {
      const underflows = row.format === "float16" && row.squares === "rounded";
      expect(row.differing.length > 0).toBe(underflows);
      expect(row.windows.some(({ underflowed }) => underflowed > 0)).toBe(underflows);
      expect(row.occur).toBe(row.batches);
      expect(row.l1.every((d) => d > 0 && Number.isInteger(d * 2 ** 24))).toBe(true);
    }
  });

  it("judges by the share of mini-batches and by the least distance", () => {
    const [claim] = normpool.claims;
    const row = (differing: number, least: number): NormStored =>
      ({
        format: "float16",
        squares: "rounded",
        lossScale: 1,
        init: "maxpool",
        batches: 450,
        differing: Array.from({ length: differing }, (_, i) => i),
        l1: Array.from({ length: differing }, () => least),
      }) as unknown as NormStored;
    const verdict = (...rows: NormStored[]): string => claim.evaluate(rows).verdict;
    const four = (differing: number, least: number) => verdict(...new Array(4).fill(row(differing, least)));
    expect(four(436, 2 ** -23)).toBe("holds");
    expect(four(450, 2 ** -20)).toBe("holds");
    expect(four(412, 2 ** -23)).toBe("fails");
    expect(four(436, 2 ** -10)).toBe("fails");
    expect(four(436, 2 ** -25)).toBe("fails");
    expect(four(0, 0)).toBe("fails");
    expect(verdict(row(436, 2 ** -23))).toBe("undecided");
  });
});
