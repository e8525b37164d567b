/** The fast ways to multiply and add inside a contraction: one or two machine instructions. */
import type { Lanes } from "./lanes.ts";
import type { Steps } from "./tile.ts";

/** IEEE multiply, round, add, round, in the lanes' own format. */
export function strictSteps(lanes: Lanes): Steps {
  return {
    name: `${lanes.name}.strict`,
    lanes,
    unroll: 8,
    multiplyAdd: (f, sum, a, b) => f.get(sum).get(a).get(b).op(`${lanes.name}.mul`).op(`${lanes.name}.add`).set(sum),
    add: (f) => f.op(`${lanes.name}.add`),
  };
}

/** One rounding by the machine's multiply-add: only where the probe found it fused. */
export function relaxedSteps(lanes: Lanes): Steps {
  return {
    ...strictSteps(lanes),
    name: `${lanes.name}.relaxed`,
    multiplyAdd: (f, sum, a, b) => f.get(a).get(b).get(sum).op(`${lanes.name}.relaxed_madd`).set(sum),
  };
}
