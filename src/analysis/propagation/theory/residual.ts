/** Growth of gradients in residual networks with pre-activation, ReLU, input variance 1 (papers/bn-relu E10). */
import { reluSquaredRate } from "./batch.ts";

/** 1 - 1/pi: variance that a block adds. */
const added = 1 - 1 / Math.PI;

/** |g_0| / |g_L| over `blocks` blocks x + W relu(BN(x)) (one weight layer) or with two. */
export function residualGrowth(blocks: number, layers: 1 | 2): number {
  const share = layers === 1 ? 1 : reluSquaredRate;
  let square = 1;
  for (let l = 0; l < blocks; l++) square *= 1 + share / (1 + l * added);
  return Math.sqrt(square);
}

/** The exponent of the growth as a power of the number of blocks. */
export function residualExponent(layers: 1 | 2): number {
  return (layers === 1 ? 1 : reluSquaredRate) / (2 * added);
}
