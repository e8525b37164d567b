/** The activations by name (papers/activations 2.2). */
import { UsageError, unknown } from "../../base/errors.ts";
import type { Tensor } from "../../ir/trace.ts";
import * as ops from "../../ops/index.ts";
import type { Activation, Smoothness, TwoPieces } from "./activation.ts";

const kink = (order: number, jump: number): Smoothness => ({ kind: "kink", order, jump });
const pieces = (right: number, constant: number, exponential: number): { kind: "pieces"; pieces: TwoPieces } => ({
  kind: "pieces",
  pieces: { right, constant, exponential },
});

/** Klambauer et al. 2017. */
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

type Make = (name: string, parameters: readonly number[]) => Activation;

function leakyRelu(name: string, [slope = 0.01]: readonly number[]): Activation {
  const smoothness: Smoothness = slope === 1 ? { kind: "polynomial", coefficients: [0, 1] } : kink(1, 1 - slope);
  return { name, smoothness, apply: (z) => ops.leakyRelu(z, slope), dual: pieces(1, slope, 0) };
}

function elu(name: string, [alpha = 1]: readonly number[]): Activation {
  const smoothness = alpha === 1 ? kink(2, 1) : kink(1, 1 - alpha);
  return { name, smoothness, apply: (z) => ops.elu(z, alpha), dual: pieces(1, 0, alpha) };
}

/** max(0, z)^p / p!. */
function power(name: string, order: 2 | 3): Activation {
  const apply = (z: Tensor): Tensor => {
    const x = ops.relu(z);
    return order === 2 ? ops.mul(0.5, ops.square(x)) : ops.mul(1 / 6, ops.mul(x, ops.square(x)));
  };
  return { name, smoothness: kink(order, 1), apply, dual: { kind: "power", power: order === 2 ? 1 : 2 } };
}

/** sqrt(2 / pi) (z + 0.044715 z^3) in the tanh form of gelu (Hendrycks and Gimpel 2016). */
function geluTanh(z: Tensor): Tensor {
  const inner = ops.mul(0.7978845608028654, ops.add(z, ops.mul(0.044715, ops.mul(z, ops.square(z)))));
  return ops.mul(ops.mul(0.5, z), ops.add(1, ops.tanh(inner)));
}

function polynomial(name: string, coefficients: readonly number[]): Activation {
  let degree = coefficients.length - 1;
  while (degree > 0 && coefficients[degree] === 0) degree--;
  if (degree < 1) {
    throw new UsageError(
      `activation '${name}': a constant has derivative 0 and an empty Gram matrix; expected degree 1 or more`,
    );
  }
  const used = coefficients.slice(0, degree + 1);
  const apply = (z: Tensor): Tensor => {
    let sum = ops.mul(z, used[degree]);
    for (let k = degree - 1; k > 0; k--) sum = ops.mul(ops.add(sum, used[k]), z);
    return ops.add(sum, used[0]);
  };
  return { name, smoothness: { kind: "polynomial", coefficients: used }, apply };
}

/** Imaginary part of the nearest roots of sqrt(2 / pi) (z + 0.044715 z^3) = i pi / 2, at +-0.634 + 2.755 i. */
const geluTanhPole = 2.7547706;

interface Entry {
  readonly make: Make;
  /** Names of the parameters after the colon, for errors. */
  readonly parameters: readonly string[];
}

const plain = (smoothness: Smoothness, apply: (z: Tensor) => Tensor): Entry => ({
  make: (name) => ({ name, smoothness, apply }),
  parameters: [],
});

/** Poles of the logistic function of beta z are at i pi / beta. */
const logistic = (apply: (z: Tensor, beta: number) => Tensor): Entry => ({
  make: (name, [beta = 1]) => {
    if (!(beta > 0)) throw new UsageError(`activation '${name}': beta is ${beta}, expected a positive number`);
    return { name, smoothness: { kind: "pole", at: Math.PI / beta }, apply: (z) => apply(z, beta) };
  },
  parameters: ["beta"],
});

const table: Readonly<Record<string, Entry>> = {
  relu: {
    make: (name) => ({ name, smoothness: kink(1, 1), apply: ops.relu, dual: pieces(1, 0, 0) }),
    parameters: [],
  },
  leakyRelu: { make: leakyRelu, parameters: ["slope"] },
  elu: { make: elu, parameters: ["alpha"] },
  selu: {
    make: (name) => ({
      name,
      smoothness: kink(1, seluScale * (1 - seluAlpha)),
      apply: ops.selu,
      dual: pieces(seluScale, 0, seluScale * seluAlpha),
    }),
    parameters: [],
  },
  abs: { make: (name) => ({ name, smoothness: kink(1, 2), apply: ops.abs, dual: pieces(1, -1, 0) }), parameters: [] },
  relu2: { make: (name) => power(name, 2), parameters: [] },
  relu3: { make: (name) => power(name, 3), parameters: [] },
  tanh: plain({ kind: "pole", at: Math.PI / 2 }, ops.tanh),
  erf: {
    make: (name) => ({ name, smoothness: { kind: "entire" }, apply: ops.erf, dual: { kind: "erf" } }),
    parameters: [],
  },
  sigmoid: plain({ kind: "pole", at: Math.PI }, ops.sigmoid),
  swish: logistic((z, beta) => (beta === 1 ? ops.silu(z) : ops.mul(z, ops.sigmoid(ops.mul(z, beta))))),
  silu: plain({ kind: "pole", at: Math.PI }, ops.silu),
  // 1 + e^z = +-i at z = ln(2) / 2 +- 3 i pi / 4.
  mish: plain({ kind: "pole", at: 0.75 * Math.PI }, (z) => ops.mul(z, ops.tanh(ops.softplus(z)))),
  linear: { make: (name) => polynomial(name, [0, 1]), parameters: [] },
  softplus: logistic((z, beta) => (beta === 1 ? ops.softplus(z) : ops.mul(ops.softplus(ops.mul(z, beta)), 1 / beta))),
  gelu: plain({ kind: "entire" }, ops.gelu),
  geluTanh: plain({ kind: "pole", at: geluTanhPole }, geluTanh),
};

export const activationNames: readonly string[] = [...Object.keys(table), "poly"];

/**
 * "relu", "leakyRelu:0.1", "swish:2", "poly:0,1,0.5" (coefficients from the constant up).
 * @throws UsageError with the near name, or on a parameter that is no number.
 */
export function activationNamed(text: string): Activation {
  const [head, ...rest] = text.split(":");
  const parameters = rest
    .join(":")
    .split(",")
    .filter((part) => part !== "")
    .map(Number);
  if (head !== "poly" && !Object.hasOwn(table, head)) throw unknown("activation", head, activationNames);
  if (rest.length > 1 || parameters.some((value) => !Number.isFinite(value))) {
    throw new UsageError(`activation '${text}': expected numbers after the colon, as in leakyRelu:0.1 or poly:0,1,0.5`);
  }
  if (head === "poly") return polynomial(text, parameters);
  const entry = table[head];
  if (parameters.length > entry.parameters.length) {
    const takes = entry.parameters.length === 0 ? "no parameter" : `one parameter (${entry.parameters[0]})`;
    throw new UsageError(`activation '${text}': ${head} takes ${takes}`);
  }
  return entry.make(text, parameters);
}
