/** Gauss-Legendre rules on an interval, single or in panels. */
import { cosPi } from "../../base/angles.ts";

export interface Rule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

const rules = new Map<number, Rule>();

/** n nodes and weights on [-1, 1] by Newton's method on the Legendre polynomial; exact for degree 2 n - 1. */
function standard(n: number): Rule {
  const known = rules.get(n);
  if (known !== undefined) return known;
  const rule = { nodes: new Float64Array(n), weights: new Float64Array(n) };
  for (let i = 0; i < n; i++) {
    let x = -cosPi((i + 0.75) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 6; step++) {
      let [value, before] = [1, 0];
      for (let k = 1; k <= n; k++) [value, before] = [((2 * k - 1) * x * value - (k - 1) * before) / k, value];
      slope = (n * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    rule.nodes[i] = x;
    rule.weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  rules.set(n, rule);
  return rule;
}

/** The rule of `n` nodes on each of the panels between consecutive `edges`. */
export function gaussLegendre(n: number, edges: readonly number[]): Rule {
  const { nodes, weights } = standard(n);
  const panels = edges.length - 1;
  const rule = { nodes: new Float64Array(n * panels), weights: new Float64Array(n * panels) };
  for (let p = 0; p < panels; p++) {
    const [middle, half] = [(edges[p] + edges[p + 1]) / 2, (edges[p + 1] - edges[p]) / 2];
    for (let i = 0; i < n; i++) {
      rule.nodes[p * n + i] = middle + half * nodes[i];
      rule.weights[p * n + i] = half * weights[i];
    }
  }
  return rule;
}

/** `count` panels of equal length. */
export function evenly(from: number, to: number, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, i) => from + ((to - from) * i) / count);
}
