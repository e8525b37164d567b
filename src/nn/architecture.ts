/** Architectures by name: "784-256x3-10" is a multilayer perceptron with three hidden layers of 256 units. */
import { UsageError } from "../base/errors.ts";

export interface Mlp {
  readonly name: string;
  /** Units per layer, input and output included. */
  readonly sizes: readonly number[];
  /**
   * Hidden layers that have a ReLU. All of them, but for `:no-first-relu`, the net of the published notebook (flaw F4 of
   * papers/relu0 5.3).
   */
  readonly rectified: readonly boolean[];
}

const largestWidth = 65_536;

/**
 * Parses `IN-WIDTHxDEPTH-...-OUT[:no-first-relu]`.
 * @throws UsageError with what was found and what is expected.
 */
export function mlpNamed(text: string): Mlp {
  const fail = (why: string): never => {
    throw new UsageError(`--model '${text}': ${why}; expected sizes such as 784-256x3-10 or 784-2000-128-10`);
  };
  const [body, flag, ...rest] = text.split(":");
  if (rest.length > 0 || (flag !== undefined && flag !== "no-first-relu")) fail(`unknown suffix ':${flag}'`);
  const sizes = body.split("-").flatMap((part) => {
    const match = /^(\d+)(?:x(\d+))?$/.exec(part);
    if (match === null) return fail(`'${part}' is not a layer size`);
    const [width, depth] = [Number(match[1]), Number(match[2] ?? 1)];
    if (width < 1 || width > largestWidth) fail(`a layer has ${match[1]} units (1 to ${largestWidth})`);
    if (depth < 1 || depth > 1000) fail(`${match[2]} repeated layers (1 to 1000)`);
    return new Array<number>(depth).fill(width);
  });
  if (sizes.length < 2) fail("a network needs an input and an output size");
  const rectified = sizes.slice(1, -1).map((_, layer) => layer > 0 || flag === undefined);
  return { name: text, sizes, rectified };
}

/** Names and shapes of the parameters in order: w1 [n1, n0], b1 [n1], w2, ... */
export function parameterShapes({ sizes }: Mlp): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {};
  for (let layer = 1; layer < sizes.length; layer++) {
    shapes[`w${layer}`] = [sizes[layer], sizes[layer - 1]];
    shapes[`b${layer}`] = [sizes[layer]];
  }
  return shapes;
}
