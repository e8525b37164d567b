/** Adds a rule's updates to a program that has gradients: parameters and state change in place, in the same run. */
import { UsageError } from "../../base/errors.ts";
import { constant, div, mul, ne, sqrt, sub } from "../../ir/expression.ts";
import type { Program } from "../../ir/program.ts";
import { sooner } from "../../ir/sooner.ts";
import { extend, type Specs, type Tensor, type Update, update } from "../../ir/trace.ts";
import { concat } from "../../ops/concat.ts";
import { constant as constantTensor } from "../../ops/constant.ts";
import { reshape } from "../../ops/reshape.ts";
import type { Parameter } from "../network.ts";
import { elementsOf, extended, formula, squareSum, sumOfAll } from "./formula.ts";
import type { ChosenRule } from "./index.ts";
import { Layer, type Step } from "./rule.ts";

/** To which parameters a rule's ratio and weight decay apply: kernels and matrices only, or biases and norms too. */
export interface Scope {
  readonly scaled: "matrices" | "all";
  readonly decayed: "matrices" | "all";
}

export interface Optimizer extends ChosenRule, Scope {
  readonly parameters: readonly Parameter[];
  /** Under a loss scale: the gradients are those times the run-time scalar `lossScale` and a constant each (default 1). */
  readonly lossScaled?: { readonly factors: Readonly<Record<string, number>> };
}

const isMatrix = ({ layer, bias }: Parameter): boolean => layer !== "norm" && !bias;

const within = (scope: "matrices" | "all", parameter: Parameter): boolean => scope === "all" || isMatrix(parameter);

export const lossScaleName = "lossScale";

/** Name of the state tensor's buffer. */
export const stateName = (state: string, parameter: string): string => `${state}:${parameter}`;

/** Names of the run-time scalars, all float64 of shape []: `lr`, hyperparameters, corrections, `lossScale`. */
export function scalarNames({ rule, lossScaled }: ChosenRule & Pick<Optimizer, "lossScaled">): string[] {
  const names = ["lr", ...Object.keys(rule.hyperparameters), ...rule.corrections.map(({ name }) => name)];
  return lossScaled === undefined ? names : [...names, lossScaleName];
}

/** Shapes of the state tensors by buffer name. */
export function stateShapes({ rule, values, parameters }: Optimizer): Record<string, readonly number[]> {
  const entries = parameters.flatMap(({ name, shape }) =>
    rule
      .state(values)
      .map((state) => [stateName(state.name, name), state.like === "scalar" ? shape.map(() => 1) : shape] as const),
  );
  return Object.fromEntries(entries);
}

/** One number per parameter as a vector. */
export function vector(scalars: readonly Tensor[]): Tensor {
  const flat = scalars.map((scalar) => (scalar.shape.length === 1 ? scalar : reshape(scalar, [1])));
  return concat(flat, 0);
}

/** How many entries are not finite: 0 w is 0 unless w is infinite or NaN. */
export const notFinite = (w: Tensor): Tensor =>
  sumOfAll(
    formula([w], (entry) => ne(mul(constant(0), entry), constant(0))),
    w.shape,
  );

/**
 * A program with outputs `d:<parameter>` becomes one that also applies a rule to the parameters and its state in place. Inputs
 * `lr` and the other scalars come to it; the gradients are outputs no more. Further outputs are vectors over the
 * parameters: `nonFinite` (entries that are not finite after the step) and, with `trace`, `trace:weights`, `trace:gradients`,
 * `trace:moved` (Euclidean norms before the step, in the accumulate format) and `trace:rates` (effective learning rates).
 */
export function withUpdates(program: Program, optimizer: Optimizer, trace = false): Program {
  const scalar = { shape: [], type: "float64" };
  const scalars = scalarNames(optimizer).map((name) => [name, scalar] as const);
  const states = Object.entries(stateShapes(optimizer)).map(
    ([name, shape]) => [name, { shape, type: "accumulate" }] as const,
  );
  const specs: Specs = Object.fromEntries([...scalars, ...states]);
  const taken = program.inputs.find(({ name }) => Object.hasOwn(specs, name));
  if (taken !== undefined)
    throw new UsageError(`training: the network's input '${taken.name}' is a name of the optimizer`);
  const whole = extend(program, (tensors) => updates(tensors, optimizer, trace), specs);
  const gradients = new Set(optimizer.parameters.map(({ name }) => `d:${name}`));
  const first = program.nodes.reduce((next, { id }) => Math.max(next, id + 1), 0);
  return sooner({ ...whole, outputs: whole.outputs.filter(({ name }) => !gradients.has(name)) }, first);
}

/** The gradient without its loss scale, in the accumulate format. */
function unscaled(g: Tensor, factor: number, scale: Tensor | undefined): Tensor {
  if (scale === undefined) return g;
  return elementsOf(
    formula([g, scale], (own, by) => div(own, mul(by, constant(factor)))),
    "accumulate",
  );
}

function layersOf(tensors: Readonly<Record<string, Tensor>>, optimizer: Optimizer): Layer[] {
  const { rule, values, parameters } = optimizer;
  const scalars = Object.fromEntries(scalarNames(optimizer).map((name) => [name, tensors[name]]));
  return parameters.map((parameter) => {
    const { name } = parameter;
    const state = Object.fromEntries(rule.state(values).map((own) => [own.name, tensors[stateName(own.name, name)]]));
    const scope = { scaled: within(optimizer.scaled, parameter), decayed: within(optimizer.decayed, parameter) };
    const g = unscaled(tensors[`d:${name}`], optimizer.lossScaled?.factors[name] ?? 1, scalars[lossScaleName]);
    return new Layer(tensors[name], g, values, scope, scalars, state);
  });
}

function updates(
  tensors: Readonly<Record<string, Tensor>>,
  optimizer: Optimizer,
  trace: boolean,
): Record<string, Tensor | Update> {
  const layers = layersOf(tensors, optimizer);
  const scaled = layers.filter((layer) => layer.scaled);
  const common = scaled.length > 0 ? optimizer.rule.common?.(scaled) : undefined;
  const outputs: Record<string, Tensor | Update> = {};
  const traces: LayerTrace[] = [];
  const nonFinite = optimizer.parameters.map(({ name }, i) => {
    const step = optimizer.rule.step(layers[i], common);
    if (trace) traces.push(traceOf(layers[i], step));
    for (const [state, tensor] of Object.entries(step.state)) {
      outputs[`new:${stateName(state, name)}`] = update(stateName(state, name), tensor);
    }
    const next = updated(layers[i].w, step);
    outputs[`new:${name}`] = update(name, next);
    return notFinite(next);
  });
  outputs.nonFinite = vector(nonFinite);
  for (const kind of trace ? traceKinds : []) outputs[`trace:${kind}`] = traceVector(kind, traces);
  return outputs;
}

/** w - scale direction. */
function updated(w: Tensor, { direction, scale }: Step): Tensor {
  const of = scale === undefined ? [w] : [w, scale];
  return elementsOf(
    extended(direction, of, (own, old, s) => sub(old, scale === undefined ? own : mul(s, own))),
    w.type,
  );
}

/** What a trace has of each parameter tensor. */
export const traceKinds = ["weights", "gradients", "moved", "rates"] as const;
type LayerTrace = Readonly<Record<(typeof traceKinds)[number], Tensor>> & { readonly scale: Tensor };

/** Squares of norms (of the direction, for `moved`), and the effective rate. */
function traceOf(layer: Layer, { direction, scale = constantTensor(1, [], "float64"), rate }: Step): LayerTrace {
  const { weightSquare: weights, gradientSquare: gradients } = layer;
  return { weights, gradients, moved: squareSum(direction, layer.shape), rates: rate, scale };
}

function traceVector(kind: (typeof traceKinds)[number], traces: readonly LayerTrace[]): Tensor {
  const numbers = vector(traces.map((layer) => layer[kind]));
  if (kind === "rates") return numbers;
  if (kind !== "moved") return elementsOf(formula([numbers], sqrt), "accumulate");
  const scales = vector(traces.map(({ scale }) => scale));
  return elementsOf(
    formula([numbers, scales], (square, scale) => mul(scale, sqrt(square))),
    "accumulate",
  );
}
