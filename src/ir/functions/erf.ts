/** erf and erfc: one rational function whose coefficients are selected by the range of |x|. */
import {
  abs, add, constant, copysign, div, type Expr, lt, max, min, mul, neg, one, select, sub, zero,
} from "../expression.ts";
import { constants, fastTwoSum, leading, polynomial, quotient } from "./double.ts";
import { reduce, scale, significand } from "./exp.ts";

interface Rational {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

/** fdlibm s_erf.c pp, qq: (erf(x) - x) / x in x^2 on [0, 0.84375] within 2^-57.9. */
const center: Rational = {
  above: [
    1.28379167095512558561e-1, -3.25042107247001499370e-1, -2.84817495755985104766e-2, -5.77027029648944159157e-3,
    -2.37630166566501626084e-5,
  ],
  below: [
    1, 3.97917223959155352819e-1, 6.50222499887672944485e-2, 5.08130628187576562776e-3, 1.32494738004321644526e-4,
    -3.96022827877536812320e-6,
  ],
};

/** pa, qa: erf(x) - erx in |x| - 1 on [0.84375, 1.25] within 2^-59.06. */
const shoulder: Rational = {
  above: [
    -2.36211856075265944077e-3, 4.14856118683748331666e-1, -3.72207876035701323847e-1, 3.18346619901161753674e-1,
    -1.10894694282396677476e-1, 3.54783043256182359371e-2, -2.16637559486879084300e-3,
  ],
  below: [
    1, 1.06420880400844228286e-1, 5.40397917702171048937e-1, 7.18286544141962662868e-2, 1.26171219808761642112e-1,
    1.36370839120290507362e-2, 1.19844998467991074170e-2,
  ],
};

/** ra, sa: log(x erfc(x)) + x^2 + 0.5625 in 1/x^2 on [1.25, 1/0.35] within 2^-62.57. */
const slope: Rational = {
  above: [
    -9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1, -6.23753324503260060396e1,
    -1.62396669462573470355e2, -1.84605092906711035994e2, -8.12874355063065934246e1, -9.81432934416914548592,
  ],
  below: [
    1, 1.96512716674392571292e1, 1.37657754143519042600e2, 4.34565877475229228821e2, 6.45387271733267880336e2,
    4.29008140027567833386e2, 1.08635005541779435134e2, 6.57024977031928170135, -6.04244152148580987438e-2,
  ],
};

/** rb, sb: the same on [1/0.35, 28] within 2^-61.52. */
const tail: Rational = {
  above: [
    -9.86494292470009928597e-3, -7.99283237680523006574e-1, -1.77579549177547519889e1, -1.60636384855821916062e2,
    -6.37566443368389627722e2, -1.02509513161107724954e3, -4.83519191608651397019e2,
  ],
  below: [
    1, 3.03380607434824582924e1, 3.25792512996573918826e2, 1.53672958608443695994e3, 3.19985821950859553908e3,
    2.55305040643316442583e3, 4.74528541206955367215e2, -2.24409524465858183362e1,
  ],
};

/** erx: erf(1) rounded to 24 bits, so that 1 - erx is exact. */
const erx = constant(8.45062911510467529297e-1);

interface Parts {
  readonly inCenter: Expr;
  readonly inShoulder: Expr;
  /** The rational function of the range. */
  readonly value: Expr;
  /** erfc(|x|) from 1.25 on. */
  readonly complement: Expr;
}

/** @param a |x|, at most 28. */
function parts(a: Expr): Parts {
  const inCenter = lt(a, constant(0.84375));
  const inShoulder = lt(a, constant(1.25));
  const inSlope = lt(a, constant(1 / 0.35));
  const pick = (c: Expr, s: Expr, l: Expr, t: Expr): Expr => select(inCenter, c, select(inShoulder, s, select(inSlope, l, t)));
  const coefficients = (side: keyof Rational): Expr[] => {
    const [c, s, l, t] = [center, shoulder, slope, tail].map((rational) => constants(rational[side]));
    return l.map((value, i) => pick(c[i] ?? zero, s[i] ?? zero, value, t[i] ?? zero));
  };
  const square = mul(a, a);
  const inverse = div(one, square);
  const variable = pick(square, sub(a, one), inverse, inverse);
  const value = div(polynomial(variable, coefficients("above")), polynomial(variable, coefficients("below")));
  return { inCenter, inShoulder, value, complement: complement(a, value) };
}

/** exp(-a^2 - 0.5625 + value) / a: a^2 is taken as z^2 + (a - z)(a + z), where z has 21 bits and z^2 is exact. */
function complement(a: Expr, value: Expr): Expr {
  const z = leading(a, 32);
  const exponent = fastTwoSum(sub(neg(mul(z, z)), constant(0.5625)), add(mul(sub(z, a), add(z, a)), value));
  const e = reduce(exponent.head, exponent.tail);
  return scale(quotient(significand(e), { head: a, tail: zero }, div), e.k);
}

/** Error function within 1 ulp. From 6 on it rounds to 1. */
export function erfOf(x: Expr): Expr {
  const a = min(abs(x), constant(6));
  const { inCenter, inShoulder, value, complement } = parts(a);
  const outer = select(inShoulder, add(erx, value), sub(one, complement));
  return select(inCenter, add(x, mul(x, value)), copysign(outer, x));
}

/** Complementary error function within 2 ulp. From 27.3 on it rounds to 0, below -6 to 2. */
export function erfcOf(x: Expr): Expr {
  const bounded = max(min(x, constant(28)), constant(-28));
  const { inCenter, inShoulder, value, complement } = parts(abs(bounded));
  const negative = lt(x, zero);
  const half = constant(0.5);
  const correction = mul(bounded, value);
  const nearZero = select(
    lt(x, constant(0.25)),
    sub(one, add(bounded, correction)),
    sub(half, add(sub(bounded, half), correction)),
  );
  const shoulderValue = select(negative, add(one, add(erx, value)), sub(sub(one, erx), value));
  const outer = select(inShoulder, shoulderValue, select(negative, sub(constant(2), complement), complement));
  return select(inCenter, nearZero, outer);
}
