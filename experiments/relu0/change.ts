/** E3: when a mini-batch is hit, how much does the gradient change? */
import { fiveNumbers } from "../../src/analysis/statistics.ts";
import type { Change } from "../../src/analysis/zone/hit.ts";
import { type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import {
  networks,
  type ScanRecord,
  scanAllParameters,
  type ZoneStored,
  type ZoneTrial,
  zoneMeasurement,
} from "./zone-trial.ts";

const counts: Readonly<Record<Scale, { readonly float32: number; readonly float16: number; readonly other: number }>> =
  {
    quick: { float32: 2, float16: 2, other: 1 },
    minimal: { float32: 1000, float16: 200, other: 10 },
    paper: { float32: 1000, float16: 1000, other: 10 },
  };

function grid(scale: Scale, parameters: ZoneTrial): Partial<ZoneTrial>[] {
  const { float32, float16, other } = counts[scale];
  const small = scale === "quick" ? { samples: 1024 } : {};
  return [
    ...networks({ ...small, format: "float32" }, parameters.inits || float32),
    ...networks({ ...small, format: "float16" }, parameters.inits || float16),
    ...networks({ ...small, format: "bfloat16" }, parameters.inits || other),
    ...networks({ ...small, format: "float64" }, parameters.inits || other),
  ];
}

/** Relative L2 changes of the first layer's weight gradient over the hit mini-batches, ascending. */
export function changes(rows: readonly ZoneStored[], variant: "product" | "overwrite"): number[] {
  const sizes = rows.flatMap((row) => row.hits.map((hit): Change => hit[variant])).map((change) => change.l2);
  return sizes.filter((size): size is number => size !== null && Number.isFinite(size)).sort((a, b) => a - b);
}

/** Affected networks, affected mini-batches, and minimum, quartiles, maximum of the relative change. */
export function summary(rows: readonly ZoneStored[], variant: "product" | "overwrite"): string {
  const [batches, hit] = [rows.reduce((n, row) => n + row.batches, 0), rows.reduce((n, row) => n + row.hits.length, 0)];
  const nets = rows.filter((row) => row.hits.length > 0).length;
  const five = fiveNumbers(changes(rows, variant)).map((x) => x.toPrecision(2));
  return `${nets} of ${rows.length} networks, ${((100 * hit) / batches).toFixed(2)} % of mini-batches, relative change ${five.join(" / ")}`;
}

function figure(rows: readonly ZoneStored[]): FigureSpec {
  const formats = [...new Set(rows.map((row) => row.format))];
  const panel = (variant: "product" | "overwrite") => {
    const points = formats.flatMap((series) => {
      const sizes = changes(
        rows.filter((row) => row.format === series),
        variant,
      );
      return sizes.map((x, i) => ({ series, x, y: (100 * (i + 1)) / sizes.length }));
    });
    return lineWithBand({
      title: `${variant}: relative L2 change of the first layer's gradient`,
      xLabel: "",
      yLabel: "hit mini-batches with at most this change (%)",
      xScale: "log",
      points,
    });
  };
  const lines = formats.map((format) => {
    const of = rows.filter((row) => row.format === format);
    return of.some((row) => row.hits.length > 0)
      ? `${format}: ${summary(of, "product")}.`
      : `${format}: no hit in ${of.length} networks.`;
  });
  return {
    title: "Size of the change on hit mini-batches: ReLU'(0) = 1 against 0, 784-256x3-10",
    caption: `${lines.join(" ")} (minimum / quartiles / maximum, product.) All 235 mini-batches of MNIST, strict, float32 sums, bias once.`,
    panels: [panel("product"), panel("overwrite")],
    columns: 2,
  };
}

export const change: Experiment<ZoneTrial, ScanRecord> = experiment({
  id: "relu0/change",
  paper: "relu0",
  source: "E3; section 3",
  title: "Size of the effect on one gradient",
  parameters: scanAllParameters,
  grid,
  ...zoneMeasurement,
  figure,
  claims: [],
});
