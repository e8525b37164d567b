/**
 * The rate of BN-ReLU networks of infinite width at a finite batch (papers/bn-relu 2.5): closed for norm before activation, an
 * expectation over the batch for activation before norm.
 */
import { UsageError } from "../../../base/errors.ts";
import { stream } from "../../../base/random.ts";

/** pi / (pi - 1): the squared rate of ReLU at a large batch. */
export const reluSquaredRate: number = Math.PI / (Math.PI - 1);

/** E[relu(x) relu(y)] of standard normals of correlation c. */
export function kappa(c: number): number {
  return (Math.sqrt(1 - c * c) + c * (Math.PI - Math.acos(c))) / (2 * Math.PI);
}

/** P(x > 0, y > 0) of standard normals of correlation c. */
export function positivePair(c: number): number {
  return 0.25 + Math.asin(c) / (2 * Math.PI);
}

function checkBatch(batch: number): void {
  if (Number.isInteger(batch) && batch >= 2) return;
  throw new UsageError(`batch: found ${batch}; batch norm needs 2 samples or more`);
}

/** Squared rate of linear -> batch norm -> ReLU, eps 0. 0 of two samples; Infinity of three, where E[1 / s^2] diverges. */
export function squaredRateNormAct(batch: number): number {
  checkBatch(batch);
  if (batch === 2) return 0;
  if (batch === 3) return Number.POSITIVE_INFINITY;
  const c = -1 / (batch - 1);
  const k = kappa(c);
  const trace = (batch - 1) / 2 - 1 + 1 / batch + ((batch - 1) / batch) * (positivePair(c) + k);
  return (batch * trace) / ((batch - 3) * (batch - 1) * (0.5 - k));
}

/**
 * The same where the backward takes the statistics as constants: without the projection, which keeps T / ((B - 1) / 2) of the
 * square. It diverges below 4 samples, as E[1 / s^2] does.
 */
export function squaredRateFrozen(batch: number): number {
  checkBatch(batch);
  if (batch < 4) return Number.POSITIVE_INFINITY;
  return batch / (2 * (batch - 3) * (0.5 - kappa(-1 / (batch - 1))));
}

/** Squared rate of a deep linear network with batch norm: (B - 2) / (B - 3). */
export function squaredRateLinear(batch: number): number {
  checkBatch(batch);
  return batch === 2 ? 0 : batch === 3 ? Number.POSITIVE_INFINITY : (batch - 2) / (batch - 3);
}

export interface Estimate {
  readonly value: number;
  /** Standard error; 0 of a closed form. */
  readonly error: number;
}

/**
 * One batch of normals, centred: (tr(D Q) - d' Q d / B) r^2 / v for A = relu(xi), r = |xi|. It depends on the direction of xi
 * alone, which is independent of r, and E[1 / r^2] = 1 / (B - 3).
 */
function oneBatch(xi: Float64Array): number {
  const batch = xi.length;
  const centre = xi.reduce((sum, x) => sum + x, 0) / batch;
  let [on, sum, squares, radius] = [0, 0, 0, 0];
  for (const x of xi) {
    const a = Math.max(x - centre, 0);
    radius += (x - centre) ** 2;
    on += a > 0 ? 1 : 0;
    sum += a;
    squares += a * a;
  }
  const mean = sum / batch;
  const v = squares / batch - mean * mean;
  // w = (A - mean) / sqrt(v): its sum and its sum of squares over the active samples.
  const active = (squares - 2 * mean * sum + on * mean * mean) / v;
  const along = (sum - on * mean) / Math.sqrt(v);
  const trace = on * (1 - 1 / batch) - active / batch;
  const form = on - (on * on) / batch - (along * along) / batch;
  return ((trace - form / batch) * radius) / v;
}

const draws = 2 ** 21;

/**
 * Rate of linear -> ReLU -> batch norm by a counted Monte Carlo of about two million normals, always the same ones.
 * @returns NaN with error Infinity below 4 samples, where the expectation diverges.
 */
export function rateActNorm(batch: number): Estimate {
  checkBatch(batch);
  if (batch < 4) return { value: Number.NaN, error: Number.POSITIVE_INFINITY };
  const source = stream(0, `theory/act-norm/${batch}`);
  const count = Math.ceil(draws / batch);
  const xi = new Float64Array(batch);
  let [mean, spread] = [0, 0];
  for (let i = 1; i <= count; i++) {
    for (let k = 0; k < batch; k++) xi[k] = source.normal();
    const step = oneBatch(xi) / (batch * (batch - 3)) - mean;
    mean += step / i;
    spread += step * step * (1 - 1 / i);
  }
  const value = Math.sqrt(mean);
  return { value, error: Math.sqrt(spread / count / count) / (2 * value) };
}
