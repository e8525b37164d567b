/** E10: what a number format does to the smallest eigenvalue: entries, features or weights rounded. */
import { halfCircle } from "../../src/analysis/spectra/points.ts";
import type { RoundedMode } from "../../src/analysis/spectra/rounded.ts";
import { quantile } from "../../src/analysis/statistics.ts";
import { formatNamed, type Rounding } from "../../src/formats/index.ts";
import { type Claim, type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { measureRow, medianPoint, type SpectrumRow } from "./spectrum-row.ts";

interface FormatsTrial {
  readonly activation: string;
  readonly mode: RoundedMode;
  readonly format: string;
  readonly rounding: Rounding;
  readonly n: number;
  readonly width: number;
  readonly replica: number;
}
type Stored = StoredRow<FormatsTrial, SpectrumRow>;

const activations = ["relu", "elu", "tanh", "swish"];
const formats = ["float64", "float32", "tfloat32", "float16", "bfloat16", "float8_e4m3", "float8_e5m2"];
const modes: readonly RoundedMode[] = ["G", "J", "W"];

function grid(scale: Scale): Partial<FormatsTrial>[] {
  const small = scale === "quick";
  const ns = small ? [6] : [20, 50];
  const width = small ? 500 : 20_000;
  const replicas = small ? 1 : scale === "minimal" ? 3 : 10;
  const draws = Array.from({ length: replicas }, (_, replica) => replica);
  const chosen = small ? ["float64", "float16", "float8_e4m3"] : formats;
  const cells = activations.flatMap((activation) =>
    modes.flatMap((mode) => chosen.flatMap((format) => ns.map((n) => ({ activation, mode, format, n, width })))),
  );
  const stochastic = ["relu", "tanh"].flatMap((activation) =>
    (["G", "J", "W"] as const).flatMap((mode) =>
      ["float16", "bfloat16", "float8_e4m3", "float8_e5m2"].map((format) => ({
        ...{ activation, mode, format, n: ns[0], width },
        rounding: "stochastic" as const,
      })),
    ),
  );
  return [...cells, ...(small ? stochastic.slice(0, 2) : stochastic)].flatMap((cell) =>
    draws.map((replica) => ({ ...cell, replica })),
  );
}

function cell(
  rows: readonly Stored[],
  activation: string,
  mode: RoundedMode,
  format: string,
  n: number,
  rounding = "nearest",
): Stored[] {
  return rows.filter(
    (row) =>
      row.activation === activation &&
      row.mode === mode &&
      row.format === format &&
      row.n === n &&
      row.rounding === rounding,
  );
}

const median = (rows: readonly Stored[]): number =>
  quantile(
    rows.map((row) => row.lambdaMin),
    0.5,
  );

const claim: Claim<FormatsTrial, SpectrumRow> = {
  id: "activations/C12",
  statement:
    "Low-precision features hide the effect: rounding noise lifts the smallest eigenvalues of smooth activations",
  published: "ours: half circle, n = 50, tanh: 1.5e-17 -> 1.8e-8 (fp16), 1.1e-6 (bf16), 2.2e-4 (e4m3)",
  rule: "half circle, n = 50, width 20000, medians of at least 3 draws: mode J lifts tanh and swish at least 1e4-fold in float16, bfloat16 and e4m3, to within a factor 3 of (u^2 / 6) E[(a phi')^2]; relu moves by less than 10 %; mode G in float16 and bfloat16 gives tanh and swish a negative smallest eigenvalue",
  evaluate(rows) {
    const low = ["float16", "bfloat16", "float8_e4m3"];
    const all = activations.flatMap((name) =>
      ["float64", ...low].map((format) => cell(rows, name, "J", format, 50).length),
    );
    if (Math.min(...all) < 3) return { verdict: "undecided", ours: "cells are missing" };
    const value = (name: string, mode: RoundedMode, format: string): number =>
      median(cell(rows, name, mode, format, 50));
    const lifted = ["tanh", "swish"].every((name) =>
      low.every((format) => {
        const ratio =
          value(name, "J", format) /
          quantile(
            cell(rows, name, "J", format, 50).map((row) => row.predictedFloor),
            0.5,
          );
        return value(name, "J", format) > 1e4 * value(name, "J", "float64") && ratio > 1 / 3 && ratio < 3;
      }),
    );
    const stable = low.every(
      (format) => Math.abs(value("relu", "J", format) / value("relu", "J", "float64") - 1) < 0.1,
    );
    const negative = ["tanh", "swish"].every((name) => low.slice(0, 2).every((format) => value(name, "G", format) < 0));
    const ours = ["relu", "tanh", "swish"]
      .map(
        (name) =>
          `${name} ${["float64", ...low].map((format) => value(name, "J", format).toExponential(1)).join(", ")}`,
      )
      .join("; ");
    return {
      verdict: lifted && stable && negative ? "holds" : "fails",
      ours: `mode J, float64, ${low.join(", ")}: ${ours}`,
    };
  },
};

/** Significant bits: the horizontal axis. */
const bits = (format: string): number => formatNamed(format).fractionBits + 1;

function figure(rows: readonly Stored[]): FigureSpec {
  const ns = [...new Set(rows.map((row) => row.n))].sort((a, b) => b - a);
  const n = ns[0];
  const present = formats.filter((format) => rows.some((row) => row.format === format && row.n === n));
  const sorted = [...present].sort((a, b) => bits(a) - bits(b));
  const panels = modes.map((mode) => {
    const points = activations.flatMap((series) =>
      sorted.flatMap((format) => {
        const found = cell(rows, series, mode, format, n);
        if (found.length === 0) return [];
        // A rounded matrix is what it is: its negative eigenvalues are known.
        return mode === "G"
          ? [{ series, x: bits(format), y: median(found) }]
          : [medianPoint(series, bits(format), found)];
      }),
    );
    const predicted = activations.flatMap((series) =>
      sorted.flatMap((format) => {
        const floor = median(
          cell(rows, series, mode, format, n).map((row) => ({ ...row, lambdaMin: row.predictedFloor })),
        );
        return mode === "J" && floor > 1e-24 ? [{ series, x: bits(format), y: floor }] : [];
      }),
    );
    const words = { G: "G: entries rounded", J: "J: features and points rounded", W: "W: weights and points rounded" };
    return lineWithBand({
      title: `mode ${words[mode]}, n = ${n}`,
      xLabel: "significant bits",
      yLabel: "smallest eigenvalue",
      yScale: mode === "G" ? "symlog" : "log",
      ...(mode === "G" ? { yConstant: 1e-6 } : {}),
      xScale: "log",
      points,
      published: predicted,
      dots: true,
    });
  });
  return {
    title: "Number formats and the smallest eigenvalue, half circle",
    caption: `Medians with the range over draws of the weights; ${sorted.map((format) => `${format} ${bits(format)}`).join(", ")} significant bits. Mode G is drawn on a scale that is linear within 1e-6: rounded matrices have negative eigenvalues. Open triangles: not resolved. Diamonds: (u^2 / 6) E[(a phi')^2], the noise of rounded features.`,
    panels,
    columns: 2,
    publishedLabel: "predicted noise",
  };
}

export const formatsExperiment: Experiment<FormatsTrial, SpectrumRow> = experiment({
  id: "activations/formats",
  paper: "activations",
  source: "E10 (ours)",
  title: "Number formats",
  parameters: {
    activation: { type: "string", default: "relu", doc: "name with parameters" },
    mode: { type: "string", default: "J", doc: "what is rounded", choices: ["G", "J", "W"] },
    format: { type: "string", default: "float16", doc: "number format" },
    rounding: {
      type: "string",
      default: "nearest",
      doc: "rounding mode",
      choices: ["nearest", "zero", "up", "down", "stochastic"],
    },
    n: { type: "integer", default: 20, doc: "points of the half circle", minimum: 2, maximum: 500 },
    width: { type: "integer", default: 20_000, doc: "units", minimum: 1 },
    replica: { type: "integer", default: 0, doc: "draw of the weights", minimum: 0 },
  },
  grid,
  cost: ({ n, width }) => width * n * n,
  trial: ({ activation, mode, format, rounding, n, width, replica }, { seed, signal }) => [
    measureRow(activation, {
      points: halfCircle(n),
      mode,
      format: formatNamed(format),
      rounding,
      width,
      seed,
      replica,
      signal,
    }),
  ],
  figure,
  claims: [claim],
});
