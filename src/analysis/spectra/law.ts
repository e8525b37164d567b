/** What the smallest eigenvalue should be: laws on the half circle by smoothness, and a bound for any data. */
import type { Activation } from "./activation.ts";
import { type Dual, gramValue } from "./dual.ts";
import { fourierCoefficients, gramCoefficients } from "./fourier.ts";
import { angle, type Points } from "./points.ts";

export interface Law {
  readonly name: string;
  /** null where the law gives no number. */
  readonly predicted: number | null;
}

/** 2^r (r-1)! (1 - 2^(-2r)) zeta(2r) / pi^2 for r = 1, 2, 3 (papers/activations 2.7). */
const kinkConstants: readonly number[] = [Number.NaN, 1 / 4, Math.PI ** 2 / 24, Math.PI ** 4 / 60];

/**
 * lambda_min on the half circle: C_r K^2 n^(1 - 2r) for a jump K of the r-th derivative at 0; n g_n for smooth activations, of
 * which only frequencies that occur count; 0 for a polynomial whose rank is below n.
 */
export function halfCircleLaw(activation: Activation, n: number): Law {
  const { smoothness } = activation;
  switch (smoothness.kind) {
    case "kink": {
      const { order, jump } = smoothness;
      return {
        name: `J${order}: C_${order} K^2 n^(${1 - 2 * order})`,
        predicted: kinkConstants[order] * jump ** 2 * n ** (1 - 2 * order),
      };
    }
    case "polynomial": {
      const rank = 2 * (smoothness.coefficients.length - 1) + 1;
      return { name: `rank at most ${rank}`, predicted: n > rank ? 0 : null };
    }
    default: {
      const g = gramCoefficients(fourierCoefficients(activation));
      const near = [n, n - 1].map((l) => g[l] ?? 0);
      return { name: "smooth: n g_n", predicted: n * Math.max(...near) };
    }
  }
}

/** lambda_min <= min over pairs of H(1) - |H_ij|: exact, and nearly attained by close pairs (papers/activations 2.8). */
export function pairBound(points: Points, dual: Pick<Dual, "slope">): number {
  const diagonal = gramValue(dual, 0);
  let least = diagonal;
  for (let i = 0; i < points.n; i++) {
    for (let j = 0; j < i; j++) least = Math.min(least, diagonal - Math.abs(gramValue(dual, angle(points, i, j))));
  }
  return least;
}
