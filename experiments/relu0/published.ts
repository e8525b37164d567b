/** Published counts of E2 out of 1000 networks (papers/relu0 E2): the data behind the paper's figure. */

export type Sweep = "depth" | "width" | "batch";

export interface PublishedCell {
  readonly sweep: Sweep;
  readonly model: string;
  readonly batch: number;
  readonly format: "float16" | "float32" | "float64";
  readonly count: number;
  /** Not run in the committed version (flaw F5): the zero was filled in. */
  readonly measured: boolean;
}

export const publishedNetworks = 1000;

type Counts = readonly number[];

function sweep(
  name: Sweep,
  cells: readonly { readonly model: string; readonly batch: number }[],
  counts: { readonly float16: Counts; readonly float32: Counts; readonly float64: Counts },
): PublishedCell[] {
  const formats = ["float16", "float32", "float64"] as const;
  return formats.flatMap((format) =>
    cells.map((cell, i) => ({
      sweep: name,
      ...cell,
      format,
      count: counts[format][i],
      measured: format !== "float64" || name === "width",
    })),
  );
}

export const depths = [1, 2, 3, 5, 6] as const;
export const widths = [16, 64, 256, 512, 1024] as const;
export const batches = [16, 64, 256, 512, 1024] as const;
export const depthModel = (depth: number): string => (depth === 1 ? "784-256-10" : `784-256x${depth}-10`);
export const widthModel = (width: number): string => `784-${width}x3-10`;
export const baseModel: string = widthModel(256);

const none = [0, 0, 0, 0, 0];

export const published: readonly PublishedCell[] = [
  ...sweep(
    "depth",
    depths.map((depth) => ({ model: depthModel(depth), batch: 256 })),
    { float16: [871, 999, 1000, 1000, 1000], float32: [54, 258, 463, 647, 697], float64: none },
  ),
  ...sweep(
    "width",
    widths.map((width) => ({ model: widthModel(width), batch: 256 })),
    { float16: [333, 1000, 1000, 1000, 1000], float32: [21, 163, 478, 582, 873], float64: none },
  ),
  ...sweep(
    "batch",
    batches.map((batch) => ({ model: baseModel, batch })),
    { float16: [1000, 1000, 1000, 1000, 1000], float32: [439, 453, 488, 351, 384], float64: none },
  ),
];

/** P(hit within the first samples), read off the published curve (+-0.01). */
export const sampleCurve: Readonly<
  Record<"float16" | "float32", readonly (readonly [samples: number, share: number])[]>
> = {
  float32: [
    [10_000, 0.1],
    [20_000, 0.18],
    [31_000, 0.25],
    [41_000, 0.32],
    [46_000, 0.35],
    [60_000, 0.43],
  ],
  float16: [
    [256, 0.04],
    [2600, 0.34],
    [5100, 0.55],
    [10_000, 0.8],
    [15_000, 0.9],
    [20_000, 0.96],
    [31_000, 0.99],
    [41_000, 1],
  ],
};

/** The published count of a cell; undefined where it was not run. */
export function publishedCount(name: Sweep, model: string, batch: number, format: string): number | undefined {
  return published.find(
    (cell) =>
      cell.sweep === name && cell.model === model && cell.batch === batch && cell.format === format && cell.measured,
  )?.count;
}
