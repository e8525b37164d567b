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
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.387132872796366608,
  ],
  denominator: [
    5.226495278852854561e3, 2.8729085735721942674e4, 3.930789580009271061e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.871870074920579083e2, 4.2313330701600911252e1, 1,
  ],
};

/** sqrt(-log tail) <= 5 */
const shoulder: Ratio = {
  numerator: [
    7.7454501427834140764e-4, 2.27238449892691845833e-2, 2.4178072517745061177e-1, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
  ],
  denominator: [
    1.05075007164441684324e-9, 5.475938084995344946e-4, 1.51986665636164571966e-2, 1.4810397642748007459e-1,
    6.8976733498510000455e-1, 1.6763848301838038494, 2.05319162663775882187, 1,
  ],
};

const tail: Ratio = {
  numerator: [
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.2426609473880784386e-3, 2.6532189526576123093e-2,
    2.9656057182850489123e-1, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
  ],
  denominator: [
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
    1.48753612908506148525e-2, 1.3692988092273580531e-1, 5.9983220655588793769e-1, 1,
  ],
};

function quotient(ratio: Ratio, x: number): number {
  return evaluate(ratio.numerator, x) / evaluate(ratio.denominator, x);
}

const ln2 = 0.6931471805599453;
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
