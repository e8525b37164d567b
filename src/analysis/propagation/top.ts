/** The gradient that enters at the top of a network at initialization. */
import { UsageError, unknown } from "../../base/errors.ts";
import { stream } from "../../base/random.ts";
import { fillNormal } from "./network.ts";

/**
 * `random`: independent N(0, 1) entries. `clusters`: the same row for all samples i of equal i mod K, as inputs `clusters:K` have
 * them. `loss`: that of the cross-entropy behind the classifier.
 */
export type TopGradient =
  | { readonly kind: "random" | "loss" }
  | { readonly kind: "clusters"; readonly clusters: number };

/** "random", "loss", "clusters:4". @throws UsageError with the near name */
export function topGradientNamed(text: string): TopGradient {
  if (text === "random" || text === "loss") return { kind: text };
  const clusters = Number(/^clusters:(\d+)$/.exec(text)?.[1]);
  if (!text.startsWith("clusters")) throw unknown("top gradient", text, ["random", "loss", "clusters:K"]);
  if (!(clusters >= 1))
    throw new UsageError(`top gradient '${text}': expected the number of clusters, as in clusters:4`);
  return { kind: "clusters", clusters };
}

/** As captions say it. */
export function showTop(top: TopGradient): string {
  if (top.kind === "loss") return "Gradient of the cross-entropy";
  const what = "Random N(0,1) gradient at the top";
  return top.kind === "clusters" ? `${what}, the same for the samples of each of ${top.clusters} clusters` : what;
}

/** Rows of a gradient of one sample each. @param size Of all samples. */
export function drawTop(top: TopGradient, size: number, batch: number, seed: number, rms: number): Float64Array {
  const gradient = new Float64Array(size);
  const draws = stream(seed, "propagation/top");
  if (top.kind !== "clusters") {
    fillNormal(gradient, draws, rms);
    return gradient;
  }
  const period = Math.min(size, (size / batch) * top.clusters);
  fillNormal(gradient.subarray(0, period), draws, rms);
  for (let at = period; at < size; at++) gradient[at] = gradient[at - period];
  return gradient;
}
