/** E12: does training the second layer too change the smallest eigenvalue? */
import { halfCircle, sphere } from "../../src/analysis/spectra/points.ts";
import { type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { measureRow, medianPoint, type SpectrumRow } from "./spectrum-row.ts";

interface LayersTrial {
  readonly activation: string;
  readonly layers: "first" | "second" | "all";
  readonly data: "half-circle" | "sphere:5";
  readonly n: number;
}
type Stored = StoredRow<LayersTrial, SpectrumRow>;

const activations = ["relu", "elu", "selu", "tanh", "erf", "swish"];
const choices = ["first", "second", "all"] as const;

function grid(scale: Scale): Partial<LayersTrial>[] {
  const ns = scale === "quick" ? [6] : [10, 20, 50];
  return activations.flatMap((activation) =>
    (["half-circle", "sphere:5"] as const).flatMap((data) =>
      ns.flatMap((n) => choices.map((layers) => ({ activation, layers, data, n }))),
    ),
  );
}

function figure(rows: readonly Stored[]): FigureSpec {
  const panels = (["half-circle", "sphere:5"] as const).map((data) => {
    const ns = [...new Set(rows.map((row) => row.n))].sort((a, b) => a - b);
    const points = ["relu", "erf"].flatMap((name) =>
      choices.flatMap((layers) =>
        ns.flatMap((n) => {
          const found = rows.filter(
            (row) => row.activation === name && row.layers === layers && row.data === data && row.n === n,
          );
          return found.length === 0 ? [] : [medianPoint(`${name}, ${layers}`, n, found)];
        }),
      ),
    );
    return lineWithBand({
      title: data,
      xLabel: "points",
      yLabel: "smallest eigenvalue",
      xScale: "log",
      yScale: "log",
      points,
      dots: true,
    });
  });
  return {
    title: "First layer, second layer or both",
    caption:
      "Infinite width. Training the second layer too adds the Gram matrix of phi itself, whose smallest eigenvalue is far smaller: the conclusions are not an artefact of freezing it.",
    panels,
    columns: 2,
  };
}

export const layers: Experiment<LayersTrial, SpectrumRow> = experiment({
  id: "activations/layers",
  paper: "activations",
  source: "E12 (ours)",
  title: "One layer or both",
  parameters: {
    activation: { type: "string", default: "relu", doc: "name with parameters" },
    layers: { type: "string", default: "first", doc: "trained layers", choices },
    data: { type: "string", default: "half-circle", doc: "points", choices: ["half-circle", "sphere:5"] },
    n: { type: "integer", default: 20, doc: "points", minimum: 2, maximum: 500 },
  },
  grid,
  trial: ({ activation, layers: trained, data, n }, { seed }) => [
    measureRow(activation, { points: data === "half-circle" ? halfCircle(n) : sphere(n, 5, seed), layers: trained }),
  ],
  figure,
  claims: [],
});
