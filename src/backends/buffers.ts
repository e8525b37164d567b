/** What every engine does with its named buffers and run-time scalars. */
import { UsageError, unknown } from "../base/errors.ts";
import { showShape, sizeOf } from "../base/shape.ts";
import { isFloat32, isFloat64 } from "../formats/define.ts";
import type { Precision } from "../formats/precision.ts";
import { rounder } from "../formats/round.ts";
import type { Kernel } from "../ir/loops.ts";
import type { Carrier } from "./backend.ts";
import { formatOfType } from "./layout.ts";
import type { NamedBuffer, Plan } from "./planner.ts";

/** The run-time scalars of the kernels of one engine: each kernel has its own. */
export class Choices {
  readonly #values = new Map<string, Map<string, number>>();

  constructor(kernels: Readonly<Record<string, Kernel>>) {
    for (const [name, { choices }] of Object.entries(kernels)) {
      this.#values.set(name, new Map(choices.map((choice) => [choice.name, choice.value])));
    }
  }

  get(kernel: string, name: string): number {
    const value = this.#values.get(kernel)?.get(name);
    if (value === undefined) throw new UsageError(`program '${kernel}' has no choice '${name}'`);
    return value;
  }

  /** @throws UsageError where no kernel, or not the named one, has such a choice. */
  set(name: string, value: number, kernel?: string): void {
    const scopes = kernel === undefined ? [...this.#values.values()] : [this.#values.get(kernel) ?? new Map()];
    const having = scopes.filter((scope) => scope.has(name));
    if (having.length === 0)
      throw unknown(
        "choice",
        name,
        scopes.flatMap((scope) => [...scope.keys()]),
      );
    for (const scope of having) scope.set(name, value);
  }
}

/** @throws UsageError with the near name where there is no such buffer. */
export function bufferOf(plan: Plan, name: string): NamedBuffer {
  const found = plan.named.get(name);
  if (found === undefined) throw unknown("input or output", name, plan.named.keys());
  return found;
}

/** Stores `data` rounded to the buffer's format: to nearest, since rounding modes are a property of operations. */
export function roundInto(
  target: Carrier,
  buffer: NamedBuffer,
  name: string,
  data: ArrayLike<number>,
  precision: Precision,
): void {
  const size = sizeOf(buffer.type.shape);
  if (data.length !== size) {
    throw new UsageError(`write '${name}': ${data.length} numbers for shape ${showShape(buffer.type.shape)} (${size})`);
  }
  const format = formatOfType(buffer.type.type, precision);
  if (format === undefined) {
    target.set(data);
    return;
  }
  if (!precision.flush && (target instanceof Float32Array ? isFloat32(format) : isFloat64(format))) {
    // The array itself rounds to nearest, at once.
    target.set(data);
    return;
  }
  const round = rounder(format, "nearest", precision.flush);
  for (let i = 0; i < size; i++) target[i] = round(data[i]);
}
