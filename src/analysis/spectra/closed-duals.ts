/** Closed forms of the dual kernel E[phi'(s u) phi'(s v)] at the angle t, cos t = E[u v] (papers/activations 2.4). */

import { cosPi, sinPi } from "../../base/angles.ts";
import type { Activation, TwoPieces } from "./activation.ts";
import { quadrantMoments } from "./normal-quadrant.ts";

function ofPieces({ right, constant, exponential }: TwoPieces, t: number, s: number): number {
  const same = 0.5 - t / (2 * Math.PI);
  const opposite = t / (2 * Math.PI);
  const flat = (right * right + constant * constant) * same + 2 * right * constant * opposite;
  if (exponential === 0) return flat;
  const { mixed, left, both } = quadrantMoments(t, s);
  return flat + 2 * right * exponential * mixed + 2 * constant * exponential * left + exponential ** 2 * both;
}

/** Arc-cosine kernels (Cho and Saul 2009): E[max(0, u) max(0, v)] and, for squares over 2, a quarter of order 2. */
function ofPower(power: 1 | 2, t: number, s: number): number {
  const [sine, cosine] = [sinPi(t / Math.PI), cosPi(t / Math.PI)];
  if (power === 1) return (s * s * (sine + (Math.PI - t) * cosine)) / (2 * Math.PI);
  return (s ** 4 * (3 * sine * cosine + (Math.PI - t) * (1 + 2 * cosine * cosine))) / (8 * Math.PI);
}

/** (4 / pi) s-scaled: erf' = (2 / sqrt pi) e^(-z^2); the determinant of the Gaussian integral gives the root. */
function ofErf(t: number, s: number): number {
  const a = 2 * s * s;
  return 4 / Math.PI / Math.sqrt((1 + a) ** 2 - (a * cosPi(t / Math.PI)) ** 2);
}

/** The closed form, or undefined where quadrature is needed. */
export function closedDual({ dual }: Activation, s = 1): ((t: number) => number) | undefined {
  switch (dual?.kind) {
    case "pieces":
      return (t) => ofPieces(dual.pieces, t, s);
    case "power":
      return (t) => ofPower(dual.power, t, s);
    case "erf":
      return (t) => ofErf(t, s);
    default:
      return undefined;
  }
}
