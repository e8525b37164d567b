/** Traces the layers of a network; parameters become inputs of the program where a layer needs them. */
import { sizeOf } from "../base/shape.ts";
import type { ValueType } from "../ir/loops.ts";
import { Tensor } from "../ir/trace.ts";
import {
  add,
  avgPool2d,
  batchNorm,
  concat,
  conv2d,
  flatten,
  globalAvgPool,
  linear,
  maxPool2d,
  normPool,
} from "../ops/index.ts";
import { pairOf } from "../ops/size.ts";
import { activations } from "./activations.ts";
import type { Layer } from "./layer.ts";
import type { Mode, Parameter } from "./network.ts";

type Of<Kind extends Layer["layer"]> = Extract<Layer, { readonly layer: Kind }>;

/** One trace of a network: what its layers have declared so far. */
export class NetworkTrace {
  readonly parameters: Parameter[] = [];
  /** Multiply-adds per sample. */
  work = 0;
  readonly #mode: Mode;
  readonly #counts = new Map<string, number>();

  constructor(mode: Mode) {
    this.#mode = mode;
  }

  /** The layers in turn. @throws ShapeError where an image is too small for a window. */
  apply(layers: readonly Layer[], x: Tensor): Tensor {
    return layers.reduce((h, layer) => this.#layer(layer, h), x);
  }

  #layer(layer: Layer, x: Tensor): Tensor {
    switch (layer.layer) {
      case "conv":
        return this.#conv(layer, x);
      case "linear":
        return this.#linear(layer, x);
      case "norm":
        return this.#norm(x);
      case "activation":
        return activations[layer.name](x);
      case "maxPool":
        return maxPool2d(x, layer);
      case "avgPool":
        return avgPool2d(x, layer);
      case "normPool":
        return normPool(x, layer);
      case "globalAvgPool":
        return globalAvgPool(x);
      case "flatten":
        return flatten(x);
      case "residual":
        return add(this.apply(layer.body, x), this.apply(layer.shortcut, x));
      case "dense":
        return concat([x, this.apply(layer.body, x)], 1);
    }
  }

  #conv({ filters, kernel, stride, padding, groups, bias }: Of<"conv">, x: Tensor): Tensor {
    const channels = x.shape[1] / groups;
    const [height, width] = pairOf("conv", "kernel", kernel as number, 1);
    const fans = { fanIn: channels * height * width, fanOut: (filters / groups) * height * width };
    const name = this.#name("conv");
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
    const y = conv2d(x, w, b, { stride, padding, groups });
    this.work += sizeOf(y.shape.slice(1)) * fans.fanIn;
    return y;
  }

  #linear({ units, bias }: Of<"linear">, x: Tensor): Tensor {
    const [, width] = x.shape;
    const fans = { fanIn: width, fanOut: units };
    const name = this.#name("linear");
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

  #norm(x: Tensor): Tensor {
    const shape = [x.shape[1]];
    const name = this.#name("norm");
    const own = { shape, layer: "norm", fanIn: 1, fanOut: 1 } as const;
    const gamma = this.#parameter(x, { ...own, name: `${name}.weight`, bias: false });
    const beta = this.#parameter(x, { ...own, name: `${name}.bias`, bias: true });
    if (this.#mode === "train") return batchNorm(x, gamma, beta);
    const statistic = (what: string): Tensor => this.#input(x, `${name}.${what}`, { shape, type: "accumulate" });
    return batchNorm(x, gamma, beta, { statistics: { mean: statistic("mean"), variance: statistic("variance") } });
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
