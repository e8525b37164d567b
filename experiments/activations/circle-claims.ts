/** Claims C1, C2, C3, C8 and C14 of papers/activations 1.2 as predicates over the rows of E1. */
import type { Claim, Evaluation, StoredRow } from "../../src/lab/experiment.ts";
import type { CircleTrial } from "./circle.ts";
import { noNumber, type SpectrumRow, show } from "./spectrum-row.ts";

type Stored = StoredRow<CircleTrial, SpectrumRow>;
type CircleClaim = Claim<CircleTrial, SpectrumRow>;

const at = (rows: readonly Stored[], activation: string, n: number): Stored | undefined =>
  rows.find((row) => row.activation === activation && row.n === n && row.arc === "half" && row.bias === "none");

/** The rows named, or undefined if one is missing. */
function cells(rows: readonly Stored[], names: readonly string[], ns: readonly number[]): Stored[] | undefined {
  const found = names.flatMap((name) => ns.map((n) => at(rows, name, n)));
  return found.every((row) => row !== undefined) ? (found as Stored[]) : undefined;
}

const list = (rows: readonly Stored[]): string => rows.map((row) => `${row.activation} ${show(row)}`).join("; ");
const judged = (holds: boolean, ours: string, rows: number): Evaluation => ({
  verdict: holds ? "holds" : "fails",
  ours,
  rows,
});
const missing: Evaluation = { verdict: "undecided", ours: "cells are missing", rows: 0 };

const kinked: CircleClaim = {
  id: "activations/C1",
  statement: "Kinked activations (ReLU, SELU, ELU): every eigenvalue is large under minimal assumptions on the data",
  published: noNumber,
  rule: "half circle, n = 50: the smallest eigenvalues of relu, selu, elu are resolved and within 5 % of J^2 / (4 n), J^2 / (4 n), pi^2 / (24 n^3)",
  evaluate(rows) {
    const found = cells(rows, ["relu", "selu", "elu"], [50]);
    if (found === undefined) return missing;
    const good = found.every((row) => row.resolved && row.law !== null && Math.abs(row.lambdaMin / row.law - 1) < 0.05);
    return judged(good, `n = 50: ${list(found)}`, found.length);
  },
};

const cubic = "poly:0,1,0.5,0.16666666666666666";

const smooth: CircleClaim = {
  id: "activations/C2",
  statement:
    "Smooth activations (tanh, swish, polynomial): the smallest eigenvalue can be small if the data span few dimensions",
  published: noNumber,
  rule: "half circle, n = 50: tanh and swish are below 1e-9 of relu, by their upper error bounds; the cubic has at most 7 eigenvalues above their bounds",
  evaluate(rows) {
    const found = cells(rows, ["relu", "tanh", "swish", cubic], [50]);
    if (found === undefined) return missing;
    const [relu, tanh, swish, poly] = found;
    const small = [tanh, swish].every((row) => row.lambdaMin + row.floor < 1e-9 * relu.lambdaMin);
    const ours = `n = 50: ${list([relu, tanh, swish])}; cubic: ${poly.resolvedCount} of 50 eigenvalues are not 0`;
    return judged(small && poly.resolvedCount <= 7, ours, found.length);
  },
};

const slope = (a: Stored, b: Stored): number => Math.log(b.lambdaMin / a.lambdaMin) / Math.log(b.n / a.n);

const exponential: CircleClaim = {
  id: "activations/C3",
  statement: "For tanh and swish the smallest eigenvalue can be exponentially small, depending on the span of the data",
  published: `${noNumber}; the rates are ours: exp(-3.2 n^(2/3)), exp(-5.1 n^(2/3)), erf 2.618^(-n)`,
  rule: "half circle: the local exponent d ln lambda_min / d ln n of tanh and swish falls with n and is below -15 from n = 20 to 50, all resolved; erf: the mean factor per point from n = 20 to 50 is within 2 % of 2.618",
  evaluate(rows) {
    const found = ["tanh", "swish", "erf"].map((name) => cells(rows, [name], [10, 20, 50]));
    if (found.some((cell) => cell === undefined)) return missing;
    const [tanh, swish, erf] = found as Stored[][];
    const steep = [tanh, swish].map(([a, b, c]) => [slope(a, b), slope(b, c)]);
    const factor = (erf[1].lambdaMin / erf[2].lambdaMin) ** (1 / 30);
    const good =
      [...tanh, ...swish, ...erf].every((row) => row.resolved) &&
      steep.every(([early, late]) => late < early && late < -15) &&
      Math.abs(factor / 2.618034 - 1) < 0.02;
    const ours = `local exponents 10-20, 20-50: tanh ${steep[0].map((x) => x.toFixed(1)).join(", ")}; swish ${steep[1].map((x) => x.toFixed(1)).join(", ")}; erf ${factor.toFixed(3)} per point`;
    return judged(good, ours, 9);
  },
};

/** Least-squares slope of ln y over ln x. */
export function fittedExponent(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)]);
  const mean = (k: 0 | 1): number => logs.reduce((sum, p) => sum + p[k], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const top = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return top / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

const classes: CircleClaim = {
  id: "activations/C8",
  statement: "Class J1 (first derivative jumps) is better than class J2 (second derivative jumps)",
  published: "classes recalled, laws ours: J^2 / (4 n) against pi^2 K^2 / (24 n^3)",
  rule: "half circle, n from 20 to 100: fitted exponents of relu, selu within 0.1 of -1, of elu, relu2 within 0.15 of -3, of relu3 within 0.3 of -5; at n = 50 the values are within 5 % of the laws (relu3 5 %)",
  evaluate(rows) {
    const expected: readonly (readonly [string, number, number])[] = [
      ["relu", -1, 0.1],
      ["selu", -1, 0.1],
      ["elu", -3, 0.15],
      ["relu2", -3, 0.15],
      ["relu3", -5, 0.3],
    ];
    const fits = expected.map(([name, exponent, slack]) => {
      const found = cells(rows, [name], [20, 28, 40, 50, 70, 100]);
      if (found === undefined) return undefined;
      const fit = fittedExponent(found.map((row) => [row.n, row.lambdaMin]));
      const middle = found[3];
      const onLaw = middle.law !== null && Math.abs(middle.lambdaMin / middle.law - 1) < 0.05;
      return { name, fit, good: found.every((row) => row.resolved) && Math.abs(fit - exponent) < slack && onLaw };
    });
    if (fits.some((fit) => fit === undefined)) return missing;
    const all = fits as { name: string; fit: number; good: boolean }[];
    const ours = `exponents ${all.map(({ name, fit }) => `${name} ${fit.toFixed(3)}`).join(", ")}`;
    return judged(
      all.every(({ good }) => good),
      ours,
      30,
    );
  },
};

const levels = ["1e-3", "1e-6", "1e-10"];

const saturation: CircleClaim = {
  id: "activations/C14",
  statement:
    "The number of eigenvalues above eps lambda_max does not grow with n for smooth activations in fixed dimension",
  published: "ours: tanh, d = 2: 6, 14, about 27, 50 for eps 1e-3, 1e-6, 1e-10, 1e-16",
  rule: "half circle, n = 50, 100, 200: for tanh, swish, gelu and eps 1e-3, 1e-6, 1e-10 the counts above differ by at most 2; those of relu for 1e-6 grow as n",
  evaluate(rows) {
    const ns = [50, 100, 200];
    const found = ["tanh", "swish", "gelu", "relu"].map((name) => cells(rows, [name], ns));
    if (found.some((cell) => cell === undefined)) return missing;
    const above = (row: Stored, eps: string): number => row.n - row.counts[eps];
    const [tanh, swish, gelu, relu] = found as Stored[][];
    const spread = [tanh, swish, gelu].flatMap((cell) =>
      levels.map(
        (eps) => Math.max(...cell.map((row) => above(row, eps))) - Math.min(...cell.map((row) => above(row, eps))),
      ),
    );
    const ours = [tanh, swish, gelu]
      .map(
        (cell) =>
          `${cell[0].activation} ${levels.map((eps) => cell.map((row) => above(row, eps)).join("/")).join(", ")}`,
      )
      .join("; ");
    const grows = relu.every((row) => above(row, "1e-6") === row.n);
    return judged(Math.max(...spread) <= 2 && grows, `above ${levels.join(", ")} at n = 50/100/200: ${ours}`, 12);
  },
};

export const circleClaims: readonly CircleClaim[] = [kinked, smooth, exponential, classes, saturation];
