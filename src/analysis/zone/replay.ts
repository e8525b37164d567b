/**
 * The pullbacks in float64 on the stored forward values and selections of the low-precision run: how large an exact
 * difference is. Whether there is one, the exact judge says.
 */
import { type Distance, distance } from "./difference.ts";
import type { ZoneNetwork } from "./network.ts";

/** Copies what the pullbacks read into the float64 engine: every value is exact there. */
export function freeze(network: ZoneNetwork): void {
  const replay = network.replay();
  for (const name of network.residuals) replay.write(name, network.engine.buffer(name));
}

/** The distance of two pullbacks in float64; the stored values must be frozen. */
export function exactDistance(network: ZoneNetwork, first: string, second: string): Distance {
  const replay = network.replay();
  for (const name of [first, second]) replay.run(name);
  const gradients = (name: string): ArrayLike<number>[] =>
    network.parameters.map((parameter) => replay.buffer(network.gradient(name, parameter)));
  return distance(gradients(first), gradients(second));
}
