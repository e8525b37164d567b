/** The picture of one network: norms of gradients block by block beside theory, and the factors of their growth. */
import type { PropagationReport } from "../../src/analysis/propagation/report.ts";
import type { LayerRow } from "../../src/analysis/propagation/rows.ts";
import { showTop } from "../../src/analysis/propagation/top.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand, type Point } from "../../src/lab/panels.ts";

type Field = { [K in keyof LayerRow]: LayerRow[K] extends number | null ? K : never }[keyof LayerRow];

/** One series per field, of the layers where it is known; on a logarithmic axis zeros are left out. */
export function fieldPoints(
  layers: readonly LayerRow[],
  names: Readonly<Partial<Record<Field, string>>>,
  log = false,
): Point[] {
  return Object.entries(names).flatMap(([field, series]) =>
    layers.flatMap((row) => {
      const y = row[field as Field] as number | null;
      return y === null || !Number.isFinite(y) || (log && y <= 0) ? [] : [{ series, x: row.index, y }];
    }),
  );
}

/** What theory expects of the norms of g, from the top. */
function expected({ layers, theory }: PropagationReport): Point[] {
  const top = layers[layers.length - 1];
  const { rate } = theory;
  if (rate === null || !(rate > 0) || !Number.isFinite(rate)) return [];
  return layers.map(({ index }) => ({
    series: "theory of g",
    x: index,
    y: top.gradient * rate ** (top.index - index),
  }));
}

const label = "block, from the input";

export function normsPanel(report: PropagationReport, title = "norms of gradients"): Panel {
  return lineWithBand({
    title,
    xLabel: label,
    yLabel: "Euclidean norm",
    yScale: "log",
    points: [
      ...fieldPoints(report.layers, { gradient: "g, of the output", weightGradient: "G, of the weight" }, true),
      ...expected(report),
    ],
  });
}

export function factorsPanel(layers: readonly LayerRow[]): Panel {
  const names = { mask: "M mask", projection: "Pi projection", gain: "S gain", transport: "T transport" } as const;
  return lineWithBand({
    title: "factors of the squared growth per block",
    xLabel: label,
    yLabel: "factor",
    points: fieldPoints(layers, names),
  });
}

/** A panel of one line, which its title names: not in the legend. */
function alone(title: string, yLabel: string, points: readonly Point[]): Panel {
  return { ...lineWithBand({ title, xLabel: label, yLabel, points }), series: [] };
}

const short = (value: number | null): string => (value === null ? "-" : value.toPrecision(5));

export function propagationFigure(report: PropagationReport, title: string): FigureSpec {
  const { layers, rate, theory, runs, topGradient } = report;
  return {
    title: `${title}: gradients block by block`,
    caption: `${showTop(topGradient)}, ${runs.length} ${runs.length === 1 ? "network" : "networks"}. Rate per block: first ${short(rate.first)}, middle ${short(rate.middle)}, last ${short(rate.last)}, weights ${short(rate.weights)}; theory ${short(theory.rate)} (${theory.source}).`,
    panels: [
      normsPanel(report),
      factorsPanel(layers),
      alone("alignment A of the weights", "A", fieldPoints(layers, { alignment: "A" })),
      alone("participation ratio of the samples", "of pre-activations", fieldPoints(layers, { participation: "PR" })),
    ],
    columns: 2,
  };
}
