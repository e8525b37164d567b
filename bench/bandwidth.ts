/**
 * `bandwidth.<work>.native`: work that memory bounds, in the bytes that its loops read and write, beside a copy of as many bytes.
 */
import { joinedPullback } from "../src/autodiff/index.ts";
import { libraryOf } from "../src/backends/native/library.ts";
import { processorHere } from "../src/backends/native/machine.ts";
import { writesOf } from "../src/backends/planner.ts";
import { type Shape, sizeOf } from "../src/base/shape.ts";
import { compile } from "../src/compile.ts";
import type { Program } from "../src/ir/program.ts";
import { trace, update } from "../src/ir/trace.ts";
import { add, batchNorm, mul, relu, sub } from "../src/ops/index.ts";
import { lower } from "../src/ops/lower.ts";
import { nameOn } from "./backends.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { numbers } from "./numbers.ts";

/** A layer of VGG11 after batch norm, at mini-batch 128. */
const images: Shape = [128, 64, 32, 32];
const channels: Shape = [64];
const elements = sizeOf(images);

const normal = (): Program =>
  trace((t) => ({ y: batchNorm(t.x, t.gamma, t.beta) }), { x: images, gamma: channels, beta: channels });

const programs: Readonly<Record<string, () => Program>> = {
  chain: () => trace(({ x, y, z }) => ({ out: relu(add(mul(x, y), z)) }), { x: images, y: images, z: images }),
  norm: normal,
  "norm-backward": () => joinedPullback(normal()),
  sgd: () => trace(({ w, g }) => ({ out: update("w", sub(w, mul(g, 0.01))) }), { w: images, g: images }),
  momentum: () =>
    trace(
      ({ w, v, g }) => {
        const speed = add(mul(v, 0.9), g);
        return { speed: update("v", speed), out: update("w", sub(w, mul(speed, 0.01))) };
      },
      { w: images, v: images, g: images },
    ),
};

/** Elements that the loops of a program read and write, broadcast ones once. */
function traffic(program: Program): number {
  const { loops, values } = lower(program);
  const touched = loops.flatMap((loop) => [
    ...("inputs" in loop ? loop.inputs.map(({ value }) => value) : []),
    ...writesOf(loop),
  ]);
  return touched.reduce((sum, value) => sum + sizeOf(values[value].shape), 0);
}

function ours(program: Program): Contender {
  const engine = compile(program, { backend: "native" });
  for (const { name, value } of program.inputs) {
    engine.write(name, numbers(name, sizeOf(program.values[value].shape)));
  }
  return timed(
    "ours",
    () => engine.run("program"),
    () => engine.dispose(),
  );
}

/** Reads and writes so many elements, by the C library, on large pages as our arenas are. */
function copy(touched: number): Contender {
  const { addon } = libraryOf([], processorHere().width);
  const [from, to] = [0, 1].map(() => {
    const memory = new Float32Array(elements);
    addon.prepare(new Uint8Array(memory.buffer));
    return memory.fill(1);
  });
  const whole = timed("copy", () => to.set(from));
  return { ...whole, seconds: async (repeats) => ((await whole.seconds(2 * repeats)) * touched) / (4 * elements) };
}

function bench(label: string, program: Program): TimedBench {
  const touched = traffic(program);
  return {
    name: nameOn(`bandwidth.${label}`, "native"),
    unit: "GB/s",
    work: (touched * 4) / 1e9,
    ours: () => ours(program),
    peers: [{ peerName: "copy", start: () => copy(touched) }],
  };
}

export const bandwidthBenches: readonly TimedBench[] = Object.entries(programs).map(([label, make]) =>
  bench(label, make()),
);
