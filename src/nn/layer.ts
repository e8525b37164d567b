/** Layers of a network as data: what an architecture's file lists. */
import type { Pair } from "../ops/size.ts";
import type { NormSpec } from "./norms.ts";

type Size = number | Pair;

export type Layer =
  | {
      readonly layer: "conv";
      readonly filters: number;
      readonly kernel: Size;
      readonly stride: Size;
      readonly padding: Size;
      readonly groups: number;
      readonly bias: boolean;
      /** The image is repeated beyond its edges instead of padded with zeros. */
      readonly circular?: boolean;
    }
  | { readonly layer: "linear"; readonly units: number; readonly bias: boolean }
  /** Batch norm over the channels unless `spec` says otherwise. */
  | { readonly layer: "norm"; readonly spec?: NormSpec }
  /** In training only. */
  | { readonly layer: "dropout"; readonly rate: number }
  /** By name: a key of `activations`. */
  | { readonly layer: "activation"; readonly name: string }
  | {
      readonly layer: "maxPool" | "avgPool";
      readonly window: Size;
      readonly stride: Size;
      readonly padding: Size;
    }
  | {
      readonly layer: "normPool";
      readonly window: Size;
      readonly stride: Size;
      readonly padding: Size;
      readonly squares: "rounded" | "accumulated";
    }
  | { readonly layer: "globalAvgPool" | "flatten" }
  /** body(x) + shortcut(x); an empty shortcut is x itself. */
  | { readonly layer: "residual"; readonly body: readonly Layer[]; readonly shortcut: readonly Layer[] }
  /** Channels of x and of body(x), one behind the other. */
  | { readonly layer: "dense"; readonly body: readonly Layer[] };

export interface ConvSpec {
  /** Default 1. */
  readonly stride?: Size;
  /** Default 0. */
  readonly padding?: Size;
  /** Default 1. */
  readonly groups?: number;
  /** Default false. */
  readonly bias?: boolean;
  /** Default false. */
  readonly circular?: boolean;
}

export function conv(filters: number, kernel: Size, spec: ConvSpec = {}): Layer {
  return { layer: "conv", filters, kernel, stride: 1, padding: 0, groups: 1, bias: false, ...spec };
}

export function dense(units: number): Layer {
  return { layer: "linear", units, bias: true };
}

export const flattened: Layer = { layer: "flatten" };
export const averaged: Layer = { layer: "globalAvgPool" };

/** What the papers vary in one architecture. */
export interface Variant {
  /** Batch norm where the architecture has a norm; otherwise the identity. */
  readonly norm: boolean;
  readonly normSpec: NormSpec | undefined;
  readonly activation: string;
  /** The pool in place of the architecture's own max pools. */
  readonly pool: Layer | undefined;
  /** Pools come before the activation instead of after it. */
  readonly poolFirst: boolean;
  /** Probability that a hidden unit of a perceptron is dropped in training. */
  readonly dropout: number;
}

export function norm(variant: Variant): readonly Layer[] {
  if (!variant.norm) return [];
  return [variant.normSpec === undefined ? { layer: "norm" } : { layer: "norm", spec: variant.normSpec }];
}

export function activation(variant: Variant): Layer {
  return { layer: "activation", name: variant.activation };
}

/** The activation and the pool in the variant's order and kind. */
export function activatedPool(
  variant: Variant,
  window: number,
  stride: number = window,
  padding: number = 0,
): readonly Layer[] {
  const pool: Layer = variant.pool ?? { layer: "maxPool", window, stride, padding };
  return variant.poolFirst ? [pool, activation(variant)] : [activation(variant), pool];
}
