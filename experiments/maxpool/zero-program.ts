/** E1: a program that is constantly zero, max1(t x) - max2(t x), whose derivative by backprop is not. */
import { ExactJudge } from "../../src/analysis/exact/judge.ts";
import { pullback } from "../../src/autodiff/pullback.ts";
import { withResiduals } from "../../src/autodiff/residuals.ts";
import type { Engine } from "../../src/backends/backend.ts";
import { compile } from "../../src/compile.ts";
import { type Choices, convention } from "../../src/conventions/convention.ts";
import { precision } from "../../src/formats/precision.ts";
import type { Program } from "../../src/ir/program.ts";
import { type Tensor, trace } from "../../src/ir/trace.ts";
import { type Claim, type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { matrixPanel } from "../../src/lab/panels.ts";
import { add, div, mul, reduceMax, relu, reshape, slice, sub } from "../../src/ops/index.ts";

export interface ZeroTrial {
  readonly x: string;
  readonly format: string;
  readonly construction: "reduction" | "relu";
  /** In which order backprop adds the four terms of the derivative. */
  readonly order: "left" | "right";
}

export interface ZeroRecord {
  readonly t: readonly number[];
  readonly value: readonly number[];
  readonly derivative: readonly number[];
  /** Per t: `neither` (no derivative), `compensation` (its exact value is 0) or `bifurcation`. */
  readonly zone: readonly string[];
}

type Stored = StoredRow<ZeroTrial, ZeroRecord>;

const ts = [0, 0.1, 1, -1e-4, -6];
const vectors = ["1.14,1.14,1.14,1.14", "1.4,1.4,1.4,1.4", "1,2,3,4"];
const [fig7, other, ramp] = vectors;

/** (a + b) / 2 + relu((a - b) / 2) + relu((b - a) / 2): a maximum made of ReLU alone. */
function pairMax(a: Tensor, b: Tensor): Tensor {
  const half = (z: Tensor): Tensor => div(z, 2);
  return add(add(half(add(a, b)), relu(half(sub(a, b)))), relu(half(sub(b, a))));
}

function maxOfFour(z: Tensor): Tensor {
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => reshape(slice(z, [i], [i + 1]), []));
  return pairMax(pairMax(a, b), pairMax(c, d));
}

/** The program, the conventions of its two maxima, and that of two equal ones, whose difference has the derivative 0. */
function zeroProgram({ construction, order }: ZeroTrial): { program: Program; mixed: Choices; equal: Choices } {
  const max = construction === "reduction" ? (z: Tensor) => reduceMax(z) : maxOfFour;
  const program = trace(
    ({ t, x }) => {
      const z = mul(t, x);
      return { y: sub(max(z), max(z)) };
    },
    { t: [], x: [4] },
  );
  const nodes = program.nodes.filter(({ op }) => op === (construction === "reduction" ? "reduceMax" : "relu"));
  if (construction === "reduction") {
    const [first, second] = nodes.map(({ id }) => `reduceMax.tie@${id}`);
    const one = order === "left" ? "first" : "last";
    return { program, mixed: { [first]: one, [second]: "even" }, equal: { [first]: one, [second]: one } };
  }
  // Three pair maxima of two rectifiers each; the second version takes 1 at 0 in one rectifier of every pair.
  const taken = nodes.slice(6).filter((_, i) => i % 2 === (order === "left" ? 0 : 1));
  const mixed = Object.fromEntries(taken.map(({ id }) => [`relu.zero@${id}`, 1]));
  return { program, mixed, equal: {} };
}

interface Compiled {
  readonly key: string;
  readonly engine: Engine;
  readonly judge: ExactJudge;
}

let kept: Compiled | undefined;

/** The two pullbacks and their judge: compiled once for all x in a row, which are inputs. */
function compiled(parameters: ZeroTrial): Compiled {
  const { construction, order, format } = parameters;
  const key = `${construction} ${order} ${format}`;
  if (kept?.key === key) return kept;
  kept?.judge.dispose();
  kept?.engine.dispose();
  kept = undefined;
  const { program, mixed, equal } = zeroProgram(parameters);
  const chosen = precision({ store: format, accumulate: format });
  const pullbacks = {
    mixed: pullback(program, convention("pytorch-1.13", mixed), { wrt: ["t"] }),
    equal: pullback(program, convention("pytorch-1.13", equal), { wrt: ["t"] }),
  };
  const forward = withResiduals(program, ...Object.values(pullbacks));
  const engine = compile({ forward, mixed: pullbacks.mixed }, { precision: chosen });
  kept = { key, engine, judge: new ExactJudge(pullbacks, chosen) };
  return kept;
}

function trial(parameters: ZeroTrial): readonly ZeroRecord[] {
  const { engine, judge } = compiled(parameters);
  const numbers = parameters.x.split(",").map(Number);
  engine.write("x", parameters.order === "left" ? numbers : numbers.reverse());
  engine.write("d:y", [1]);
  const found = ts.map((t) => {
    engine.write("t", [t]);
    engine.run("forward");
    engine.run("mixed");
    const [value, derivative] = [engine.buffer("y")[0], engine.buffer("d:t")[0]];
    const differs = judge.differ((name) => engine.buffer(name), "mixed", "equal");
    return {
      value,
      derivative,
      zone: differs === true ? "bifurcation" : derivative === 0 ? "neither" : "compensation",
    };
  });
  return [
    {
      t: ts,
      value: found.map(({ value }) => value),
      derivative: found.map(({ derivative }) => derivative),
      zone: found.map(({ zone }) => zone),
    },
  ];
}

const plain = ["float64", "float32", "float16"];
const formats = ["float64", "float32", "tfloat32", "bfloat16", "float16", "float8_e4m3", "float8_e5m2"];

function grid(scale: Scale): Partial<ZeroTrial>[] {
  return (scale === "quick" ? plain : formats).flatMap((format) =>
    (["reduction", "relu"] as const).flatMap((construction) =>
      (["left", "right"] as const).flatMap((order) => vectors.map((x) => ({ x, format, construction, order }))),
    ),
  );
}

const cell = (
  rows: readonly Stored[],
  x: string,
  format: string,
  construction: string,
  order: string,
): Stored | undefined =>
  rows.find((r) => r.x === x && r.format === format && r.construction === construction && r.order === order);

const everywhere = (row: Stored | undefined, derivative: number): boolean =>
  row?.derivative.every((d) => d === derivative) === true && row.value.every((v) => v === 0);

/** Published and derived cells: x, format, order and the derivative at every t (papers/maxpool 6.2). */
const expected: readonly (readonly [x: string, format: string, order: "left" | "right", derivative: number])[] = [
  [fig7, "float32", "left", 2 ** -24],
  [fig7, "float64", "left", 2 ** -53],
  [fig7, "float16", "left", -(2 ** -11)],
  [other, "float32", "left", -(2 ** -24)],
  [other, "float64", "left", -(2 ** -53)],
  [other, "float16", "left", 2 ** -11],
  ...plain.flatMap((format) => [fig7, other].map((x) => [x, format, "right", 0] as const)),
];

const claim: Claim<ZeroTrial, ZeroRecord> = {
  id: "maxpool/1",
  statement: "Zero program, x = (1.14) x 4, fp32: non-zero derivative although the value is 0",
  published: "2^-24 = 5.96e-8 at all five t; exactly 0 for another summation order; -1.5 at t = 0 for x = (1,2,3,4)",
  rule: "float32, reduction, left to right: the derivative is 2^-24 and the value 0 at all five t; right to left it is 0; for (1,2,3,4) it is -1.5 at t = 0 and 0 at the other t in 16, 32 and 64 bits; exact numbers, no margin",
  evaluate(rows) {
    const [left, right] = (["left", "right"] as const).map((order) => cell(rows, fig7, "float32", "reduction", order));
    const ramps = plain.map((format) => cell(rows, ramp, format, "reduction", "left"));
    if (left === undefined || right === undefined || ramps.includes(undefined))
      return { verdict: "undecided", ours: "cells are missing" };
    const others = expected.filter(([x, format, order, d]) => everywhere(cell(rows, x, format, "reduction", order), d));
    const bifurcates = ramps.every((row) => row?.derivative.every((d, i) => d === (ts[i] === 0 ? -1.5 : 0)));
    const ours = `${left.derivative[0]} at t = 0 .. ${left.derivative[4]} at t = -6, by exact judgement ${left.zone[0]}; right to left ${right.derivative[0]}; ${bifurcates ? "-1.5 at t = 0" : "not -1.5 at t = 0"} for (1,2,3,4); ${others.length} of the ${expected.length} derived cells in 16, 32 and 64 bits as derived`;
    const holds = everywhere(left, 2 ** -24) && everywhere(right, 0) && bifurcates;
    return { verdict: holds ? "holds" : "fails", ours };
  },
};

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A power of two as such, anything else in decimals: -2⁻¹¹, -1.5, 0. */
function show(derivative: number): string {
  const exponent = Math.log2(Math.abs(derivative));
  if (derivative === 0 || exponent > -2 || !Number.isInteger(exponent)) return String(derivative);
  const digits = [...String(-exponent)].map((digit) => superscripts[Number(digit)]).join("");
  return `${derivative < 0 ? "-" : ""}2⁻${digits}`;
}

interface Column {
  readonly name: string;
  readonly x: string;
  readonly order: "left" | "right";
  readonly t: number;
}

const columns: readonly Column[] = [
  [fig7, "(1.14) x 4", 1] as const,
  [other, "(1.4) x 4", 1] as const,
  [ramp, "1..4, t = 0", 0] as const,
].flatMap(([x, text, t]) =>
  (["left", "right"] as const).map((order) => ({ x, order, t, name: `${text} ${order === "left" ? "→" : "←"}` })),
);

function figure(rows: readonly Stored[]): FigureSpec {
  const known = formats.filter((format) => rows.some((row) => row.format === format));
  const panels = (["reduction", "relu"] as const).map((construction) => {
    const found = known.flatMap((format) =>
      columns.map(({ x, order, t }) => cell(rows, x, format, construction, order)?.derivative[ts.indexOf(t)]),
    );
    return matrixPanel({
      title: construction === "reduction" ? "Maxima by reduction" : "Maxima built of ReLU",
      rows: known,
      columns: columns.map(({ name }) => name),
      values: found.map((derivative) => Math.abs(derivative ?? Number.NaN)),
      labels: found.map((derivative) => (derivative === undefined ? "?" : show(derivative))),
      domain: [2 ** -53, 2],
      aspect: 0.8,
      fontSize: 11,
    });
  });
  const zones = (zone: string): number => rows.reduce((n, row) => n + row.zone.filter((z) => z === zone).length, 0);
  return {
    title: "A program that is constantly 0, max1(t x) - max2(t x), and its derivative by backprop",
    caption:
      `max1 gives the derivative to the first maximum, max2 shares it; every value and sum is in the format itself. (1.14) x 4 and (1.4) x 4, the same at every t: ` +
      `the exact derivative is 0, and what backprop returns is the rounding of one sum of four terms, added from the left (→) or from the right (←). (1, 2, 3, 4) at t = 0 (and -0.0001, which float8_e4m3 rounds to 0): the maxima choose different derivatives. ` +
      `By exact judgement ${zones("compensation")} derivatives are compensation, ${zones("bifurcation")} bifurcation, ${zones("neither")} are 0, over ${rows.length} programs at five t.`,
    panels,
    columns: 2,
  };
}

export const zeroProgramExperiment: Experiment<ZeroTrial, ZeroRecord> = experiment({
  id: "maxpool/zero-program",
  paper: "maxpool",
  source: "E1; figure 7",
  title: "A program that is constantly zero",
  parameters: {
    x: { type: "string", default: fig7, doc: "the four numbers", choices: vectors },
    format: { type: "string", default: "float32", doc: "number format of every value and sum" },
    construction: {
      type: "string",
      default: "reduction",
      doc: "maxima by reduction or of ReLU",
      choices: ["reduction", "relu"],
    },
    order: { type: "string", default: "left", doc: "order of the derivative's sum", choices: ["left", "right"] },
  },
  grid,
  trial,
  figure,
  claims: [claim],
});
