/** erf and erfc: one rational function whose coefficients are selected by the range of |x|. */
import {
  abs,
  add,
  constant,
  copysign,
  div,
  type Expr,
  lt,
  max,
  min,
  mul,
  neg,
  one,
  select,
  sub,
  zero,
} from "../expression.ts";
import { constants, fastTwoSum, leading, polynomial, quotient, remainder } from "./double.ts";
import { reduce, scale, significand } from "./exp.ts";

interface Rational {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

/** fdlibm s_erf.c pp, qq: (erf(x) - x) / x in x^2 on [0, 0.84375] within 2^-57.9. */
const center: Rational = {
  above: [
    1.2837916709551256e-1, -3.250421072470015e-1, -2.848174957559851e-2, -5.770270296489442e-3, -2.3763016656650163e-5,
  ],
  below: [
    1, 3.9791722395915535e-1, 6.50222499887673e-2, 5.081306281875766e-3, 1.3249473800432164e-4, -3.960228278775368e-6,
  ],
};

/** pa, qa: erf(x) - erx in |x| - 1 on [0.84375, 1.25] within 2^-59.06. */
const shoulder: Rational = {
  above: [
    -2.3621185607526594e-3, 4.1485611868374833e-1, -3.722078760357013e-1, 3.1834661990116175e-1, -1.1089469428239668e-1,
    3.5478304325618236e-2, -2.166375594868791e-3,
  ],
  below: [
    1, 1.0642088040084423e-1, 5.40397917702171e-1, 7.182865441419627e-2, 1.2617121980876164e-1, 1.363708391202905e-2,
    1.1984499846799107e-2,
  ],
};

/** ra, sa: log(x erfc(x)) + x^2 + 0.5625 in 1/x^2 on [1.25, 1/0.35] within 2^-62.57. */
const slope: Rational = {
  above: [
    -9.864944034847148e-3, -6.938585727071818e-1, -1.0558626225323291e1, -6.2375332450326006e1, -1.6239666946257347e2,
    -1.8460509290671104e2, -8.12874355063066e1, -9.814329344169145,
  ],
  below: [
    1, 1.9651271667439257e1, 1.3765775414351904e2, 4.3456587747522923e2, 6.453872717332679e2, 4.2900814002756783e2,
    1.0863500554177944e2, 6.570249770319282, -6.04244152148581e-2,
  ],
};

/** rb, sb: the same on [1/0.35, 28] within 2^-61.52. */
const tail: Rational = {
  above: [
    -9.8649429247001e-3, -7.99283237680523e-1, -1.7757954917754752e1, -1.6063638485582192e2, -6.375664433683896e2,
    -1.0250951316110772e3, -4.835191916086514e2,
  ],
  below: [
    1, 3.033806074348246e1, 3.257925129965739e2, 1.536729586084437e3, 3.1998582195085955e3, 2.5530504064331644e3,
    4.7452854120695537e2, -2.244095244658582e1,
  ],
};

/** erx: erf(1) rounded to 24 bits, so that 1 - erx is exact. */
const erx = constant(8.450629115104675e-1);

interface Parts {
  readonly inCenter: Expr;
  readonly inShoulder: Expr;
  /** The rational function of the range. */
  readonly value: Expr;
  /** On the shoulder, most of the rounding errors of `value`: erfc cancels there. */
  readonly rest: Expr;
  /** erfc(|x|) from 1.25 on. */
  readonly complement: Expr;
}

/** @param a |x|, at most 28. */
function parts(a: Expr): Parts {
  const inCenter = lt(a, constant(0.84375));
  const inShoulder = lt(a, constant(1.25));
  const inSlope = lt(a, constant(1 / 0.35));
  const pick = (c: Expr, s: Expr, l: Expr, t: Expr): Expr =>
    select(inCenter, c, select(inShoulder, s, select(inSlope, l, t)));
  const coefficients = (side: keyof Rational): Expr[] => {
    const [c, s, l, t] = [center, shoulder, slope, tail].map((rational) => constants(rational[side]));
    return l.map((value, i) => pick(c[i] ?? zero, s[i] ?? zero, value, t[i] ?? zero));
  };
  const square = mul(a, a);
  const inverse = div(one, square);
  const variable = pick(square, sub(a, one), inverse, inverse);
  const [a0, ...a1] = coefficients("above");
  const [b0, ...b1] = coefficients("below");
  const above = fastTwoSum(mul(variable, polynomial(variable, a1)), a0);
  const below = fastTwoSum(b0, mul(variable, polynomial(variable, b1)));
  const value = div(above.head, below.head);
  const rest = remainder(above, value, below);
  return { inCenter, inShoulder, value, rest, complement: complement(a, value) };
}

/** exp(-a^2 - 0.5625 + value) / a: a^2 is taken as z^2 + (a - z)(a + z), where z has 21 bits and z^2 is exact. */
function complement(a: Expr, value: Expr): Expr {
  const z = leading(a, 32);
  const exponent = fastTwoSum(sub(neg(mul(z, z)), constant(0.5625)), add(mul(sub(z, a), add(z, a)), value));
  const e = reduce(exponent.head, exponent.tail);
  return scale(quotient(significand(e), { head: a, tail: zero }), e.k);
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
  const { inCenter, inShoulder, value, rest, complement } = parts(abs(bounded));
  const negative = lt(x, zero);
  const correction = mul(bounded, value);
  // From 1/2 on 1 - x is exact.
  const nearZero = select(lt(x, constant(0.5)), sub(one, add(bounded, correction)), sub(sub(one, bounded), correction));
  const shoulderValue = select(negative, add(one, add(erx, value)), sub(sub(sub(one, erx), value), rest));
  const outer = select(inShoulder, shoulderValue, select(negative, sub(constant(2), complement), complement));
  return select(inCenter, nearZero, outer);
}
