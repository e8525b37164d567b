/** How far apart are the gradients of the frameworks on the same weights and the same mini-batch? (Ours.) */
import { pairIndex } from "../../src/analysis/conventions/gradients.ts";
import { median } from "../../src/analysis/statistics.ts";
import { type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { matrixPanel, showShort } from "../../src/lab/matrix-panel.ts";
import {
  type DistanceRecord,
  type DistanceStored,
  type DistanceTrial,
  distanceParameters,
  distanceTrial,
} from "./distance-trial.ts";

const counts: Readonly<Record<Scale, number>> = { quick: 1, minimal: 2, paper: 20 };

/** Where one can be afforded: vgg11 on photographs is about 100 times lenet's work per sample. */
const networksOf = (data: string): { readonly models: readonly string[]; readonly batch: number } =>
  data.endsWith("mnist")
    ? { models: ["lenet", "lenet:relu6", "lenet:hardswish"], batch: 128 }
    : { models: ["vgg11"], batch: 32 };

/** 8-bit gradients need a loss scale: a mean over 128 samples divides by 2^7. */
const formats: readonly Partial<DistanceTrial>[] = [
  { format: "float32" },
  { format: "float16" },
  { format: "bfloat16" },
  { format: "float8_e4m3", lossScale: 2 ** 12 },
  { format: "float8_e5m2", lossScale: 2 ** 12 },
];

/** Under the default law no activation comes near 6; Kaiming's is wider. */
const laws = ["default", "kaiming-normal"] as const;

function grid(scale: Scale, { data, inits }: DistanceTrial): Partial<DistanceTrial>[] {
  const quick = scale === "quick";
  const { models, batch } = networksOf(data);
  const small = quick ? { batch: 32, batches: 1 } : { batch };
  const cells = laws.flatMap((init) =>
    models.flatMap((model) => formats.map((format) => ({ model, init, ...format, ...small }))),
  );
  return (quick ? cells.slice(0, models.length * formats.length) : cells).flatMap((cell) =>
    Array.from({ length: inits || counts[scale] }, (_, network) => ({ ...cell, network })),
  );
}

/** A distance between two frameworks: between these bounds, which are equal where it is known. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Bounds over what the presets leave open; NaN where the gradient itself is 0 or has no number. */
export function boundsBetween(row: DistanceStored, norm: "l2" | "linf", a: number, b: number): Bounds {
  if (a === b) return { low: 0, high: 0 };
  const count = row.settings.length;
  const values = row.frameworks[a].possible.flatMap((i) =>
    row.frameworks[b].possible.map((j) =>
      i === j ? 0 : (row[norm][pairIndex(Math.min(i, j), Math.max(i, j), count)] ?? Number.NaN),
    ),
  );
  return {
    low: values.reduce((x, y) => Math.min(x, y), Number.POSITIVE_INFINITY),
    high: values.reduce((x, y) => Math.max(x, y), 0),
  };
}

/** Median over rows of a known distance; undefined where it is unknown in one of them. */
export function medianBetween(
  rows: readonly DistanceStored[],
  norm: "l2" | "linf",
  a: number,
  b: number,
): number | undefined {
  const bounds = rows.map((row) => boundsBetween(row, norm, a, b));
  if (bounds.some(({ low, high }) => low !== high)) return undefined;
  return median(bounds.map(({ low }) => low));
}

/** A change at one kink alone, from the first framework's choice: how often, and by how much. */
export interface Cause {
  readonly setting: string;
  readonly kink: string;
  readonly on: number;
  readonly rows: number;
  readonly differing: number;
  readonly l2: number;
  readonly linf: number;
}

const difference = (base: string, other: string): string[] => {
  const before = new Set(base.split(" "));
  return other.split(" ").filter((choice) => !before.has(choice));
};

export function causesOf(rows: readonly DistanceStored[]): Cause[] {
  const [first] = rows;
  if (first === undefined) return [];
  return first.settings.flatMap((label, i): Cause[] => {
    const changed = i === 0 ? [] : difference(first.settings[0], label);
    if (changed.length !== 1) return [];
    const kink = changed[0].split("=")[0];
    const pair = pairIndex(0, i, first.settings.length);
    return [
      {
        setting: changed[0],
        kink,
        on: median(rows.map((row) => row.kinks.find((count) => count.kink === kink)?.on ?? 0)),
        rows: rows.length,
        differing: rows.filter((row) => row.linf[pair] > 0).length,
        l2: median(rows.map((row) => row.l2[pair] ?? Number.NaN)),
        linf: median(rows.map((row) => row.linf[pair])),
      },
    ];
  });
}

const cellOf = (row: DistanceStored): string => `${row.data}, ${row.model}, ${row.format}, ${row.init}`;

/** A known distance, or what is sure of an unknown one: that it is at least its lower bound. */
function panel(rows: readonly DistanceStored[]): Panel {
  const names = rows[0].frameworks.map(({ name }) => name);
  const { model, format, init } = rows[0];
  const pairs = names.flatMap((_, a) =>
    names.map((__, b) => {
      const known = medianBetween(rows, "l2", a, b);
      const least = median(rows.map((row) => boundsBetween(row, "l2", a, b).low));
      return known === undefined
        ? { value: Number.NaN, label: least > 0 ? `≥${showShort(least)}` : "?" }
        : { value: known, label: undefined };
    }),
  );
  return matrixPanel({
    title: `${model}, ${format}${init === "default" ? "" : `, ${init} law`}`,
    rows: names,
    columns: names,
    values: pairs.map(({ value }) => value),
    labels: pairs.map(({ label }) => label),
    domain: [1e-8, 1],
  });
}

function showCause({ setting, differing, rows, l2 }: Cause): string {
  return `${setting} ${showShort(l2)} (${differing} of ${rows})`;
}

/** Cells are drawn for the network's own activation; of the others, the one whose kinks move the gradient most. */
function drawn(cells: readonly (readonly DistanceStored[])[]): readonly (readonly DistanceStored[])[] {
  const plain = cells.filter(([row]) => !row.model.includes(":") && row.init === "default");
  const farthest = (cell: readonly DistanceStored[]): number =>
    Math.max(
      ...causesOf(cell)
        .filter(({ kink }) => kink !== "maxpool.tie")
        .map(({ l2 }) => l2),
    );
  const others = cells.filter((cell) => !plain.includes(cell)).sort((a, b) => farthest(b) - farthest(a));
  return plain.length === 0 ? others.slice(0, 6) : [...plain, ...others.slice(0, 1)];
}

function figure(rows: readonly DistanceStored[]): FigureSpec {
  const names = [...new Set(rows.map(cellOf))];
  const cells = drawn(names.map((name) => rows.filter((row) => cellOf(row) === name)));
  const causes = cells.map((cell) => {
    const found = causesOf(cell).filter(({ differing }) => differing > 0);
    return `${cell[0].model} ${cell[0].format}: ${found.length === 0 ? "none" : found.map(showCause).join(", ")}`;
  });
  const samples = [...new Set(rows.map(({ data }) => data))].map((data) => {
    const cell = cells.find(([row]) => row.data === data) ?? [];
    return `${data} (${cell[0].copy}): ${cell.length} mini-batches of ${cell[0].batch}`;
  });
  return {
    title: "Frameworks' gradients on the same weights and mini-batch",
    caption:
      `L2 norm of the difference over that of the gradient under ${rows[0].frameworks[0].name}, median over mini-batches (${samples.join("; ")}). ` +
      `0: the same numbers. Grey: the preset leaves open a choice that matters; the bound is sure under every choice that some framework makes. ` +
      `8 bits: loss times 2^12. One kink changed alone (mini-batches that differ): ${causes.join("; ")}.`,
    panels: cells.map(panel),
    columns: 2,
  };
}

export const distances: Experiment<DistanceTrial, DistanceRecord> = experiment({
  id: "conventions/distance",
  paper: "conventions",
  source: "ours; docs/maxpool-programs.md",
  title: "Frameworks' gradients against each other",
  parameters: distanceParameters,
  grid,
  data: ({ data }) => [{ name: data, split: "train" }],
  cost: ({ batch, batches, data }) => batch * batches * (data.endsWith("mnist") ? 1 : 100),
  trial: distanceTrial,
  figure,
  claims: [],
});
