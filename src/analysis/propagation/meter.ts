/**
 * Propagation of gradients through a network, block by block: norms, the exact decomposition of their growth and the alignment
 * of papers/bn-relu 2.7. Forward, backward and all measurements are one compiled program.
 */
import { defaultConvention } from "../../autodiff/application.ts";
import { withCotangents } from "../../autodiff/cotangents.ts";
import type { Engine } from "../../backends/backend.ts";
import { UsageError } from "../../base/errors.ts";
import { sizeOf } from "../../base/shape.ts";
import { compile } from "../../compile.ts";
import type { Convention } from "../../conventions/convention.ts";
import type { Precision, PrecisionSpec } from "../../formats/precision.ts";
import { ProgramBuilder } from "../../ir/builder.ts";
import type { Program } from "../../ir/program.ts";
import { prune } from "../../ir/prune.ts";
import type { Traced, Visit } from "../../nn/network.ts";
import { ops } from "../../ops/index.ts";
import { type Block, blocksOf } from "./blocks.ts";
import type { LayerRow } from "./rows.ts";
import { type Gauge, type Read, Taps } from "./taps.ts";

export interface PropagationOptions {
  readonly precision?: Precision | PrecisionSpec | string;
  readonly backend?: string;
  readonly convention?: Convention;
  /**
   * Where the top gradient enters: an output of the program ("loss", "y"), or "last": the output of the last block that has
   * an activation or a norm. Default: the only float output, else "loss".
   */
  readonly top?: string;
  /** Cosines, participation ratios and spreads too (default): about a fifth more work. */
  readonly geometry?: boolean;
}

/** What one run reads; names are those of the program's inputs. */
export interface PropagationInputs {
  readonly parameters: Readonly<Record<string, ArrayLike<number>>>;
  /** [batch, ...input] */
  readonly x: ArrayLike<number>;
  /** Where the program reads them. */
  readonly labels?: ArrayLike<number>;
  /** Gradient of the top value; of a scalar loss 1 unless given. */
  readonly gradient?: ArrayLike<number>;
}

/** log2 of the binade of a positive finite number. */
function exponentOf(x: number): number | null {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return null;
  const guess = Math.floor(Math.log2(x));
  if (2 ** guess > x) return guess - 1;
  return 2 ** (guess + 1) <= x ? guess + 1 : guess;
}

interface Target {
  readonly program: Program;
  /** Name of the seed: `d:<output>`. */
  readonly seed: string;
  readonly size: number;
}

/** The program with the one output whose gradient is given. @throws UsageError with the near name */
function targetOf({ program, visits }: Traced, top: string | undefined): Target {
  const last = [...blocksOf(visits)].reverse().find(({ after, before }) => after.length + before.length > 0);
  const named = program.outputs.filter(({ alias }) => alias === undefined);
  const wanted = top ?? (named.length === 1 ? named[0].name : "loss");
  const output =
    wanted === "last" && last !== undefined
      ? { name: "last", value: last.output }
      : named.find(({ name }) => name === wanted);
  if (output === undefined) {
    throw new UsageError(`top '${wanted}': expected last or an output: ${named.map(({ name }) => name).join(", ")}`);
  }
  return {
    program: prune({ ...program, outputs: [output] }),
    seed: `d:${output.name}`,
    size: sizeOf(program.values[output.value].shape),
  };
}

/** The program without the inputs that nothing reads: labels and a classifier above the top. */
function withoutIdle(program: Program): Program {
  const read = new Set(program.nodes.flatMap((node) => node.inputs));
  return { ...program, inputs: program.inputs.filter(({ value }) => read.has(value)) };
}

/** A network whose gradients are measured for any parameters, inputs and top gradient: compiled once. */
export class PropagationMeter {
  readonly #engine: Engine;
  readonly #target: Target;
  readonly #rows: Gauge<readonly LayerRow[]>;
  readonly #reads: ReadonlySet<string>;

  /** @throws UsageError on a network without weights, an unknown top, or norms that use running statistics */
  constructor(traced: Traced, options: PropagationOptions = {}) {
    const { precision = "float64", backend = "auto", convention = defaultConvention, geometry = true } = options;
    const { visits } = traced;
    if (visits.some(({ layer, norm }) => layer === "norm" && norm === undefined)) {
      throw new UsageError("propagation: norms use running statistics (eval); rates are of the training mode");
    }
    this.#target = targetOf(traced, options.top);
    const { program } = this.#target;
    const inputs = new Map(program.inputs.map(({ name, value }) => [name, value]));
    const made = new Set(program.nodes.flatMap((node) => node.outputs));
    const blocks = blocksOf(visits).filter(({ core }) => made.has(core.output));
    if (blocks.length === 0) throw new UsageError("propagation: the network has no linear or convolutional layer");
    const weights = blocks.flatMap(({ core }) =>
      core.weight === undefined ? [] : [inputs.get(core.weight) as number],
    );
    const inner = visits.flatMap(({ input, output }) => [input, output]);
    const { program: whole, of } = withCotangents(program, convention, [...weights, ...inner]);
    const builder = new ProgramBuilder(ops, { ...whole, outputs: [] });
    const taps = new Taps(builder);
    const norms = new Map<number, Gauge>();
    const norm = (value: number): Gauge => {
      const gauge = norms.get(value) ?? taps.norm(of.get(value) as number);
      norms.set(value, gauge);
      return gauge;
    };
    const gauges = blocks.map((block, index) =>
      blockGauge({ block, index, taps, norm, of, program, weight: inputs.get(block.core.weight ?? ""), geometry }),
    );
    this.#rows = (read) => gauges.map((gauge) => gauge(read));
    const measured = withoutIdle(prune(builder.finish()));
    this.#reads = new Set(measured.inputs.map(({ name }) => name));
    this.#engine = compile({ propagate: measured }, { precision, backend });
  }

  /** Elements of the gradient at the top. */
  get topSize(): number {
    return this.#target.size;
  }

  /** The compiled program, for those who fill its inputs themselves: `x`, the parameters, the seed. */
  get engine(): Engine {
    return this.#engine;
  }

  /** Name of the input that holds the gradient at the top. */
  get seed(): string {
    return this.#target.seed;
  }

  /** One row per block, in the order of the weights. @throws UsageError on inputs that are missing or of a wrong length */
  measure({ parameters, x, labels, gradient }: PropagationInputs): readonly LayerRow[] {
    const { seed, size } = this.#target;
    const top = gradient ?? (size === 1 ? [1] : undefined);
    const given: Readonly<Record<string, ArrayLike<number> | undefined>> = { ...parameters, x, labels, [seed]: top };
    for (const name of this.#reads) {
      const data = given[name];
      if (data === undefined) throw new UsageError(`propagation: input '${name}' is missing`);
      this.#engine.write(name, data);
    }
    return this.run();
  }

  /** `measure` with what the engine's buffers hold. */
  run(): readonly LayerRow[] {
    this.#engine.run("propagate");
    return this.#rows((output) => this.#engine.buffer(output));
  }

  dispose(): void {
    this.#engine.dispose();
  }
}

interface Measured {
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

function blockGauge(measured: Measured): Gauge<LayerRow> {
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
