/** Initial weights by name, from counted random streams: the same network for every precision and thread count. */
import { unknown } from "../base/errors.ts";
import { type Stream, stream } from "../base/random.ts";
import { sizeOf } from "../base/shape.ts";
import type { Format } from "../formats/format.ts";
import { round } from "../formats/round.ts";
import type { Network, Parameter } from "./network.ts";

/** A law gives a number of a parameter from a stream, in float64. */
type Law = (draws: Stream, parameter: Parameter) => number;

const gain = Math.SQRT2;
const uniform = (draws: Stream, bound: number): number => (2 * draws.uniform() - 1) * bound;
const standard: Law = (draws, { fanIn }) => uniform(draws, 1 / Math.sqrt(fanIn));
const zero: Law = () => 0;

/** A law by kind of parameter; norms are always 1 and 0. */
const byKind =
  (kinds: { readonly conv: Law; readonly linear: Law; readonly bias: Law }): Law =>
  (draws, parameter) => {
    if (parameter.layer === "norm") return parameter.bias ? 0 : 1;
    return parameter.bias ? kinds.bias(draws, parameter) : kinds[parameter.layer](draws, parameter);
  };

/** A law for weights whose biases follow PyTorch's default. */
const weights = (law: Law): Law => byKind({ conv: law, linear: law, bias: standard });

const kaimingUniform =
  (fan: "fanIn" | "fanOut"): Law =>
  (draws, parameter) =>
    uniform(draws, gain * Math.sqrt(3 / parameter[fan]));
const kaimingNormal =
  (fan: "fanIn" | "fanOut"): Law =>
  (draws, parameter) =>
    draws.normal() * (gain / Math.sqrt(parameter[fan]));

/**
 * `default`: PyTorch's Linear and Conv2d, weight and bias uniform on +-1/sqrt(fan_in) (papers/relu0 3.1). `kaiming-*`: He
 * et al. 2015, gain sqrt 2, fan_in unless said; `he`: normal with biases 0. `xavier-uniform`: Glorot and Bengio 2010. `resnet`, `densenet`: convolutions
 * Kaiming normal by fan_out and fan_in; `maxpool`: that of the volume notebook, convolutions Kaiming uniform by fan_in,
 * linear N(0, 0.01), biases 0 (papers/maxpool 3.2).
 */
export const laws: Readonly<Record<string, Law>> = {
  default: weights(standard),
  "kaiming-uniform": weights((draws, { fanIn }) => uniform(draws, Math.sqrt(6 / fanIn))),
  "kaiming-uniform-fan-out": weights(kaimingUniform("fanOut")),
  "kaiming-normal": weights((draws, { fanIn }) => draws.normal() * Math.sqrt(2 / fanIn)),
  "kaiming-normal-fan-out": weights(kaimingNormal("fanOut")),
  "xavier-uniform": weights((draws, { fanIn, fanOut }) => uniform(draws, Math.sqrt(6 / (fanIn + fanOut)))),
  he: byKind({ conv: kaimingNormal("fanIn"), linear: kaimingNormal("fanIn"), bias: zero }),
  resnet: byKind({ conv: kaimingNormal("fanOut"), linear: standard, bias: standard }),
  densenet: byKind({ conv: kaimingNormal("fanIn"), linear: standard, bias: zero }),
  maxpool: byKind({ conv: kaimingUniform("fanIn"), linear: (draws) => 0.01 * draws.normal(), bias: zero }),
};

export interface InitialLaw {
  readonly law: string;
  /** Numbers are drawn in float32 and then cast, as published (papers/relu0 2.7), or in the format itself. */
  readonly draw: "float32" | "format";
  readonly format: Format;
}

/**
 * The parameters of network number `index` of a seed, in float64 arrays, rounded as `draw` says.
 * @throws UsageError on an unknown law.
 */
export function drawParameters(
  { parameters }: Pick<Network, "parameters">,
  how: InitialLaw,
  seed: number,
  index: number,
): Record<string, Float64Array> {
  const law = laws[how.law];
  if (law === undefined) throw unknown("init", how.law, Object.keys(laws));
  const cast = how.draw === "float32" ? Math.fround : (x: number): number => round(how.format, x);
  return Object.fromEntries(
    parameters.map((parameter) => {
      const draws = stream(seed, `init/${index}/${parameter.name}`);
      // A loop: millions of weights through the iterator of Float64Array.from take twice the time.
      const values = new Float64Array(sizeOf(parameter.shape));
      for (let i = 0; i < values.length; i++) values[i] = cast(law(draws, parameter));
      return [parameter.name, values];
    }),
  );
}
