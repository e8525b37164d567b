/** E4: ranks of polynomial activations, exactly, and how many eigenvalues float64 would see. */

import { sphere } from "../../src/analysis/spectra/points.ts";
import { genericRank, polynomialRank } from "../../src/analysis/spectra/rank.ts";
import { type Claim, type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { measureRow } from "./spectrum-row.ts";

interface RankTrial {
  /** Integer coefficients from the constant up. */
  readonly coefficients: readonly number[];
  readonly n: number;
  readonly d: number;
}

interface RankRow {
  readonly rank: number;
  readonly generic: number;
  /** Eigenvalues above their error bounds; null beyond the sizes that are factored. */
  readonly seen: number | null;
  readonly lambdaMin: number | null;
  readonly lambdaMax: number | null;
}
type Stored = StoredRow<RankTrial, RankRow>;

/** z^2; 6 z + 3 z^2 + z^3 (six times the cubic of the text); z^3; z^4; a quintic with all degrees. */
const polynomials: readonly (readonly number[])[] = [
  [0, 0, 1],
  [0, 6, 3, 1],
  [0, 0, 0, 1],
  [0, 0, 0, 0, 1],
  [0, 1, 1, 1, 1, 1],
];
const dimensions = [2, 3, 5, 10, 20];

function grid(scale: Scale): Partial<RankTrial>[] {
  const ns = scale === "quick" ? [12] : scale === "minimal" ? [200, 600] : [200, 1000, 2000];
  const ds = scale === "quick" ? [2, 3] : dimensions;
  return polynomials.flatMap((coefficients) => ds.flatMap((d) => ns.map((n) => ({ coefficients, n, d }))));
}

function trial({ coefficients, n, d }: RankTrial, { seed }: { readonly seed: number }): RankRow[] {
  const row = n <= 300 ? measureRow(`poly:${coefficients.join(",")}`, { points: sphere(n, d, seed) }) : undefined;
  return [
    {
      rank: polynomialRank(coefficients, n, d, seed),
      generic: genericRank(coefficients, d),
      seen: row?.resolvedCount ?? null,
      lambdaMin: row?.lambdaMin ?? null,
      lambdaMax: row?.lambdaMax ?? null,
    },
  ];
}

const claim: Claim<RankTrial, RankRow> = {
  id: "activations/C7",
  statement: "A polynomial of degree p gives a singular Gram matrix as soon as n exceeds a number of order d^p",
  published: "abstract (polynomials); exact count ours: C(d+p-1, p) + C(d+p-2, p-1)",
  rule: "in every cell the rank modulo a prime is min(n, R) exactly, with R the count (only C(d+p-1, p) where one parity occurs); where n <= 300 as many eigenvalues exceed their error bounds; at least 40 cells",
  evaluate(rows) {
    const wrong = rows.filter((row) => row.rank !== Math.min(row.n, row.generic));
    const unseen = rows.filter((row) => row.seen !== null && row.seen !== row.rank);
    const ours = `${rows.length - wrong.length} of ${rows.length} ranks are min(n, R); ${unseen.length} cells where the eigenvalues show another number`;
    if (rows.length < 40) return { verdict: "undecided", ours };
    return { verdict: wrong.length + unseen.length === 0 ? "holds" : "fails", ours };
  },
};

const nameOf = (coefficients: readonly number[]): string =>
  coefficients.flatMap((c, k) => (c === 0 ? [] : [`${c === 1 ? "" : c}z${k === 1 ? "" : `^${k}`}`])).join(" + ");

function figure(rows: readonly Stored[]): FigureSpec {
  const ns = [...new Set(rows.map((row) => row.n))];
  const panels = ns.map((n) => {
    const of = rows.filter((row) => row.n === n);
    return lineWithBand({
      title: `n = ${n}`,
      xLabel: "dimension",
      yLabel: "rank",
      xScale: "log",
      yScale: "log",
      points: of.map((row) => ({ series: nameOf(row.coefficients), x: row.d, y: row.rank })),
      published: of.map((row) => ({ series: nameOf(row.coefficients), x: row.d, y: Math.min(row.n, row.generic) })),
      dots: true,
    });
  });
  return {
    title: "Exact rank of the Gram matrix of polynomial activations",
    caption:
      "Rational points of the sphere, arithmetic modulo 2^26 - 5. Diamonds: min(n, C(d+p-1, p) [+ C(d+p-2, p-1)]).",
    panels,
    columns: 2,
    publishedLabel: "counted",
  };
}

export const rank: Experiment<RankTrial, RankRow> = experiment({
  id: "activations/rank",
  paper: "activations",
  source: "E4",
  title: "Rank of polynomial activations",
  parameters: {
    coefficients: { type: "list", default: [0, 0, 1], doc: "integers, from the constant up" },
    n: { type: "integer", default: 200, doc: "points", minimum: 1, maximum: 4000 },
    d: { type: "integer", default: 2, doc: "dimension", minimum: 2, maximum: 200 },
  },
  grid,
  cost: ({ n, d }) => n * n * (n + d),
  trial,
  figure,
  claims: [claim],
});
