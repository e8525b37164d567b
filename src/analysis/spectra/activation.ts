/** What an activation function is: a program of the engine, and what its Gram spectra depend on. */
import type { Tensor } from "../../ir/trace.ts";

/** phi' right of 0 is `right`, left of 0 it is `constant + exponential * e^z`. */
export interface TwoPieces {
  readonly right: number;
  readonly constant: number;
  readonly exponential: number;
}

/**
 * How smooth phi is; the predicted law of the smallest eigenvalue follows from it (papers/activations 2.2).
 * `kink`: phi^(r) jumps by `jump` at 0 (J1, J2, ...). `pole`: the nearest pole of phi' is at i y. `entire`: erf-like.
 */
export type Smoothness =
  | { readonly kind: "kink"; readonly order: number; readonly jump: number }
  | { readonly kind: "pole"; readonly at: number }
  | { readonly kind: "entire" }
  | { readonly kind: "polynomial"; readonly coefficients: readonly number[] };

export interface Activation {
  /** "relu", "leakyRelu:0.1", "poly:0,1,0.5". */
  readonly name: string;
  readonly smoothness: Smoothness;
  /** phi as ops of the engine: its derivative is the engine's, under any convention. */
  readonly apply: (z: Tensor) => Tensor;
  /** Closed form of the dual kernel, where there is one. */
  readonly dual?:
    | { readonly kind: "pieces"; readonly pieces: TwoPieces }
    | { readonly kind: "power"; readonly power: 1 | 2 }
    | { readonly kind: "erf" };
}

/** "J1", "smooth (pole at 1.571 i)": what is printed beside a spectrum. */
export function className({ smoothness }: Activation): string {
  switch (smoothness.kind) {
    case "kink":
      return `J${smoothness.order}`;
    case "pole":
      return `smooth (pole at ${Number(smoothness.at.toPrecision(4))} i)`;
    case "entire":
      return "smooth (entire)";
    default:
      return `polynomial of degree ${smoothness.coefficients.length - 1}`;
  }
}
