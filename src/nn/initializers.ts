/** Initial weights by name, from counted random streams: the same network for every precision and thread count. */
import { unknown } from "../base/errors.ts";
import { type Stream, stream } from "../base/random.ts";
import type { Format } from "../formats/format.ts";
import { round } from "../formats/round.ts";
import { type Mlp, parameterShapes } from "./architecture.ts";

/** Fan-in of the layer that a parameter belongs to, and whether it is a bias. */
interface Place {
  readonly fanIn: number;
  readonly fanOut: number;
  readonly bias: boolean;
}

/** A law gives the number in a place from a stream, in float64. */
type Law = (draws: Stream, place: Place) => number;

const uniform = (draws: Stream, bound: number): number => (2 * draws.uniform() - 1) * bound;
const defaultBound = ({ fanIn }: Place): number => 1 / Math.sqrt(fanIn);

/** A law for weights whose biases follow PyTorch's default. */
const weights =
  (law: Law): Law =>
  (draws, place) =>
    place.bias ? uniform(draws, defaultBound(place)) : law(draws, place);

/**
 * `default`: PyTorch's Linear, weight and bias uniform on +-1/sqrt(fan_in) (papers/relu0 3.1). `kaiming-*`: He et al.
 * 2015, fan_in, gain sqrt 2. `xavier-uniform`: Glorot and Bengio 2010.
 */
export const laws: Readonly<Record<string, Law>> = {
  default: (draws, place) => uniform(draws, defaultBound(place)),
  "kaiming-uniform": weights((draws, { fanIn }) => uniform(draws, Math.sqrt(6 / fanIn))),
  "kaiming-normal": weights((draws, { fanIn }) => draws.normal() * Math.sqrt(2 / fanIn)),
  "xavier-uniform": weights((draws, { fanIn, fanOut }) => uniform(draws, Math.sqrt(6 / (fanIn + fanOut)))),
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
export function drawParameters(mlp: Mlp, how: InitialLaw, seed: number, index: number): Record<string, Float64Array> {
  const law = laws[how.law];
  if (law === undefined) throw unknown("init", how.law, Object.keys(laws));
  const cast = how.draw === "float32" ? Math.fround : (x: number): number => round(how.format, x);
  return Object.fromEntries(
    Object.entries(parameterShapes(mlp)).map(([name, shape]) => {
      const layer = Number(name.slice(1));
      const place = { fanIn: mlp.sizes[layer - 1], fanOut: mlp.sizes[layer], bias: name.startsWith("b") };
      const draws = stream(seed, `init/${index}/${name}`);
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, Float64Array.from({ length: size }, () => cast(law(draws, place)))];
    }),
  );
}
