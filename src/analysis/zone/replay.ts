/**
 * Pullbacks in float64 on the stored forward values and selections of the low-precision run: how large an exact difference
 * is. Whether there is one, the exact judge says.
 */
import type { Cut } from "./contrasts.ts";
import { type Distance, distance } from "./difference.ts";
import type { ZoneNetwork } from "./network.ts";

/** Copies what the kept pullback reads into the float64 engine: every value is exact there. */
export function freeze(network: ZoneNetwork): void {
  const replay = network.replay();
  for (const name of network.residuals) replay.buffer(name).set(network.engine.buffer(name));
}

/**
 * The distance of a cut pullback from the kept one in float64, over the parameters that may differ (elsewhere it is 0); `l2` is
 * relative to those.
 */
export function exactDistance(network: ZoneNetwork, cut: Cut): Distance {
  const replay = cut.replay();
  for (const name of cut.stored) replay.buffer(name).set(network.engine.buffer(name));
  for (const kernel of ["kept", "other"]) replay.run(kernel);
  const gradients = (kernel: string): ArrayLike<number>[] =>
    [...cut.gradients.keys()].map((parameter) => replay.buffer(`${kernel}/d:${parameter}`));
  return distance(gradients("kept"), gradients("other"));
}
