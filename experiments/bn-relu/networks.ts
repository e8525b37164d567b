/** E4: convolutional nets at initialization: both paddings on noise, and real architectures on CIFAR-10. */
import { type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import {
  meanSd,
  type NetworkRow,
  type NetworkStored,
  type NetworkTrial,
  networkExperiment,
  networkParameters,
  profile,
  rowsWith,
  showRate,
  windowRate,
} from "./network-trial.ts";

interface NetworksTrial extends NetworkTrial {
  readonly data: string;
}

const architectures: Readonly<Record<Scale, readonly string[]>> = {
  quick: [],
  minimal: ["vgg11", "vgg16", "resnet18", "resnet50"],
  paper: ["vgg11", "vgg13", "vgg16", "vgg19", "resnet18", "resnet50"],
};

function grid(scale: Scale, { data }: NetworksTrial): Partial<NetworksTrial>[] {
  const quick = scale === "quick";
  const size = quick
    ? { width: 4, depth: 4, batch: 4, replicas: 1 }
    : { width: 64, depth: 20, batch: 32, replicas: scale === "paper" ? 10 : 2 };
  const conv = (["circular", "zero"] as const).flatMap((padding) =>
    ["gaussian", "smooth:8"].map((input) => ({ ...size, model: "conv", padding, input, format: "float64" })),
  );
  const real = architectures[scale].map((model) => ({
    model,
    ...{ batch: scale === "paper" ? 128 : 32, input: data, depth: 1, width: 1, padding: "zero" as const },
    replicas: scale === "paper" ? 10 : 1,
    format: "float32",
  }));
  return [...conv, ...real, ...real.map((cell) => ({ ...cell, top: "loss" }))];
}

const inputWords: Readonly<Record<string, string>> = { gaussian: "white", "smooth:8": "smooth" };

function convPanel(rows: readonly NetworkStored[]): Panel {
  const cells = (["circular", "zero"] as const).flatMap((padding) =>
    Object.keys(inputWords).map((input) => rowsWith(rows, { model: "conv", padding, input })),
  );
  // Seven colors with the architectures: smooth inputs under circular padding end as white ones.
  const points = cells
    .slice(0, 1)
    .concat(cells.slice(2))
    .flatMap((cell) =>
      cell.length === 0 ? [] : profile(`${cell[0].padding}, ${inputWords[cell[0].input]}`, cell, "signal"),
    );
  return lineWithBand({
    title: "3x3 convolutions, 8x8 maps: norm of dH",
    xLabel: "block",
    yLabel: "Euclidean norm",
    yScale: "log",
    points,
  });
}

/** Weight layers only: residual rows have no weight. */
function weighted(
  rows: readonly NetworkStored[],
  list: "signal" | "ratio" | "gain" | "mask" | "transport",
): { series: string; x: number; y: number }[] {
  return [...new Set(rows.map(({ model }) => model))].flatMap((model) => {
    const own = rowsWith(rows, { model });
    const layers = own[0].kinds.map((kind, i) => (kind === "conv2d" ? i : -1)).filter((i) => i >= 0);
    return profile(`${model}-bn`, own, list).flatMap((point) => {
      const x = layers.indexOf(point.x);
      return x < 0 ? [] : [{ ...point, x }];
    });
  });
}

/** Factors that pools and strides have on the squared gradient, apart from the rest. */
function stages(rows: readonly NetworkStored[]): string {
  return rows
    .flatMap(({ model, top, pool = [], stride = [], kinds, growth }) => {
      const range = (values: readonly number[]): string =>
        [Math.min(...values), Math.max(...values)].map((x) => x.toPrecision(2)).join(" .. ");
      const grown = (wanted: (step: number) => boolean): number[] =>
        growth.filter(
          (own, i): own is number => own !== null && kinds[i] === "residual" && wanted(stride[i] as number),
        );
      // The backward of a 2x2 pool moves entries: its factor is 1 but for rounding.
      const pools = pool.filter((factor) => Math.abs(factor - 1) > 1e-4);
      const [strided, plain] = [grown((step) => step > 1), grown((step) => step === 1)];
      const said = [
        ...(pools.length === 0 ? [] : [`pools and the global mean ${range(pools)}`]),
        ...(strided.length === 0 ? [] : [`residuals of stride 2 ${range(strided)}, of stride 1 ${range(plain)}`]),
      ];
      return said.length === 0 ? [] : [`${model}-bn${top === undefined ? "" : ", loss"}: ${said.join("; ")}`];
    })
    .join(". ");
}

function rates(rows: readonly NetworkStored[]): string {
  const windows: readonly (readonly [number, number])[] = [
    [1, 6],
    [6, 12],
    [12, 18],
  ];
  return (["circular", "zero"] as const)
    .flatMap((padding) =>
      Object.keys(inputWords).map((input) => {
        const cell = rowsWith(rows, { model: "conv", padding, input }).filter(({ depth }) => depth === 20);
        const found = windows.map(([from, to]) => showRate(meanSd(cell.map((row) => windowRate(row, from, to)))));
        return cell.length === 0 ? "" : `${padding}, ${inputWords[input]}: ${found.join(", ")}`;
      }),
    )
    .filter((text) => text !== "")
    .join("; ");
}

function figure(rows: readonly NetworkStored[]): FigureSpec {
  const architectures = rows.filter(({ model }) => model !== "conv");
  const real = architectures.filter(({ top }) => top === undefined);
  const lossy = architectures.filter(({ top }) => top === "loss");
  const panel = (title: string, yLabel: string, list: "signal" | "ratio" | "gain", log: boolean, of = real): Panel =>
    lineWithBand({
      title,
      xLabel: "convolution, from the input",
      yLabel,
      points: weighted(of, list),
      ...(log ? { yScale: "log" } : {}),
    });
  return {
    title: "Convolutional networks at initialization",
    caption: `Random N(0,1) gradient at the top, He initialization, batch norm with eps 0. Convolutions: 20 blocks, 64 channels, batch ${rows[0].batch}, float64; rates in blocks 1-6, 6-12, 12-18: ${rates(rows) || "-"}. Architectures: one mini-batch of CIFAR-10, float32; max pools sit inside of VGG's blocks, ResNets' shortcuts add. Factors of the square: ${stages(architectures) || "-"}.`,
    panels: [
      convPanel(rows),
      ...(real.length === 0
        ? []
        : [
            panel("architectures: norm of dH", "Euclidean norm", "signal", true),
            panel("architectures: |G| / |W|", "ratio", "ratio", true),
            panel("architectures: gain S of batch norm", "factor of the square", "gain", false),
          ]),
      ...(lossy.length === 0
        ? []
        : [
            panel("gradient of the loss: norm of dH", "Euclidean norm", "signal", true, lossy),
            panel("gradient of the loss: |G| / |W|", "ratio", "ratio", true, lossy),
          ]),
    ],
    columns: 2,
  };
}

export const networks: Experiment<NetworksTrial, NetworkRow> = experiment({
  ...(networkExperiment as unknown as Pick<Experiment<NetworksTrial, NetworkRow>, "paper" | "cost" | "trial">),
  id: "bn-relu/networks",
  source: "E4",
  title: "Real architectures at initialization",
  parameters: {
    ...networkParameters,
    data: {
      type: "string",
      default: "cifar10",
      doc: "data set of the architectures",
      choices: ["none", "cifar10"],
      gridOnly: true,
    },
  },
  scales: { quick: { data: "none" } },
  grid,
  data: ({ data }) => (data === "none" ? [] : [{ name: data, split: "train" }]),
  figure: figure as unknown as Experiment<NetworksTrial, NetworkRow>["figure"],
  claims: [],
});
