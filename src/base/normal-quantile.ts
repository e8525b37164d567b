/**
 * Quantile of the standard normal distribution with + - * / and sqrt alone, so that its bits are the same everywhere:
 * Wichura 1988, algorithm AS 241 (PPND16, relative error about 1e-16), over a logarithm of our own.
 */

/** Coefficients from the highest power down, constant last. */
type Polynomial = readonly number[];

function evaluate(coefficients: Polynomial, x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}

interface Ratio {
  readonly numerator: Polynomial;
  readonly denominator: Polynomial;
}

/** |p - 1/2| <= 0.425 */
const center: Ratio = {
  numerator: [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  denominator: [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
};

/** sqrt(-log tail) <= 5 */
const shoulder: Ratio = {
  numerator: [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  denominator: [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
};

const tail: Ratio = {
  numerator: [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  denominator: [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
};

function quotient(ratio: Ratio, x: number): number {
  return evaluate(ratio.numerator, x) / evaluate(ratio.denominator, x);
}

const ln2 = Math.LN2;
/** 2 / (2k + 1) for k = 9 .. 0: log((1 + s) / (1 - s)) = 2 s + 2 s^3 / 3 + ... */
const logSeries: Polynomial = [2 / 21, 2 / 19, 2 / 17, 2 / 15, 2 / 13, 2 / 11, 2 / 9, 2 / 7, 2 / 5, 2 / 3, 2];

/** Natural logarithm for 0 < x <= 1, within a few units in the last place away from 1. */
function logarithm(x: number): number {
  let [fraction, exponent] = [x, 0];
  while (fraction < Math.SQRT1_2) [fraction, exponent] = [fraction * 2, exponent - 1];
  const s = (fraction - 1) / (fraction + 1);
  return exponent * ln2 + s * evaluate(logSeries, s * s);
}

/** x with P(Z <= x) = p for 0 < p < 1. */
export function normalQuantile(p: number): number {
  const offset = p - 0.5;
  if (Math.abs(offset) <= 0.425) return offset * quotient(center, 0.180625 - offset * offset);
  const depth = Math.sqrt(-logarithm(offset < 0 ? p : 1 - p));
  const magnitude = depth <= 5 ? quotient(shoulder, depth - 1.6) : quotient(tail, depth - 5);
  return offset < 0 ? -magnitude : magnitude;
}
