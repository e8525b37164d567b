/** What a row says of one block, as measurements inside of the program. */
import { sizeOf } from "../../base/shape.ts";
import type { Program } from "../../ir/program.ts";
import type { Visit } from "../../nn/network.ts";
import type { Block } from "./blocks.ts";
import type { LayerRow } from "./rows.ts";
import type { Gauge, Read, Taps } from "./taps.ts";

/** log2 of the binade of a positive finite number. */
function exponentOf(x: number): number | null {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return null;
  const guess = Math.floor(Math.log2(x));
  if (2 ** guess > x) return guess - 1;
  return 2 ** (guess + 1) <= x ? guess + 1 : guess;
}

export interface Measured {
  readonly block: Block;
  readonly index: number;
  readonly taps: Taps;
  /** Norm of the cotangent of a value. */
  readonly norm: (value: number) => Gauge;
  readonly of: ReadonlyMap<number, number>;
  readonly program: Program;
  readonly weight: number | undefined;
  readonly geometry: boolean;
}

const product = (factors: readonly Gauge[]): Gauge<number | null> =>
  factors.length === 0 ? () => null : (read) => factors.reduce((total, factor) => total * factor(read), 1);

const squaredRatio =
  (above: Gauge, below: Gauge): Gauge =>
  (read) =>
    (above(read) / below(read)) ** 2;

export function blockGauge(measured: Measured): Gauge<LayerRow> {
  const { block, index, taps, norm, of, program } = measured;
  const { core, before, after, output, alone, kind, name } = block;
  const around = [...before, ...after];
  const across = ({ input, output: out }: Visit): Gauge => squaredRatio(norm(input), norm(out));
  const activations = around.filter(({ layer }) => layer === "activation");
  const normed = around.flatMap((visit) => (visit.norm === undefined ? [] : [{ ...visit, norm: visit.norm }]));
  const factors = normed.map((visit) => {
    const [scaled, projected] = [
      taps.scaled(of.get(visit.output) as number, visit.norm),
      taps.projected(of.get(visit.input) as number, visit.norm),
    ];
    return {
      affine: squaredRatio(scaled, norm(visit.output)),
      projection: squaredRatio(projected, scaled),
      gain: squaredRatio(norm(visit.input), projected),
      dead: taps.dead(visit.norm),
    };
  });
  // A residual's input is read by its body and by itself alone: together they are the block.
  const whole = kind === "residual" || kind === "dense" || (alone && before.length === 0);
  const transport = kind === "residual" || kind === "dense" || !alone ? () => null : across(core);
  const growth = whole ? squaredRatio(norm(core.input), norm(output)) : () => null;
  const g = of.get(output) as number;
  const [largest, least, none] = [taps.largest(g), taps.least(g), taps.zeros(g)];
  const size = sizeOf(program.values[output].shape);
  const other = product(
    around.filter(({ layer, norm: own }) => layer !== "activation" && own === undefined).map(across),
  );
  const weights = weightGauge(measured);
  const geometry = geometryGauge(measured, activations);
  const [mask, affine, projection, gain] = [
    product(activations.map(across)),
    ...(["affine", "projection", "gain"] as const).map((factor) => product(factors.map((own) => own[factor]))),
  ];
  const [gradient, signal] = [norm(output), norm(core.output)];
  const [from, to] = [core.input, core.output].map((value) => program.values[value].shape);
  const stride = from.length === 4 && to.length === 4 ? from[2] / to[2] : null;
  return (read) => ({
    index,
    name,
    kind,
    gradient: gradient(read),
    signal: signal(read),
    ...weights(read),
    growth: growth(read),
    mask: mask(read),
    affine: affine(read),
    projection: projection(read),
    gain: gain(read),
    transport: transport(read),
    other: other(read) ?? 1,
    stride,
    ...geometry(read),
    dead: factors.reduce((sum, { dead }) => sum + dead(read), 0),
    maxAbs: largest(read),
    maxExponent: exponentOf(largest(read)),
    minExponent: exponentOf(least(read)),
    underflow: none(read) / size,
  });
}

type WeightPart = Pick<LayerRow, "weightGradient" | "weight" | "ratio" | "alignment">;

/** G, W and the alignment: mean variance of the outputs over |W|^2 / (outputs x inputs) times the inputs' variance. */
function weightGauge({ block, taps, of, program, weight }: Measured): Gauge<WeightPart> {
  if (weight === undefined) return () => ({ weightGradient: null, weight: null, ratio: null, alignment: null });
  const { core } = block;
  const [g, w] = [taps.norm(of.get(weight) as number), taps.norm(weight)];
  const [from, to] = [taps.unitVariance(core.input), taps.unitVariance(core.output)];
  // A convolution's terms are its channels, once per tap.
  const inputs = program.values[weight].shape[1];
  const groups = program.values[core.input].shape[1] / inputs;
  return (read: Read) => {
    const [weightGradient, own] = [g(read), w(read)];
    const alignment = (to(read) * inputs * groups) / (own * own * from(read));
    return { weightGradient, weight: own, ratio: weightGradient / own, alignment };
  };
}

type GeometryPart = Pick<LayerRow, "cosine" | "participation" | "spread" | "zeros">;

function geometryGauge(
  { block, taps, program, geometry }: Measured,
  activations: readonly Visit[],
): Gauge<GeometryPart> {
  const read0 = activations[0]?.input;
  const zeros = read0 === undefined ? undefined : taps.zeros(read0);
  const elements = read0 === undefined ? 1 : sizeOf(program.values[read0].shape);
  const share: Gauge<number | null> = (read) => (zeros === undefined ? null : zeros(read) / elements);
  if (!geometry) return (read) => ({ cosine: null, participation: null, spread: null, zeros: share(read) });
  const seen = read0 ?? block.output;
  const [cosine, participation, spread] = [taps.cosine(block.output), taps.participation(seen), taps.spread(seen)];
  return (read) => ({
    cosine: cosine(read),
    participation: participation(read),
    spread: spread(read),
    zeros: share(read),
  });
}
