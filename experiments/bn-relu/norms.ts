/** E12: layer, group and rms norm in both orders. */
import { type Claim, type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import {
  cellsMissing,
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

type Order = NetworkTrial["order"];
const orders: readonly Order[] = ["norm-act", "act-norm"];
const groupSizes = [256, 128, 32, 16, 8];

function grid(scale: Scale): Partial<NetworkTrial>[] {
  const quick = scale === "quick";
  const net = quick
    ? { width: 24, batch: 8, depth: 5, replicas: 1 }
    : { width: scale === "paper" ? 512 : 256, batch: 256, depth: 20, replicas: scale === "paper" ? 10 : 3 };
  const groups = quick ? ["group:4"] : groupSizes.map((size) => `group:${(net.width as number) / size}`);
  return orders.flatMap((order) => ["batch", "layer", "rms", ...groups].map((norm) => ({ ...net, order, norm })));
}

const at = (rows: readonly NetworkStored[], norm: string, order: Order): NetworkStored[] =>
  rowsWith(rows, { norm, order });
const rateOf = (cell: readonly NetworkStored[]) =>
  meanSd(cell.map((row) => windowRate(row, 1, Math.min(row.depth - 2, 10))));

const claim: Claim<NetworkTrial, NetworkRow> = {
  id: "bn-relu/C15",
  statement: "LayerNorm after ReLU explodes as BN does, LayerNorm before ReLU does not",
  published: "ours: 1.2133 (.0003) against 0.9989 (.0063)",
  rule: "blocks 1-10: ReLU-LN within .01 of 1.2112, LN-ReLU within .01 of 1; batch norm in both orders within .02 of 1.2112",
  evaluate(rows) {
    const cells = (["layer", "batch"] as const).flatMap((norm) => orders.map((order) => at(rows, norm, order)));
    if (cells.some((cell) => cell.length === 0 || cell[0].depth < 12)) return cellsMissing;
    const [before, after, bn, nb] = cells.map(rateOf);
    const explosive = 1.2111738962363;
    const holds =
      Math.abs(after.mean - explosive) < 0.01 &&
      Math.abs(before.mean - 1) < 0.01 &&
      [bn, nb].every(({ mean }) => Math.abs(mean - explosive) < 0.02);
    const rms = orders.map((order) => showRate(rateOf(at(rows, "rms", order))));
    const ours = `ReLU-LN ${showRate(after)}, LN-ReLU ${showRate(before)}; BN-ReLU ${showRate(bn)}, ReLU-BN ${showRate(nb)}; RMS norm before and after ReLU ${rms.join(", ")}`;
    return { verdict: holds ? "holds" : "fails", ours };
  },
};

const sizeOf = ({ norm, width }: NetworkStored): number => width / Number(norm.split(":")[1]);

function figure(rows: readonly NetworkStored[]): FigureSpec {
  const words = { "norm-act": "norm, ReLU", "act-norm": "ReLU, norm" };
  const grouped = orders.flatMap((order) => {
    const own = rows.filter((row) => row.order === order && row.norm.startsWith("group"));
    return [...new Set(own.map(sizeOf))]
      .sort((a, b) => a - b)
      .flatMap((size) => {
        const cell = own.filter((row) => sizeOf(row) === size);
        const finite = cell.every((row) => Number.isFinite(windowRate(row, 1, 3)));
        return finite ? ratePoint(`group: ${words[order]}`, size, [rateOf(cell).mean]) : [];
      });
  });
  const dead = rows.filter((row) => row.norm.startsWith("group") && row.dead > 0);
  const lost = [...new Set(dead.map((row) => `${words[row.order]}, size ${sizeOf(row)}`))];
  // Seven colors: rms norm before ReLU is as layer norm before it.
  const lines = ["batch", "layer", "rms"].flatMap((norm) =>
    orders
      .filter((order) => norm !== "rms" || order === "act-norm")
      .flatMap((order) => profile(`${norm}: ${words[order]}`, at(rows, norm, order), "signal")),
  );
  const list = ["batch", "layer", "rms"].flatMap((norm) =>
    orders.map((order) => `${norm}, ${words[order]} ${showRate(rateOf(at(rows, norm, order)))}`),
  );
  return {
    title: "Other norms: a norm that removes a mean after ReLU explodes",
    caption: `Width ${rows[0].width}, B = ${rows[0].batch}, ${rows[0].depth} blocks, ${networksPerCell(rows)} networks, eps 0, float64. Rates in blocks 1-10: ${list.join("; ")}. Groups with variance 0 (NaN with eps 0, left out): ${lost.length === 0 ? "none" : lost.join("; ")}.`,
    panels: [
      lineWithBand({ title: "norm of dH", xLabel: "block", yLabel: "Euclidean norm", yScale: "log", points: lines }),
      lineWithBand({
        title: "group norm: rate by group size",
        xLabel: "units per group",
        yLabel: "rate per block",
        xScale: "log",
        points: grouped,
        dots: true,
      }),
    ],
  };
}

export const norms: Experiment<NetworkTrial, NetworkRow> = experiment({
  ...networkExperiment,
  id: "bn-relu/norms",
  source: "E12",
  title: "Other norms",
  grid,
  figure,
  claims: [claim],
});
