/** A precision fills the format slots of a program and says how sums are done (docs/numerics.md). */
import { UsageError, unknown } from "../base/errors.ts";
import { float32 } from "./float32.ts";
import type { Format, Rounding } from "./format.ts";
import { formatNamed } from "./named.ts";
import { roundings } from "./round.ts";

export interface Precision {
  /** Format of every value whose slot is "store". */
  readonly store: Format;
  /** Format to which the operands of contractions are rounded. */
  readonly operands: Format;
  /** Format of sums; the wider of float32 and store unless given. */
  readonly accumulate: Format;
  readonly bias: "once" | "rounded";
  readonly arithmetic: "strict" | "fused";
  /** Block length of every sum; Infinity is one chain. */
  readonly block: number;
  readonly rounding: Rounding;
  /** Subnormal inputs and results become zeros of their sign. */
  readonly flush: boolean;
  /** Seed of stochastic rounding. */
  readonly seed: number;
  /** Further slots by name. */
  readonly slots: Readonly<Record<string, Format>>;
}

/** A precision with only what differs from the defaults; formats by name or as data. */
export interface PrecisionSpec {
  readonly store?: Format | string;
  readonly operands?: Format | string;
  readonly accumulate?: Format | string;
  readonly bias?: string;
  readonly arithmetic?: string;
  readonly block?: number;
  readonly rounding?: string;
  readonly flush?: boolean;
  readonly seed?: number;
  readonly slots?: Readonly<Record<string, Format | string>>;
}

const options: readonly (keyof PrecisionSpec)[] = [
  "store",
  "operands",
  "accumulate",
  "bias",
  "arithmetic",
  "block",
  "rounding",
  "flush",
  "seed",
  "slots",
];
const reservedSlots: readonly string[] = ["store", "operands", "accumulate", "int32", "bool"];

function formatFrom(what: string, value: Format | string): Format {
  if (typeof value === "string") return formatNamed(value);
  if (typeof value?.fractionBits === "number") return value;
  throw new UsageError(`precision: ${what} must be a format or its name, found ${JSON.stringify(value)}`);
}

function oneOf<T extends string>(what: string, value: string, known: readonly T[]): T {
  if (!(known as readonly string[]).includes(value)) throw unknown(what, String(value), known);
  return value as T;
}

/** Whether every value of `inner` is a value of `outer`. */
function contains(outer: Format, inner: Format): boolean {
  return outer.fractionBits >= inner.fractionBits && outer.exponentBits >= inner.exponentBits;
}

/** The wider of float32 and store; float64 where neither holds the other. */
function defaultAccumulate(store: Format): Format {
  if (contains(float32, store)) return float32;
  return contains(store, float32) ? store : formatNamed("float64");
}

function slotsFrom(slots: Readonly<Record<string, Format | string>>): Record<string, Format> {
  const taken = Object.keys(slots).find((name) => reservedSlots.includes(name));
  if (taken !== undefined) throw new UsageError(`precision: slot name '${taken}' is reserved`);
  return Object.fromEntries(Object.entries(slots).map(([name, value]) => [name, formatFrom(`slot ${name}`, value)]));
}

/**
 * Completes a precision: operands = store, accumulate = the wider of float32 and store, bias once, strict, block 256,
 * nearest, no flush, seed 0.
 * @param spec A partial precision, or the store format.
 * @throws UsageError on an unknown option, format or mode, and on numbers out of range.
 */
export function precision(spec: PrecisionSpec | Precision | Format | string = "float32"): Precision {
  if (typeof spec === "string") return precision({ store: spec });
  if ("fractionBits" in spec) return precision({ store: spec });
  const strange = Object.keys(spec).find((name) => !(options as readonly string[]).includes(name));
  if (strange !== undefined) throw unknown("option of precision", strange, options);
  const store = formatFrom("store", spec.store ?? float32);
  const block = spec.block ?? 256;
  if (!(block === Infinity || (Number.isInteger(block) && block > 0))) {
    throw new UsageError(`precision: block must be a positive integer or Infinity, found ${block}`);
  }
  const seed = spec.seed ?? 0;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError(`precision: seed must be an integer from 0 to 2^53 - 1, found ${seed}`);
  }
  const flush = spec.flush ?? false;
  if (typeof flush !== "boolean") throw new UsageError(`precision: flush must be true or false, found ${flush}`);
  return {
    store,
    operands: formatFrom("operands", spec.operands ?? store),
    accumulate: formatFrom("accumulate", spec.accumulate ?? defaultAccumulate(store)),
    bias: oneOf("bias", spec.bias ?? "once", ["once", "rounded"]),
    arithmetic: oneOf("arithmetic", spec.arithmetic ?? "strict", ["strict", "fused"]),
    block,
    rounding: oneOf("rounding", spec.rounding ?? "nearest", roundings),
    flush,
    seed,
    slots: slotsFrom(spec.slots ?? {}),
  };
}

/**
 * The format of a slot: "store", "accumulate", "operands", one of `precision.slots`, or the name of a format.
 * @throws UsageError on any other name.
 */
export function formatOf(precision: Precision, slot: string): Format {
  if (slot === "store" || slot === "accumulate" || slot === "operands") return precision[slot];
  return precision.slots[slot] ?? formatNamed(slot);
}

/** What a stored row says of its precision; block is "Infinity" where it is one chain, as JSON has no infinity. */
export interface PrecisionDescription {
  readonly store: string;
  readonly operands: string;
  readonly accumulate: string;
  readonly bias: string;
  readonly arithmetic: string;
  readonly block: number | "Infinity";
  readonly rounding: string;
  readonly flush: boolean;
  readonly seed: number;
  readonly slots: Readonly<Record<string, string>>;
}

/** A precision as plain JSON, formats by name. */
export function describe(precision: Precision): PrecisionDescription {
  const { store, operands, accumulate, block, slots, ...rest } = precision;
  return {
    store: store.name,
    operands: operands.name,
    accumulate: accumulate.name,
    ...rest,
    block: block === Infinity ? "Infinity" : block,
    slots: Object.fromEntries(Object.entries(slots).map(([name, format]) => [name, format.name])),
  };
}
