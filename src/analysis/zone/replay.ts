/**
 * The exact judge of `bifurcates` (docs/numerics.md, Zones): the forward values and selections of the low-precision run
 * are data; both pullbacks are evaluated on them in float64, with an error bound.
 */
import type { ZoneCell } from "./cell.ts";
import { frobenius } from "./difference.ts";
import type { ZoneNetwork } from "./network.ts";

const unitRoundoff = 2 ** -53;

/** Copies what the pullbacks read into the float64 engine: every value is exact there. */
export function freeze(network: ZoneNetwork): void {
  const replay = network.replay();
  for (const name of network.residuals) replay.write(name, network.engine.buffer(name));
}

/**
 * Bounds on the Frobenius norm of the rounding error of a float64 pullback, per layer. With n the total length of the
 * sums on the way, |error of dW_l| <= gamma_n |delta_L|_F prod_{j>l} |W_j|_F |h_{l-1}|_F: Higham, Accuracy and Stability
 * of Numerical Algorithms, section 3.5, with consistent norms. Biases have |h| replaced by sqrt(batch).
 */
function errorBounds(network: ZoneNetwork, { mlp, lossScale }: ZoneCell, batch: number): number[] {
  const replay = network.replay();
  const depth = mlp.sizes.length - 1;
  const lengths = mlp.sizes.reduce((sum, size) => sum + size + 4, batch + 16);
  const gamma = (lengths * unitRoundoff) / (1 - lengths * unitRoundoff);
  // |p - y|_2 <= sqrt(2) for each of the samples, and the mean divides by their number.
  let transport = Math.abs(lossScale) * Math.sqrt(2 / batch);
  const bounds = new Array<number>(depth);
  const activations = network.activations.map((name) => frobenius(replay.buffer(name)));
  for (let layer = depth; layer >= 1; layer--) {
    bounds[layer - 1] = gamma * transport * Math.max(activations[layer - 1], Math.sqrt(batch));
    transport *= frobenius(replay.buffer(`w${layer}`));
  }
  return bounds;
}

/**
 * Whether the pullback of the cell's variant and the kept one differ by more than their rounding errors on the frozen
 * values of a mini-batch of `batch` samples.
 */
export function bifurcates(network: ZoneNetwork, cell: ZoneCell, batch: number): boolean {
  const replay = network.replay();
  replay.run("kept");
  replay.run(cell.variant);
  const bounds = errorBounds(network, cell, batch);
  return network.parameters.some((parameter) => {
    const a = replay.buffer(network.gradient("kept", parameter));
    const b = replay.buffer(network.gradient(cell.variant, parameter));
    const layer = Number(parameter.slice(1));
    let square = 0;
    for (let i = 0; i < a.length; i++) square += (a[i] - b[i]) ** 2;
    return Math.sqrt(square) > 2 * bounds[layer - 1];
  });
}
