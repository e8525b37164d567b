/** Controls of E7: what is done to a trained network, or to its inputs, before its gradients are measured again. */
import {
  noiseInputs,
  permutedEntries,
  permutedInputs,
  rotatedInputs,
} from "../../src/analysis/propagation/controls.ts";
import { type Stream, stream } from "../../src/base/random.ts";
import type { Shape } from "../../src/base/shape.ts";
import type { Parameter } from "../../src/nn/network.ts";

export interface Probe {
  readonly parameters: Readonly<Record<string, Float64Array>>;
  readonly x: Float64Array;
}

type Change = (w: Float64Array, shape: Shape, draws: Stream) => Float64Array;

const changes: Readonly<Record<string, Change>> = {
  permuted: (w, _, draws) => permutedEntries(w, draws),
  "inputs rotated": rotatedInputs,
  "inputs permuted": permutedInputs,
};

/** "trained" changes nothing, "noise" the inputs; "affine reset" sets gamma 1 and beta 0. */
export const controlNames: readonly string[] = ["trained", "noise", ...Object.keys(changes), "affine reset"];

/** The probe under a control; the classifier and biases stay. */
export function controlled(control: string, probe: Probe, parameters: readonly Parameter[], seed: number): Probe {
  const draws = (name: string): Stream => stream(seed, `bn-relu/${control}/${name}`);
  if (control === "noise") return { ...probe, x: noiseInputs(probe.x.length, draws("x")) };
  const matrices = parameters.filter(({ layer, bias }) => layer !== "norm" && !bias).slice(0, -1);
  const norms = parameters.filter(({ layer }) => layer === "norm");
  const change = changes[control];
  const changed: Record<string, Float64Array> = { ...probe.parameters };
  if (change !== undefined)
    for (const { name, shape } of matrices) changed[name] = change(changed[name], shape, draws(name));
  if (control === "affine reset")
    for (const { name, bias } of norms) changed[name] = changed[name].map(() => (bias ? 0 : 1));
  return { ...probe, parameters: changed };
}
