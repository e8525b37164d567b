/** E10: residual networks: a power law of depth instead of an exponential. */
import { residualExponent, residualGrowth } from "../../src/analysis/propagation/theory/residual.ts";
import { type Claim, type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand, type Point } from "../../src/lab/panels.ts";
import { fittedExponent } from "../activations/circle-claims.ts";
import {
  cellsMissing,
  meanSd,
  type NetworkRow,
  type NetworkStored,
  type NetworkTrial,
  networkExperiment,
  networksPerCell,
  rowsWith,
} from "./network-trial.ts";

const kinds = ["pre1", "pre2", "post2"] as const;
type Kind = (typeof kinds)[number];
const words: Readonly<Record<Kind, string>> = {
  pre1: "pre-activation, 1 layer",
  pre2: "pre-activation, 2 layers",
  post2: "post-activation, 2 layers",
};

function grid(scale: Scale): Partial<NetworkTrial>[] {
  const quick = scale === "quick";
  const net = quick
    ? { width: 24, batch: 16, replicas: 1 }
    : { width: 256, batch: 256, replicas: scale === "paper" ? 10 : 3 };
  const depths = quick ? [2, 4] : [8, 16, 32, 64, ...(scale === "paper" ? [128] : [])];
  return [
    ...kinds.flatMap((residual) => depths.map((depth) => ({ ...net, residual, depth }))),
    ...depths.slice(0, 2).map((depth) => ({ ...net, residual: "post2" as const, depth, lastGamma: 0 })),
  ];
}

/** |g_0| / |g_L| over all residual blocks. */
export function totalGrowth({ kinds: all, growth }: Pick<NetworkRow, "kinds" | "growth">): number {
  return Math.sqrt(
    growth.reduce<number>((total, own, i) => (all[i] === "residual" ? total * (own as number) : total), 1),
  );
}

const at = (rows: readonly NetworkStored[], residual: Kind, depth: number, lastGamma = 1) =>
  meanSd(rowsWith(rows, { residual, depth, lastGamma }).map(totalGrowth));

const depthsOf = (rows: readonly NetworkStored[]): number[] =>
  [...new Set(rows.map(({ depth }) => depth))].sort((a, b) => a - b);
const layersOf = (kind: Kind): 1 | 2 => (kind === "pre1" ? 1 : 2);

const claim: Claim<NetworkTrial, NetworkRow> = {
  id: "bn-relu/C14",
  statement: "Residual nets: a power law instead of an exponential",
  published: "ours: gradient norm ~ L^0.7335 (one block layer) or ~ L^1.076 (two layers), pre-activation",
  rule: "pre-activation, 8 to 64 blocks: within 5 % of the closed form; exponents fitted from 16 to 64 blocks within .07 of the closed form's own; post-activation: exponent between 1 and 1.5; with last gamma 0 the ratio is within .01 of sqrt(1/2)",
  evaluate(rows) {
    const depths = [8, 16, 32, 64];
    if (kinds.some((kind) => depths.some((depth) => at(rows, kind, depth).n === 0))) return cellsMissing;
    const slope = (of: (depth: number) => number): number =>
      fittedExponent(depths.slice(1).map((depth) => [depth, of(depth)]));
    const own = kinds.map((kind) => slope((depth) => at(rows, kind, depth).mean));
    const closed = kinds.slice(0, 2).map((kind) => slope((depth) => residualGrowth(depth, layersOf(kind))));
    const near = kinds
      .slice(0, 2)
      .every((kind) =>
        depths.every(
          (depth) => Math.abs(at(rows, kind, depth).mean / residualGrowth(depth, layersOf(kind)) - 1) < 0.05,
        ),
      );
    const zero = at(rows, "post2", 8, 0).mean;
    const holds =
      near &&
      closed.every((exponent, i) => Math.abs(own[i] - exponent) < 0.07) &&
      own[2] > 1 &&
      own[2] < 1.5 &&
      Math.abs(zero - Math.SQRT1_2) < 0.01;
    const list = kinds.map(
      (kind) => `${words[kind]} ${depths.map((depth) => at(rows, kind, depth).mean.toPrecision(4)).join(", ")}`,
    );
    const ours = `8, 16, 32, 64 blocks: ${list.join("; ")}; exponents ${own.map((x) => x.toFixed(3)).join(", ")} (closed ${closed.map((x) => x.toFixed(3)).join(", ")}; limits ${residualExponent(1).toFixed(3)}, ${residualExponent(2).toFixed(3)}); last gamma 0: ${zero.toFixed(4)}`;
    return { verdict: holds ? "holds" : "fails", ours };
  },
};

function figure(rows: readonly NetworkStored[]): FigureSpec {
  const depths = depthsOf(rows);
  const points = kinds.flatMap((kind) =>
    depths.flatMap((depth): Point[] => {
      const { mean, sd, n } = at(rows, kind, depth);
      if (n === 0) return [];
      return [
        Number.isNaN(sd)
          ? { series: words[kind], x: depth, y: mean }
          : { series: words[kind], x: depth, y: mean, low: mean - sd, high: mean + sd },
      ];
    }),
  );
  const law = (["pre1", "pre2"] as const).flatMap((kind) =>
    depths.map((depth) => ({ series: words[kind], x: depth, y: residualGrowth(depth, layersOf(kind)) })),
  );
  const deepest = depths[depths.length - 1];
  const local = kinds.flatMap((kind): Point[] => {
    const cell = rowsWith(rows, { residual: kind, depth: deepest, lastGamma: 1 });
    if (cell.length === 0) return [];
    const blocks = cell[0].kinds.map((own, i) => (own === "residual" ? i : -1)).filter((i) => i >= 0);
    return blocks.map((i, x) => ({
      series: words[kind],
      x,
      y: Math.sqrt(meanSd(cell.map((row) => row.growth[i])).mean),
    }));
  });
  return {
    title: "Residual networks: a power law of depth",
    caption: `Width ${rows[0].width}, B = ${rows[0].batch}, eps 0, float64, ${networksPerCell(rows)} networks. Diamonds: the closed form of pre-activation blocks (E10).`,
    panels: [
      lineWithBand({
        title: "|g_0| / |g_L|",
        xLabel: "blocks L",
        yLabel: "growth of the gradient",
        xScale: "log",
        yScale: "log",
        points,
        published: law,
        dots: true,
        bars: true,
      }),
      lineWithBand({
        title: `growth per block, L = ${deepest}`,
        xLabel: "block",
        yLabel: "factor of the norm",
        points: local,
      }),
    ],
    publishedLabel: "closed form",
    intervalLabel: "standard deviation",
  };
}

export const residual: Experiment<NetworkTrial, NetworkRow> = experiment({
  ...networkExperiment,
  id: "bn-relu/residual",
  source: "E10",
  title: "Residual networks",
  grid,
  figure,
  claims: [claim],
});
