/** A small convolutional network, and images of 10 x 10 pixels for it. */
import type { ZoneModel } from "../../src/analysis/zone/model.ts";
import { stream } from "../../src/base/random.ts";
import type { ImageSet } from "../../src/data/image-set.ts";
import { trace } from "../../src/ir/trace.ts";
import { conv2d, flatten, linear, maxPool2d, relu, softmaxCrossEntropy } from "../../src/ops/index.ts";

const shapes = { w1: [4, 1, 3, 3], b1: [4], w2: [6, 4, 3, 3], b2: [6], w3: [3, 6], b3: [3] };
const count = 12;
const side = 10;

/** conv 1 -> 4 (3 x 3) - relu - pool 2 - conv 4 -> 6 (3 x 3) - relu - pool 2 - linear 6 -> 3: no padding anywhere. */
export const convNet: ZoneModel = {
  name: "conv-net",
  input: [1, side, side],
  classes: 3,
  parameters: Object.keys(shapes),
  weights: ["w1", "w2", "w3"],
  work: 5000,
  loss: (batch) =>
    trace(
      ({ x, w1, b1, w2, b2, w3, b3, labels }) => {
        const first = maxPool2d(relu(conv2d(x, w1, b1)), { window: 2 });
        const second = maxPool2d(relu(conv2d(first, w2, b2)), { window: 2 });
        return { loss: softmaxCrossEntropy(linear(flatten(second), w3, b3), labels) };
      },
      { x: [batch, 1, side, side], labels: { shape: [batch], type: "int32" }, ...shapes },
    ),
  draw: (_, seed, index) =>
    Object.fromEntries(
      Object.entries(shapes).map(([parameter, shape]) => {
        const draws = stream(seed, `test/${index}/${parameter}`);
        const size = shape.reduce((a, b) => a * b, 1);
        const bound = 1 / Math.sqrt(size / shape[0]);
        return [parameter, Float64Array.from({ length: size }, () => bound * (2 * draws.uniform() - 1))];
      }),
    ),
};

/** A square on black, or pixels of 256 random values. */
export function imageSet(kind: "square" | "noise"): ImageSet {
  const draws = stream(5, kind);
  const images = Uint8Array.from({ length: count * side * side }, (_, i) => {
    const [row, column] = [Math.floor(i / side) % side, i % side];
    if (kind === "noise") return draws.integer(256);
    return row > 5 && column > 5 ? 200 : 0;
  });
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  const shape = { count, channels: 1, height: side, width: side, classes: 3 };
  const origin = { checksum: "sha256:0", standard: false, variant: "own files", skipped: [] };
  return { name: "toy", split: "train", ...shape, images, labels, ...origin };
}
