/** From programs to something that runs: lower, choose a backend, share one arena. */

import type { Backend, Engine } from "./backends/backend.ts";
import { js } from "./backends/js/index.ts";
import { native } from "./backends/native/index.ts";
import { wasm } from "./backends/wasm/index.ts";
import { UsageError, unknown } from "./base/errors.ts";
import { precision as completePrecision, type Precision, type PrecisionSpec } from "./formats/precision.ts";
import type { Kernel } from "./ir/loops.ts";
import type { Program } from "./ir/program.ts";
import { lower } from "./ops/lower.ts";

/** The registered backends, fastest first: `auto` takes the first that supports the precision and is worth it. */
export const backends: readonly Backend[] = [native, wasm, js];

export interface CompileOptions {
  /** A full precision, a partial one, or the name of the store format. Default float32. */
  readonly precision?: Precision | PrecisionSpec | string;
  /** "auto", "native", "wasm" or "js". */
  readonly backend?: string;
  /**
   * Threads that run a program together (default 1; js has no more). The bits do not depend on it. The engine keeps
   * its threads until it is disposed.
   */
  readonly threads?: number;
}

function named(name: string): Backend {
  const found = backends.find((backend) => backend.name === name);
  if (found === undefined) throw unknown("backend", name, ["auto", ...backends.map((backend) => backend.name)]);
  return found;
}

function isProgram(programs: Program | Readonly<Record<string, Program>>): programs is Program {
  return Array.isArray((programs as Program).nodes);
}

/**
 * Compiles programs that share one arena: inputs and outputs of the same name are one buffer. A lone program is run as
 * "program".
 * @throws UsageError on an unknown backend or format, buffers that disagree, or an arena that does not fit in memory, or threads that
 * are not possible.
 */
export function compile(programs: Program | Readonly<Record<string, Program>>, options: CompileOptions = {}): Engine {
  const all = isProgram(programs) ? { program: programs } : programs;
  const kernels = Object.fromEntries(Object.entries(all).map(([name, program]) => [name, lower(program)]));
  return compileKernels(kernels, options);
}

/** `compile` for kernels that were made or changed after lowering. @throws UsageError as `compile`. */
export function compileKernels(kernels: Readonly<Record<string, Kernel>>, options: CompileOptions = {}): Engine {
  const precision = completePrecision(options.precision ?? "float32");
  const { backend = "auto", threads = 1 } = options;
  if (backend !== "auto") return named(backend).compile(kernels, precision, threads);
  for (const each of backends.filter((candidate) => candidate.supports(precision))) {
    const engine = (each.compileIfWorth ?? each.compile)(kernels, precision, threads);
    if (engine !== undefined) return engine;
  }
  throw new UsageError("no backend supports this precision");
}
