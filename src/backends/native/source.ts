/** Printed C that a unit is made of: its text decides its name, so equal functions are compiled once. */
import { hashOf } from "./builtin.ts";

/** One exported symbol. `text` has the placeholder @ for its own name. */
export interface Source {
  readonly name: string;
  readonly text: string;
  /** Units of micro-kernels stand alone: they serve many programs. */
  readonly alone: boolean;
}

export function source(text: string, alone = false): Source {
  const name = `n${hashOf(text).slice(0, 32)}`;
  return { name, text: text.replaceAll("@", name), alone };
}
