/** E2: the rate at finite batches in both orders of a block, against the exact law. */
import { type Claim, type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import {
  accepts,
  cellsMissing,
  meanSd,
  type NetworkRow,
  type NetworkStored,
  type NetworkTrial,
  networkExperiment,
  networksPerCell,
  ratePoint,
  rowsWith,
  showRate,
} from "./network-trial.ts";

type BatchClaim = Claim<NetworkTrial, NetworkRow>;
type Order = NetworkTrial["order"];

function grid(scale: Scale): Partial<NetworkTrial>[] {
  const sizes =
    scale === "quick"
      ? [4, 16]
      : [2, 3, 4, 5, 6, 8, 16, 32, 64, 128, 256, ...(scale === "paper" ? [512, 1024, 4096] : [])];
  const net =
    scale === "quick"
      ? { width: 24, depth: 5, replicas: 2 }
      : { width: scale === "paper" ? 1024 : 256, depth: 12, replicas: 8 };
  const both = (order: Order, batches: readonly number[]) => batches.map((batch) => ({ ...net, order, batch }));
  return [
    ...both("norm-act", sizes),
    ...both(
      "act-norm",
      sizes.filter((batch) => batch >= 4),
    ),
  ];
}

const batchesOf = (rows: readonly NetworkStored[], order: Order): number[] =>
  [...new Set(rowsWith(rows, { order }).map(({ batch }) => batch))].sort((a, b) => a - b);

const at = (rows: readonly NetworkStored[], order: Order, batch: number): NetworkStored[] =>
  rowsWith(rows, { order, batch });

/** A verdict over batches: those with theory are within the acceptance band. */
function against(
  rows: readonly NetworkStored[],
  order: Order,
  batches: readonly number[],
): { holds: boolean; ours: string } | undefined {
  const cells = batches.map((batch) => at(rows, order, batch));
  if (cells.some((cell) => cell.length === 0)) return undefined;
  const found = cells.map((cell) => meanSd(cell.map(({ first }) => first)));
  const holds = cells.every((cell, i) => accepts(found[i], cell[0].theory as number));
  const ours = cells.map(
    (cell, i) => `${batches[i]}: ${showRate(found[i])} against ${(cell[0].theory as number).toFixed(4)}`,
  );
  return { holds, ours: ours.join("; ") };
}

const finite: BatchClaim = {
  id: "bn-relu/C10",
  statement: "Exact rate at finite batch B, infinite width, order BN-ReLU",
  published: "ours: 1.222 at 64, 1.261 at 16, 1.756 at 4; exactly zero gradient at 2",
  rule: "batches 4 to 256, blocks 1-9: within 3 standard deviations or .01 of the closed form; batch 2: the rate is below 1e-12",
  evaluate(rows) {
    const result = against(rows, "norm-act", [4, 5, 6, 8, 16, 32, 64, 128, 256]);
    const two = at(rows, "norm-act", 2);
    if (result === undefined || two.length === 0) return cellsMissing;
    const least = Math.max(...two.map(({ first }) => first as number));
    return {
      verdict: result.holds && least < 1e-12 ? "holds" : "fails",
      ours: `2: ${least.toExponential(0)}; ${result.ours}`,
    };
  },
};

const otherOrder: BatchClaim = {
  id: "bn-relu/C11",
  statement: "The order ReLU -> BN has the same limit but other finite-B values",
  published: "ours: 1.2304 at 64, 1.2953 at 16",
  rule: "batches 16 to 256: within 3 standard deviations or .01 of the expectation (Monte Carlo), above the other order at 16, 32 and 64, and within .01 of it at 256",
  evaluate(rows) {
    const result = against(rows, "act-norm", [16, 32, 64, 128, 256]);
    if (result === undefined) return cellsMissing;
    const gap = (batch: number): number =>
      meanSd(at(rows, "act-norm", batch).map(({ first }) => first)).mean -
      meanSd(at(rows, "norm-act", batch).map(({ first }) => first)).mean;
    const holds = result.holds && [16, 32, 64].every((batch) => gap(batch) > 0) && Math.abs(gap(256)) < 0.01;
    return { verdict: holds ? "holds" : "fails", ours: result.ours };
  },
};

function figure(rows: readonly NetworkStored[]): FigureSpec {
  const orders: readonly Order[] = ["norm-act", "act-norm"];
  const names = { "norm-act": "BN-ReLU", "act-norm": "ReLU-BN" };
  const shown = (order: Order) => batchesOf(rows, order).filter((batch) => batch >= 4);
  const points = orders.flatMap((order) =>
    shown(order).flatMap((batch) =>
      ratePoint(
        names[order],
        batch,
        at(rows, order, batch).map(({ first }) => first),
      ),
    ),
  );
  const law = orders.flatMap((order) =>
    shown(order).flatMap((batch) => {
      const { theory } = at(rows, order, batch)[0];
      return theory === null || !Number.isFinite(theory) ? [] : [{ series: names[order], x: batch, y: theory }];
    }),
  );
  const excess = (series: string, x: number, y: number) => ({ series, x, y: y - 1.2111738962363 });
  const dead = rowsWith(rows, { order: "act-norm" }).filter((row) => row.dead > 0);
  const counts = [...new Set(dead.map(({ batch }) => batch))].map((batch) => {
    const own = at(rows, "act-norm", batch);
    return `${(own.reduce((sum, row) => sum + row.dead, 0) / own.length).toFixed(1)} at B = ${batch}`;
  });
  return {
    title: "Rate at a finite batch, both orders of a block",
    caption: `Width ${rows[0].width}, ${rows[0].depth} blocks, blocks 1-9, ${networksPerCell(rows)} networks, eps 0, float64. Diamonds: the closed form (BN-ReLU) and the expectation by Monte Carlo (ReLU-BN). Dead features of ReLU-BN (variance 0, gradient 0 / 0) per network: ${counts.length === 0 ? "none" : counts.join(", ")}.`,
    panels: [
      lineWithBand({
        title: "rate",
        xLabel: "batch",
        yLabel: "rate per block",
        xScale: "log",
        points,
        published: law,
        dots: true,
        bars: true,
      }),
      lineWithBand({
        title: "rate - sqrt(pi / (pi - 1))",
        xLabel: "batch",
        yLabel: "excess over the large-batch rate",
        xScale: "log",
        yScale: "log",
        points: points.map(({ series, x, y }) => excess(series, x, y)).filter(({ y }) => y > 1e-4),
        published: law.map(({ series, x, y }) => excess(series, x, y)),
        dots: true,
      }),
    ],
    publishedLabel: "theory",
    intervalLabel: "standard deviation",
  };
}

export const batch: Experiment<NetworkTrial, NetworkRow> = experiment({
  ...networkExperiment,
  id: "bn-relu/batch",
  source: "E2",
  title: "Batch size and order of the block",
  grid,
  figure,
  claims: [finite, otherOrder],
});
