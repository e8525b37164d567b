/** E13: which published quantities survive the correction of flaw F1, `product` for `overwrite`? */
import { median } from "../../src/analysis/statistics.ts";
import { type Claim, type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { changes } from "./change.ts";
import {
  networks,
  type ScanRecord,
  scanAllParameters,
  type ZoneStored,
  type ZoneTrial,
  zoneMeasurement,
} from "./zone-trial.ts";

const counts: Readonly<Record<Scale, number>> = { quick: 2, minimal: 40, paper: 1000 };

const formats = ["float32", "float16"] as const;

function grid(scale: Scale, parameters: ZoneTrial): Partial<ZoneTrial>[] {
  const small = scale === "quick" ? { samples: 2048 } : {};
  return formats.flatMap((format) => networks({ ...small, format }, parameters.inits || counts[scale]));
}

function medians(rows: readonly ZoneStored[], format: string): { product: number; overwrite: number; most: number } {
  const of = rows.filter((row) => row.format === format);
  const product = changes(of, "product");
  return {
    product: median(product),
    overwrite: median(changes(of, "overwrite")),
    most: product[product.length - 1] ?? Number.NaN,
  };
}

const factor = 1000;

const membership: Claim<ZoneTrial, ScanRecord> = {
  id: "relu0/C17",
  statement: "S01 membership is the same for product and overwrite, but the gradient change on a hit mini-batch is not",
  published:
    "ours [derived], synthetic inputs: product median 0.26 % (fp32), 0.48 % (fp16), below 1 %; overwrite ~50-85 x",
  rule: "no mini-batch where only one variant differs, in 16 and 32 bits; product's largest change below 1 and overwrite's median at least 1000 times product's; at least 20 hit mini-batches per format",
  evaluate(rows) {
    const disagree = rows.reduce((sum, row) => sum + row.variantsDisagree, 0);
    const hits = formats.map(
      (format) =>
        changes(
          rows.filter((row) => row.format === format),
          "product",
        ).length,
    );
    const parts = formats.map((format) => ({ format, ...medians(rows, format) }));
    const text = parts.map(
      ({ format, product, overwrite, most }, i) =>
        `${format} product median ${(100 * product).toPrecision(2)} % (max ${(100 * most).toPrecision(2)} %), overwrite ${overwrite.toPrecision(2)} x, ${hits[i]} mini-batches`,
    );
    const ours = `${disagree} disagreements; ${text.join("; ")}`;
    if (hits.some((count) => count < 20)) return { verdict: "undecided", ours };
    const apart = parts.every(({ product, overwrite, most }) => most < 1 && overwrite >= factor * product);
    return { verdict: disagree === 0 && apart ? "holds" : "fails", ours };
  },
};

function figure(rows: readonly ZoneStored[]): FigureSpec {
  const points = formats.flatMap((format) =>
    (["product", "overwrite"] as const).flatMap((variant) => {
      const sizes = changes(
        rows.filter((row) => row.format === format),
        variant,
      );
      return sizes.map((x, i) => ({ series: `${format} ${variant}`, x, y: (100 * (i + 1)) / sizes.length }));
    }),
  );
  const nets = formats.map((format) => {
    const of = rows.filter((row) => row.format === format);
    return `${format}: ${of.filter((row) => row.hits.length > 0).length} of ${of.length} networks hit`;
  });
  return {
    title: "product against overwrite: the same networks are hit, by changes of a different size",
    caption: `${nets.join("; ")}, by either variant. Relative L2 change of the first layer's weight gradient, ReLU'(0) = 1 against 0, all 235 mini-batches of MNIST, 784-256x3-10, strict, float32 sums, bias once.`,
    panels: [
      lineWithBand({
        xLabel: "relative change",
        yLabel: "hit mini-batches with at most this change (%)",
        xScale: "log",
        points,
      }),
    ],
    columns: 1,
  };
}

export const variants: Experiment<ZoneTrial, ScanRecord> = experiment({
  id: "relu0/variants",
  paper: "relu0",
  source: "E13 (ours)",
  title: "product against overwrite",
  parameters: scanAllParameters,
  grid,
  ...zoneMeasurement,
  figure,
  claims: [membership],
});
