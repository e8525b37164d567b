/** A number format is data; `round.ts` and `rounding.ts` read it, nothing branches on its name. */

export interface Format {
  /** "float16", "float8_e4m3", "custom(5,10)". */
  readonly name: string;
  /** Width in storage, sign included. */
  readonly bits: number;
  readonly exponentBits: number;
  /** Stored fraction bits; significant bits are one more. */
  readonly fractionBits: number;
  readonly bias: number;
  /** Without infinities (OFP8 e4m3) overflow gives NaN. */
  readonly infinities: boolean;
  /** Overflow gives the largest finite number instead. */
  readonly saturate: boolean;
  /** The machine type whose arrays hold the values: float32 where every value of the format is a float32. */
  readonly carrier: "float32" | "float64";
  readonly largest: number;
  readonly smallestNormal: number;
  readonly smallestSubnormal: number;
  /** Distance from 1 to the next number. */
  readonly epsilon: number;
}

export type Rounding = "nearest" | "zero" | "up" | "down" | "stochastic";
