/**
 * `zone.<format>.strict`: one network 784-256x3-10 over the 60,000 images of MNIST; `zone.vgg11.strict`: VGG11 over 1,024
 * random images of CIFAR's size, ReLU'(0) and (`vgg11-ties`) the choice at ties. Every mini-batch is judged, against our own variant of the published way: forward and backward
 * once per choice on every mini-batch, gradients compared.
 */

import { differs } from "../src/analysis/zone/difference.ts";
import { loaderOf, ZoneMeter } from "../src/analysis/zone/meter.ts";
import { cellOf, sampleOf, type ZoneParameters } from "../src/analysis/zone/parameters.ts";
import { pullback } from "../src/autodiff/pullback.ts";
import { withResiduals } from "../src/autodiff/residuals.ts";
import type { Engine } from "../src/backends/backend.ts";
import { compile } from "../src/compile.ts";
import type { ImageSet } from "../src/data/image-set.ts";
import { loadData } from "../src/lab/execute.ts";
import { type BenchBackend, nameOn } from "./backends.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { numbers } from "./numbers.ts";
import { pytorchZone } from "./peers/pytorch-networks.ts";
import { publishedByPytorch } from "./peers/pytorch-zone.ts";

interface ZoneWork {
  readonly label: string;
  readonly model: string;
  readonly format: string;
  readonly batch: number;
  /** Images in one repetition. */
  readonly count: number;
  /** What differs from ReLU'(0), 0 against 1, on images as they are. */
  readonly settings?: Pick<ZoneParameters, "kinks" | "init" | "augmentation">;
  /** With the replay in float64 and the exact judge: questions that the published way does not ask. */
  readonly judged: boolean;
  images(): ImageSet;
}

const randomCount = 1024;

/** Random bytes in the shape of CIFAR-10: speed does not depend on what is in the pictures. */
function randomImages(): ImageSet {
  const [count, channels, height, width] = [randomCount, 3, 32, 32];
  const pixels = numbers("images", count * channels * height * width);
  return {
    name: "random",
    split: "train",
    ...{ count, channels, height, width, classes: 10 },
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    images: Uint8Array.from(pixels, (x) => (x + 0.5) * 256),
    ...{ checksum: "", standard: false, variant: "random", skipped: [] },
  };
}

const mlp = { model: "784-256x3-10", batch: 256, count: 60_000, images: () => loadData("mnist") };

const vgg11 = { format: "float32", model: "vgg11", batch: 128, count: randomCount, images: randomImages };

const works: readonly ZoneWork[] = [
  { label: "f32", format: "float32", judged: true, ...mlp },
  { label: "f16", format: "float16", judged: true, ...mlp },
  { label: "vgg11", judged: false, ...vgg11 },
  { label: "vgg11-judged", judged: true, ...vgg11 },
  {
    label: "vgg11-ties",
    judged: false,
    ...vgg11,
    // Crops beside the image give the bands of equal pixels that tie.
    settings: { kinks: ["maxpool.tie=first,even"], init: "maxpool", augmentation: "crop-flip" },
    images: randomImages,
  },
];

function cellFor({ model, format, batch, settings, judged }: ZoneWork, data: ImageSet) {
  const judges = judged ? {} : { exact: 0, replay: 0 };
  const parameters = { model, format, samples: data.count, batch, all: true, seed: 0, ...settings, ...judges };
  return cellOf(parameters, sampleOf(data));
}

function ours(work: ZoneWork, backend: BenchBackend): Contender {
  const data = work.images();
  const meter = new ZoneMeter(data, cellFor(work, data), backend);
  return timed(
    "ours",
    () => meter.scan(0),
    () => meter.dispose(),
  );
}

/**
 * As the papers have it, on our engine: two forwards, two backwards and a comparison per mini-batch, no stop. With one
 * forward for both pullbacks: what is left where every tie asks for a whole second pullback.
 */
function published(work: ZoneWork, backend: BenchBackend, name: "published-way" | "two-pullbacks"): Contender {
  const data = work.images();
  const cell = cellFor(work, data);
  const { model, precision } = cell;
  const loader = loaderOf(data, cell);
  const engines = new Map<number, Engine>();
  /** Each choice has its own forward. */
  const engineFor = (size: number): Engine => {
    const known = engines.get(size);
    if (known !== undefined) return known;
    const program = model.loss(size);
    const { kept, product } = cell.comparison.conventions;
    const backward = [kept, product].map((choice) => pullback(program, choice, { wrt: model.parameters }));
    const named = (choice: number) => ({
      ...backward[choice],
      outputs: backward[choice].outputs.map((output) => ({ ...output, name: `${choice}/${output.name}` })),
    });
    const forward = withResiduals(program, ...backward);
    const made = compile({ forward, 0: named(0), 1: named(1) }, { precision, backend });
    engines.set(size, made);
    return made;
  };
  const run = (): void => {
    const weights = model.draw({ law: cell.init, draw: "float32", format: precision.store }, 0, 0);
    const loaded = new Set<Engine>();
    for (let index = 0; index < loader.batches; index++) {
      const engine = engineFor(loader.size(index));
      if (!loaded.has(engine)) for (const name of model.parameters) engine.write(name, weights[name]);
      loaded.add(engine);
      engine.buffer("d:loss")[0] = 1;
      loader.write(0, index, engine.buffer("x") as Float32Array, engine.buffer("labels") as Int32Array);
      for (const choice of ["0", "1"]) {
        if (choice === "0" || name === "published-way") engine.run("forward");
        engine.run(choice);
      }
      const gradients = (choice: number) => model.parameters.map((name) => engine.buffer(`${choice}/d:${name}`));
      differs(gradients(0), gradients(1));
    }
  };
  return timed(name, run, () => {
    for (const engine of engines.values()) engine.dispose();
  });
}

function bench(work: ZoneWork, backend: BenchBackend): TimedBench {
  const { label, count } = work;
  const pytorch = { f32: publishedByPytorch, vgg11: () => pytorchZone(randomCount, work.batch) }[label];
  return {
    name: nameOn(`zone.${label}.strict`, backend),
    unit: "images/s",
    work: count,
    long: true,
    ours: () => ours(work, backend),
    peers: [
      { peerName: "published-way", start: () => published(work, backend, "published-way") },
      ...(label === "vgg11-ties"
        ? [{ peerName: "two-pullbacks", start: () => published(work, backend, "two-pullbacks") }]
        : []),
      ...(pytorch === undefined ? [] : [{ peerName: "PyTorch", start: pytorch }]),
    ],
  };
}

const benchesOn = (backend: BenchBackend): readonly TimedBench[] => works.map((work) => bench(work, backend));

export const zoneBenches: readonly TimedBench[] = benchesOn("wasm");
export const nativeZoneBenches: readonly TimedBench[] = benchesOn("native");
