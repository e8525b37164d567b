/** E1: the rate of the explosion at initialization, block by block, and whether the forward pass is stable. */
import { type Claim, type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand, type Point } from "../../src/lab/panels.ts";
import {
  accepts,
  cellsMissing,
  innerMean,
  meanSd,
  type NetworkRow,
  type NetworkStored,
  type NetworkTrial,
  networkExperiment,
  networksPerCell,
  profile,
  ratePoint,
  rowsWith,
  showRate,
  windowRate,
} from "./network-trial.ts";

type RateClaim = Claim<NetworkTrial, NetworkRow>;
type Cell = readonly NetworkStored[];

function grid(scale: Scale): Partial<NetworkTrial>[] {
  const bare = { norm: "none", batch: 256, width: 256 };
  if (scale === "quick") {
    return [
      { depth: 6, width: 24, batch: 16, replicas: 2 },
      { ...bare, depth: 6, width: 24, batch: 16, replicas: 2 },
      { norm: "batch:frozen", depth: 6, width: 24, batch: 16, replicas: 2 },
    ];
  }
  const sizes = [
    [256, 64],
    [256, 256],
    [512, 256],
  ];
  if (scale === "paper") sizes.push([1024, 512]);
  const replicas = scale === "paper" ? 10 : 3;
  const whole = sizes.map(([width, batch]) => ({ width, batch, depth: 50, replicas }));
  const frozen = whole.map((cell) => ({ ...cell, norm: "batch:frozen" }));
  return [...whole, { ...bare, depth: 50, replicas }, ...frozen];
}

/** Rows with batch norm, by width and batch. */
function cellsOf(rows: readonly NetworkStored[]): Cell[] {
  const normed = rowsWith(rows, { norm: "batch" });
  const keys = [...new Set(normed.map(({ width, batch }) => `${width} ${batch}`))];
  return keys.map((key) => normed.filter(({ width, batch }) => `${width} ${batch}` === key));
}

const label = ([{ width, batch }]: Cell): string => `n ${width}, B ${batch}`;
const deep = (rows: readonly NetworkStored[]): boolean => rows.every(({ depth }) => depth >= 50);

/** |G_1| / |G_(L-2)|. */
const whole = ({ weightGradient }: NetworkRow): number =>
  (weightGradient[1] as number) / (weightGradient[weightGradient.length - 2] as number);

const explosion: RateClaim = {
  id: "bn-relu/C1",
  statement: "At initialization the gradient explodes with depth while the forward pass is stable",
  published: "ours: cosine and variance flat over 50 layers, weight gradient x 7e3 to 1.6e4 over 50 layers",
  rule: "every net with batch norm and 50 blocks: mean cosine of the samples within .3 .. .35 at blocks 1 to the last (limit 1/pi), |G_1| / |G_(L-2)| above 1000; without norm between .1 and 10",
  evaluate(rows) {
    const cells = cellsOf(rows);
    const bare = rowsWith(rows, { norm: "none" });
    if (cells.length === 0 || bare.length === 0 || !deep(rows)) return cellsMissing;
    const cosines = cells.flat().flatMap(({ cosine }) => cosine.slice(1) as number[]);
    const [low, high] = [Math.min(...cosines), Math.max(...cosines)];
    const grown = cells.map((cell) => meanSd(cell.map(whole)).mean);
    const without = bare.map(whole);
    const holds =
      low > 0.3 &&
      high < 0.35 &&
      cells.flat().every((row) => whole(row) > 1000) &&
      without.every((x) => x > 0.1 && x < 10);
    const ours = `cosine ${low.toFixed(3)} .. ${high.toFixed(3)}; |G_1|/|G_48| ${cells.map((cell, i) => `${label(cell)}: ${grown[i].toPrecision(3)}`).join(", ")}; without norm ${meanSd(without).mean.toPrecision(2)}`;
    return { verdict: holds ? "holds" : "fails", ours };
  },
};

const exactRate: RateClaim = {
  id: "bn-relu/C2",
  statement: "Rate per BN-ReLU block (norm of the gradient), wide net, large batch: sqrt(pi/(pi-1)) = 1.2112",
  published: "1.211173896236 (Yang et al. 2019, Luther 2020; derived)",
  rule: "in blocks 1-9 every cell is within 3 standard deviations or .01 of the exact rate at its batch, and the cells with B = 256 within .01 of 1.2112",
  evaluate(rows) {
    const cells = cellsOf(rows);
    if (cells.length < 3 || !deep(rows)) return cellsMissing;
    const found = cells.map((cell) => meanSd(cell.map(({ first }) => first)));
    const holds = cells.every((cell, i) => {
      const large = cell[0].batch < 256 || Math.abs(found[i].mean - 1.211173896236) < 0.01;
      return accepts(found[i], cell[0].theory as number) && large;
    });
    const ours = cells.map(
      (cell, i) => `${label(cell)}: ${showRate(found[i])} (exact ${(cell[0].theory as number).toFixed(4)})`,
    );
    return { verdict: holds ? "holds" : "fails", ours: ours.join("; "), rows: cells.flat().length };
  },
};

const cause: RateClaim = {
  id: "bn-relu/C3",
  statement: "Cause: ReLU keeps 1/2 of the squared gradient but only (1-1/pi)/2 of the variance, and BN divides by it",
  published: "0.5 / 0.340845 = 1.466942; M .499, Pi .995, S 1.467, T 2 at B = 256",
  rule: "cells with B = 256, geometric means over inner blocks: M within .01 of 1/2, Pi within .003 of .9954, T within .08 of 2, S (1 - 1/pi) within .05 of 1",
  evaluate(rows) {
    const cells = cellsOf(rows).filter(([{ batch }]) => batch === 256);
    if (cells.length === 0 || !deep(rows)) return cellsMissing;
    const factors = cells.map((cell) =>
      (["mask", "projection", "gain", "transport"] as const).map((name) => innerMean(cell, name)),
    );
    const holds = factors.every(
      ([m, pi, s, t]) =>
        Math.abs(m - 0.5) < 0.01 &&
        Math.abs(pi - 0.9954) < 0.003 &&
        Math.abs(t - 2) < 0.08 &&
        Math.abs(s * (1 - 1 / Math.PI) - 1) < 0.05,
    );
    const ours = cells.map(
      (cell, i) =>
        `${label(cell)}: M ${factors[i][0].toFixed(4)}, Pi ${factors[i][1].toFixed(4)}, S ${factors[i][2].toFixed(4)}, T ${factors[i][3].toFixed(4)}`,
    );
    return { verdict: holds ? "holds" : "fails", ours: ours.join("; "), rows: cells.flat().length };
  },
};

const weights: RateClaim = {
  id: "bn-relu/C9",
  statement: "Weight gradients explode at the same rate as signal gradients",
  published:
    "ours: weights 1.2052 (.0020) over 50 layers; signals 1.2119, 1.2053, 1.2008 in three windows (n 512, B 256)",
  rule: "every cell, blocks 1 to L-2: the rates of |G| and of |dH| differ by less than .003",
  evaluate(rows) {
    const cells = cellsOf(rows);
    if (cells.length === 0 || !deep(rows)) return cellsMissing;
    const pairs = cells.map((cell) => [
      meanSd(cell.map((row) => row.weights)),
      meanSd(cell.map((row) => windowRate(row, 1, row.depth - 2))),
    ]);
    const holds = pairs.every(([g, h]) => Math.abs(g.mean - h.mean) < 0.003);
    const ours = cells.map(
      (cell, i) => `${label(cell)}: weights ${showRate(pairs[i][0])}, signals ${showRate(pairs[i][1])}`,
    );
    return { verdict: holds ? "holds" : "fails", ours: ours.join("; "), rows: cells.flat().length };
  },
};

/** Frozen statistics beside exact ones: the same networks, inputs and gradients at the top. */
function frozenText(rows: readonly NetworkStored[], cells: readonly Cell[]): string {
  const found = cells.flatMap((cell) => {
    const [{ width, batch, theory }] = cell;
    const frozen = rowsWith(rows, { norm: "batch:frozen", width, batch });
    if (frozen.length === 0) return [];
    const ratio = meanSd(frozen.map((row, i) => (row.first as number) / (cell[i].first as number)));
    const law = (frozen[0].theory as number) / (theory as number);
    return [
      `${label(cell)}: ${showRate(meanSd(frozen.map(({ first }) => first)))}, ${showRate(ratio)} times (law ${law.toFixed(4)})`,
    ];
  });
  return found.length === 0 ? "" : ` Statistics as constants, blocks 1-9: ${found.join("; ")}.`;
}

function windowsPanel(cells: readonly Cell[]): Panel {
  const windows = ["first", "middle", "last"] as const;
  const points = cells.flatMap((cell) =>
    windows.flatMap((name, x) =>
      ratePoint(
        label(cell),
        x,
        cell.map((row) => row[name]),
      ),
    ),
  );
  return lineWithBand({
    title: "rate of dH: first, middle, last window (0, 1, 2)",
    xLabel: "window",
    yLabel: "rate per block",
    points,
    published: cells.map((cell) => ({ series: label(cell), x: 0, y: cell[0].theory as number })),
    dots: true,
    bars: true,
  });
}

function figure(rows: readonly NetworkStored[]): FigureSpec {
  const cells = cellsOf(rows);
  const bare = rowsWith(rows, { norm: "none" });
  const law = cells.flatMap((cell): Point[] => {
    const top = profile("", cell, "signal");
    const end = top[top.length - 2];
    return top
      .slice(1, -1)
      .map(({ x }) => ({ series: label(cell), x, y: end.y * (cell[0].theory as number) ** (end.x - x) }));
  });
  return {
    title: "Gradients explode block by block at initialization",
    caption: `Random N(0,1) gradient at the top, Gaussian inputs, ReLU after batch norm, eps 0, float64, ${networksPerCell(rows)} networks per cell. Diamonds: the exact rate at the batch, infinite width (2.5), drawn from the next to last block. Bars: standard deviation over networks.${frozenText(rows, cells)}`,
    panels: [
      lineWithBand({
        title: "norm of dH",
        xLabel: "block, from the input",
        yLabel: "Euclidean norm",
        yScale: "log",
        points: [
          ...cells.flatMap((cell) => profile(label(cell), cell, "signal")),
          ...profile("no norm", bare, "signal"),
        ],
        published: law.filter(({ x }) => x % 6 === 1),
      }),
      windowsPanel(cells),
      lineWithBand({
        title: "mean cosine of the samples",
        xLabel: "block, from the input",
        yLabel: "cosine",
        points: [
          ...cells.flatMap((cell) => profile(label(cell), cell, "cosine")),
          ...profile("no norm", bare, "cosine"),
        ],
      }),
      lineWithBand({
        title: "spread of the samples' squared norms",
        xLabel: "block, from the input",
        yLabel: "coefficient of variation",
        points: cells.flatMap((cell) => profile(label(cell), cell, "spread")),
      }),
    ],
    columns: 2,
    publishedLabel: "theory",
    intervalLabel: "standard deviation",
  };
}

export const rate: Experiment<NetworkTrial, NetworkRow> = experiment({
  ...networkExperiment,
  id: "bn-relu/rate",
  source: "E1",
  title: "Rate at initialization",
  grid,
  figure,
  claims: [explosion, exactRate, cause, weights],
});
