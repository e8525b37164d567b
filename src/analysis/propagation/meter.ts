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
import type { Traced } from "../../nn/network.ts";
import { ops } from "../../ops/index.ts";
import { blockGauge } from "./block-gauge.ts";
import { blocksOf } from "./blocks.ts";
import type { LayerRow } from "./rows.ts";
import { type Gauge, Taps } from "./taps.ts";

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
