/** Norms of gradients block by block against PyTorch's autograd (scripts/oracle/propagation.py). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PropagationMeter } from "../../../src/analysis/propagation/meter.ts";
import { type DeepNetwork, deepNetwork } from "../../../src/analysis/propagation/network.ts";
import { normNamed } from "../../../src/nn/norms.ts";

interface Vectors {
  readonly batch: number;
  readonly width: number;
  readonly depth: number;
  readonly eps: number;
  readonly cases: readonly {
    readonly norm: string;
    readonly order: DeepNetwork["order"];
    readonly activation: string;
    readonly gradient: readonly number[];
    readonly signal: readonly number[];
    readonly weightGradient: readonly number[];
  }[];
}

const file = new URL("../../vectors/propagation.json", import.meta.url);
const { batch, width, depth, eps, cases } = JSON.parse(readFileSync(file, "utf8")) as Vectors;

/** The numbers of the script. */
const numbers = (salt: number, size: number): Float64Array =>
  Float64Array.from(
    { length: size },
    (_, i) => (((7919 * i + salt) % 101) - 50) / 40 + ((104729 * i + salt) % 9973) / 100000,
  );

describe.each(cases.map((c) => [`${c.norm}, ${c.order}, ${c.activation}`, c] as const))("%s", (_, expected) => {
  test("g, dH and G of every block", () => {
    const { activation, order } = expected;
    const norm = normNamed(expected.norm, { eps });
    const base = { kind: "mlp", depth, width, activation, order, residual: "none" } as const;
    const traced = deepNetwork(norm === undefined ? base : { ...base, norm }, batch);
    const meter = new PropagationMeter(traced, { backend: "js" });
    const parameters = Object.fromEntries(
      traced.parameters.map(({ name, layer, bias, shape }) => {
        if (layer === "norm") return [name, new Float64Array(shape[0]).fill(bias ? 0 : 1)];
        return [name, numbers(9 + Number(/\d+/.exec(name)?.[0]), width * width)];
      }),
    );
    // Behind ReLU a group of four often has one active unit: its gradient cancels to 1e-10 of what it is made of (one net of
    // the 30), so the rounding of the gradient above is allowed for.
    const above = (block: number): number => Math.max(...expected.gradient.slice(block));
    const rows = meter.measure({ parameters, x: numbers(1, batch * width), gradient: numbers(5, batch * width) });
    for (const field of ["gradient", "signal", "weightGradient"] as const) {
      rows.forEach((row, block) => {
        const difference = Math.abs((row[field] as number) - expected[field][block]);
        expect(difference, `${field} ${block}`).toBeLessThan(1e-11 * expected[field][block] + 1e-14 * above(block));
      });
    }
    meter.dispose();
  });
});
