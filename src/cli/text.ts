/** Reading the words of a command line: numbers, integers, lists, assignments. All throw UsageError. */
import { UsageError, unknown } from "../base/errors.ts";
import { decodeNumber } from "../lab/json.ts";

/** A number, NaN, Infinity, -Infinity or -0; `what` says what it is for. */
export function number(text: string, what: string): number {
  if (/^\s*[+-]?nan\s*$/i.test(text)) return Number.NaN;
  try {
    return decodeNumber(text.replace(/^(\s*[+-]?)inf(inity)?(\s*)$/i, "$1Infinity$3"));
  } catch (error) {
    throw new UsageError(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** An integer of at least `least`. */
export function integer(text: string, what: string, least: number): number {
  const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`${what}: found '${text}', expected an integer of at least ${least}`);
  }
  return value;
}

/** One of a list of words; throws UsageError with the near word. */
export function word<T extends string>(text: string, what: string, known: readonly T[]): T {
  const found = known.find((name) => name === text);
  if (found === undefined) throw unknown(what, text, known);
  return found;
}

/** `a,b,c`, commas inside parentheses kept: `float16,custom(5,10)`. */
export function list(text: string, what: string): string[] {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  if (parts.some((part) => part === "")) throw new UsageError(`${what}: found '${text}', expected a list such as a,b`);
  return parts;
}

/** `name=value`, split at the first `=`. */
export function assignment(text: string, what: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at <= 0) throw new UsageError(`${what}: found '${text}', expected name=value`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
