/**
 * `zone.<format>.strict`: one network 784-256x3-10 over the 60,000 images of MNIST, every mini-batch judged, against our
 * own variant of the published way: forward and backward once per choice on every mini-batch, gradients compared.
 */

import { differs } from "../src/analysis/zone/difference.ts";
import { ZoneMeter } from "../src/analysis/zone/meter.ts";
import { cellOf } from "../src/analysis/zone/parameters.ts";
import { pullback } from "../src/autodiff/pullback.ts";
import { withResiduals } from "../src/autodiff/residuals.ts";
import type { Engine } from "../src/backends/backend.ts";
import { compile } from "../src/compile.ts";
import { convention } from "../src/conventions/convention.ts";
import type { ImageSet } from "../src/data/image-set.ts";
import { rounder } from "../src/formats/round.ts";
import { loadData } from "../src/lab/execute.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { publishedByPytorch } from "./peers/pytorch-zone.ts";

const mnist = (): ImageSet => loadData("mnist");

const cell = (format: string, samples: number) =>
  cellOf({ model: "784-256x3-10", format, samples, batch: 256, all: true, seed: 0 });

function ours(format: string, samples: number): Contender {
  const meter = new ZoneMeter(mnist(), cell(format, samples));
  return timed(
    "ours",
    () => meter.scan(0),
    () => meter.dispose(),
  );
}

/** Mini-batches of `size` in the published way; each choice has its own forward. */
function publishedEngine(format: string, size: number): Engine {
  const { model, precision } = cell(format, size);
  const program = model.loss(size);
  const wrt = model.parameters;
  const backward = [0, 1].map((choice) =>
    pullback(program, convention("pytorch-1.13", { "relu.zero": choice }), { wrt }),
  );
  const named = (choice: number) => ({
    ...backward[choice],
    outputs: backward[choice].outputs.map((output) => ({ ...output, name: `${choice}/${output.name}` })),
  });
  const forward = withResiduals(program, backward[0]);
  return compile({ forward, 0: named(0), 1: named(1) }, { precision });
}

/** As papers/relu0 has it, on our engine: two forwards, two backwards and a comparison per mini-batch, no stop. */
function published(format: string, samples: number): Contender {
  const { model, precision, batch } = cell(format, samples);
  const names = model.parameters;
  const data = mnist();
  const inputs = data.height * data.width;
  const round = rounder(precision.store, "nearest", precision.flush);
  const scaled = Float64Array.from({ length: 256 }, (_, pixel) => round(Math.fround(pixel / 255)));
  const engines = new Map<number, Engine>();
  const engineFor = (size: number): Engine => {
    const known = engines.get(size) ?? publishedEngine(format, size);
    engines.set(size, known);
    return known;
  };
  const run = (): void => {
    const weights = model.draw({ law: "default", draw: "float32", format: precision.store }, 0, 0);
    const loaded = new Set<Engine>();
    for (let first = 0; first < samples; first += batch) {
      const size = Math.min(batch, samples - first);
      const engine = engineFor(size);
      if (!loaded.has(engine)) for (const name of names) engine.write(name, weights[name]);
      loaded.add(engine);
      engine.buffer("d:loss")[0] = 1;
      const x = engine.buffer("x");
      const start = first * inputs;
      for (let i = 0; i < size * inputs; i++) x[i] = scaled[data.images[start + i]];
      engine.buffer("labels").set(data.labels.subarray(first, first + size));
      for (const choice of ["0", "1"]) {
        engine.run("forward");
        engine.run(choice);
      }
      const gradients = (choice: number) => names.map((name) => engine.buffer(`${choice}/d:${name}`));
      differs(gradients(0), gradients(1));
    }
  };
  return timed("published-way", run, () => {
    for (const engine of engines.values()) engine.dispose();
  });
}

const formats: Readonly<Record<string, string>> = { f32: "float32", f16: "float16" };
const samples = 60_000;

function bench(format: string): TimedBench {
  const name = formats[format];
  const pytorch = { peerName: "PyTorch", start: () => publishedByPytorch() };
  return {
    name: `zone.${format}.strict`,
    unit: "images/s",
    work: samples,
    long: true,
    ours: () => ours(name, samples),
    peers: [
      { peerName: "published-way", start: () => published(name, samples) },
      ...(format === "f32" ? [pytorch] : []),
    ],
  };
}

export const zoneBenches: readonly TimedBench[] = Object.keys(formats).map(bench);
