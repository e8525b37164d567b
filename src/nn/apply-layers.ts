/** Traces the layers of a network; parameters become inputs of the program where a layer needs them. */
import { UsageError } from "../base/errors.ts";
import { sizeOf } from "../base/shape.ts";
import type { ValueType } from "../ir/loops.ts";
import { Tensor, type Update, update } from "../ir/trace.ts";
import {
  add,
  avgPool2d,
  batchNorm,
  concat,
  conv2d,
  dropout,
  flatten,
  globalAvgPool,
  linear,
  maxPool2d,
  normPool,
  runningStatistics,
  slice,
} from "../ops/index.ts";
import { pairOf } from "../ops/size.ts";
import { activations } from "./activations.ts";
import type { Layer } from "./layer.ts";
import type { Mode, Parameter, Statistic, Visit } from "./network.ts";
import { normalize, statisticsBatch } from "./norms.ts";

type Of<Kind extends Layer["layer"]> = Extract<Layer, { readonly layer: Kind }>;

/** The papers' own 2 x 2 pool is defined on even sizes only (papers/maxpool 2.1). @throws UsageError */
function checkEven(
  { window, stride, padding }: Extract<Layer, { readonly window: unknown }>,
  x: Tensor,
  name: string,
): void {
  const [height, width] = x.shape.slice(2);
  if (window !== 2 || stride !== 2 || padding !== 0 || (height % 2 === 0 && width % 2 === 0)) return;
  throw new UsageError(
    `${name} sees images of ${height} x ${width}; a 2x2 pool takes even sizes (or the suffix :pool-3x3)`,
  );
}

/** The image with its opposite edges beside its edges. */
function repeatedEdges(x: Tensor, [high, wide]: readonly [number, number]): Tensor {
  const along = (image: Tensor, axis: number, extent: number): Tensor => {
    if (extent === 0) return image;
    const size = image.shape[axis];
    const part = (from: number, to: number): Tensor =>
      slice(
        image,
        image.shape.map((_, i) => (i === axis ? from : 0)),
        image.shape.map((whole, i) => (i === axis ? to : whole)),
      );
    return concat([part(size - extent, size), image, part(0, extent)], axis);
  };
  return along(along(x, 2, high), 3, wide);
}

/** Activations by the names that layers give. @throws UsageError on another one. */
export type NamedActivations = (name: string) => (z: Tensor) => Tensor;

/** What a layer says of itself beside its input and output. */
type Details = { -readonly [K in "weight" | "norm"]?: Visit[K] };

/** One trace of a network: what its layers have declared so far. */
export class NetworkTrace {
  readonly parameters: Parameter[] = [];
  readonly statistics: Statistic[] = [];
  /** Outputs that update running statistics. */
  readonly updates: Record<string, Update> = {};
  /** Layers in the order of their results. */
  readonly visits: Visit[] = [];
  /** Multiply-adds per sample. */
  work = 0;
  readonly #mode: Mode;
  readonly #activation: NamedActivations;
  readonly #counts = new Map<string, number>();

  /** @param activation Default: by the table of this package. */
  constructor(mode: Mode, activation: NamedActivations = (name) => activations[name]) {
    this.#mode = mode;
    this.#activation = activation;
  }

  /** The layers in turn. @throws ShapeError where an image is too small for a window. */
  apply(layers: readonly Layer[], x: Tensor): Tensor {
    return layers.reduce((h, layer) => this.#layer(layer, h), x);
  }

  #layer(layer: Layer, x: Tensor): Tensor {
    const name = this.#name(layer.layer === "activation" ? layer.name : layer.layer);
    const details: Details = {};
    const y = x.program.within(name, () => this.#named(layer, x, name, details));
    this.visits.push({ name, layer: layer.layer, input: x.value, output: y.value, ...details });
    return y;
  }

  #named(layer: Layer, x: Tensor, name: string, details: Details): Tensor {
    switch (layer.layer) {
      case "conv":
        details.weight = `${name}.weight`;
        return this.#conv(layer, x, name);
      case "linear":
        details.weight = `${name}.weight`;
        return this.#linear(layer, x, name);
      case "norm":
        return this.#norm(layer, x, name, details);
      case "activation":
        return this.#activation(layer.name)(x);
      case "maxPool":
        checkEven(layer, x, name);
        return maxPool2d(x, layer);
      case "avgPool":
        return avgPool2d(x, layer);
      case "normPool":
        return normPool(x, layer);
      case "globalAvgPool":
        return globalAvgPool(x);
      case "flatten":
        return flatten(x);
      case "dropout":
        return this.#mode === "eval" ? x : dropout(x, layer.rate);
      case "residual":
        return add(this.apply(layer.body, x), this.apply(layer.shortcut, x));
      case "dense":
        return concat([x, this.apply(layer.body, x)], 1);
    }
  }

  #conv(
    { filters, kernel, stride, padding, groups, bias, circular = false }: Of<"conv">,
    x: Tensor,
    name: string,
  ): Tensor {
    const channels = x.shape[1] / groups;
    const [height, width] = pairOf("conv", "kernel", kernel as number, 1);
    const fans = { fanIn: channels * height * width, fanOut: (filters / groups) * height * width };
    const w = this.#parameter(x, {
      name: `${name}.weight`,
      shape: [filters, channels, height, width],
      layer: "conv",
      bias: false,
      ...fans,
    });
    const b = bias
      ? this.#parameter(x, { name: `${name}.bias`, shape: [filters], layer: "conv", bias: true, ...fans })
      : null;
    const y = circular
      ? conv2d(repeatedEdges(x, pairOf("conv", "padding", padding as number, 0)), w, b, { stride, padding: 0, groups })
      : conv2d(x, w, b, { stride, padding, groups });
    this.work += sizeOf(y.shape.slice(1)) * fans.fanIn;
    return y;
  }

  #linear({ units, bias }: Of<"linear">, x: Tensor, name: string): Tensor {
    const [, width] = x.shape;
    const fans = { fanIn: width, fanOut: units };
    const w = this.#parameter(x, {
      name: `${name}.weight`,
      shape: [units, width],
      layer: "linear",
      bias: false,
      ...fans,
    });
    this.work += width * units;
    if (!bias) return linear(x, w);
    return linear(
      x,
      w,
      this.#parameter(x, { name: `${name}.bias`, shape: [units], layer: "linear", bias: true, ...fans }),
    );
  }

  #norm({ spec }: Of<"norm">, x: Tensor, name: string, details: Details): Tensor {
    const shape = [x.shape[1]];
    const own = { shape, layer: "norm", fanIn: 1, fanOut: 1 } as const;
    const gamma = this.#parameter(x, { ...own, name: `${name}.weight`, bias: false });
    const beta = this.#parameter(x, { ...own, name: `${name}.bias`, bias: true });
    const { kind = "batch", form = "library", eps } = spec ?? {};
    if (this.#mode === "train" || kind !== "batch") {
      const { y, taps } = normalize(x, gamma, beta, spec);
      details.norm = taps;
      return y;
    }
    if (form !== "library") throw new UsageError(`${name}: form ${form} keeps no running statistics`);
    const statistics = {
      mean: this.#statistic(x, `${name}.mean`, 0),
      variance: this.#statistic(x, `${name}.variance`, 1),
    };
    if (this.#mode === "eval") return batchNorm(x, gamma, beta, { statistics, ...(eps === undefined ? {} : { eps }) });
    const { y, taps, statistics: batch } = normalize(x, gamma, beta, spec);
    details.norm = taps;
    if (batch === undefined) throw new UsageError(`${name}: no batch statistics`);
    const count = statisticsBatch(x.shape[0], spec) * sizeOf(x.shape.slice(2));
    const next = runningStatistics(statistics, batch, count);
    for (const kind of ["mean", "variance"] as const) {
      const statistic = `${name}.${kind}`;
      this.updates[`tracked:${statistic}`] = update(statistic, next[kind]);
    }
    return y;
  }

  #statistic(beside: Tensor, name: string, initial: number): Tensor {
    const shape = [beside.shape[1]];
    this.statistics.push({ name, shape, initial });
    return this.#input(beside, name, { shape, type: "accumulate" });
  }

  #name(kind: string): string {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return `${kind}${count}`;
  }

  #parameter(beside: Tensor, parameter: Parameter): Tensor {
    this.parameters.push(parameter);
    return this.#input(beside, parameter.name, { shape: parameter.shape, type: "store" });
  }

  #input({ program }: Tensor, name: string, type: ValueType): Tensor {
    return new Tensor(program.input(name, type), program);
  }
}
