/**
 * JSON of stored rows and of the command line: numbers that JSON cannot hold are the strings "NaN", "Infinity",
 * "-Infinity" and "-0", both ways.
 */
import { UsageError } from "../base/errors.ts";

const special: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

function encodeValue(value: unknown): unknown {
  if (typeof value === "number") {
    if (Object.is(value, -0)) return "-0";
    return Number.isFinite(value) ? value : String(value);
  }
  if (typeof value === "bigint") return value.toString();
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float64Array);
  return value;
}

/** JSON text of plain data; typed arrays become arrays. `indent` as in JSON.stringify. */
export function encodeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, entry) => encodeValue(entry), indent) ?? "null";
}

/** Inverse of encodeJson. @throws SyntaxError if the text is not JSON. */
export function decodeJson(text: string): unknown {
  return JSON.parse(text, (_, entry) =>
    typeof entry === "string" && Object.hasOwn(special, entry) ? special[entry] : entry,
  );
}

/**
 * A number given as a number or as text: decimal, hexadecimal, or one of the four strings.
 * @throws UsageError on anything else.
 */
export function decodeNumber(text: unknown): number {
  if (typeof text === "number") return text;
  if (typeof text === "string") {
    const trimmed = text.trim();
    if (Object.hasOwn(special, trimmed)) return special[trimmed];
    if (trimmed === "+Infinity") return Number.POSITIVE_INFINITY;
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) || /^0x[0-9a-f]+$/i.test(trimmed)) return Number(trimmed);
  }
  throw new UsageError(
    `found ${JSON.stringify(text) ?? String(text)}, expected a number, NaN, Infinity, -Infinity or -0`,
  );
}

/** JSON text that depends on the value only: keys sorted, undefined left out. What identities are hashed from. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_, raw) => {
      const entry = encodeValue(raw);
      if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
      return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    }) ?? "null"
  );
}
