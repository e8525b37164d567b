/** `nonsmooth spectrum`: the contract's fields, and every wrong use in one line. */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { here, json } from "./run.ts";

interface Printed {
  readonly n: number;
  readonly class: string;
  readonly method: string;
  readonly lambdaMin: number;
  readonly lambdaMax: number;
  readonly condition: number | null;
  readonly eigenvalues: readonly number[];
  readonly errorBounds: readonly number[];
  readonly resolved: readonly boolean[];
  readonly floor: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly law: { readonly name: string; readonly predicted: number | null };
  readonly data: { readonly delta: number; readonly duplicates: unknown[]; readonly antipodes: unknown[] };
}

const spectrum = (...args: string[]): Promise<Printed> => json<Printed>("spectrum", ...args);
const folder = mkdtempSync(join(tmpdir(), "nonsmooth-spectrum-"));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe("the JSON", () => {
  test("has the contract's fields, one entry per eigenvalue, ascending", async () => {
    const found = await spectrum("--activation", "tanh", "--n", "10");
    expect(found).toMatchObject({ activation: "tanh", class: "smooth (pole at 1.571 i)", n: 10 });
    expect(found.eigenvalues).toEqual([...found.eigenvalues].sort((a, b) => a - b));
    for (const list of [found.errorBounds, found.resolved]) expect(list).toHaveLength(10);
    expect(found.lambdaMin).toBeCloseTo(3.03571e-4, 9);
    expect(found.condition).toBeCloseTo(found.lambdaMax / found.lambdaMin, 6);
    expect(Object.keys(found.counts)).toContain("1e-3");
    expect(found.data.delta).toBeCloseTo(Math.sin(Math.PI / 10), 12);
  });
  test("an unresolved smallest eigenvalue gives condition null, and antipodes by index", async () => {
    const found = await spectrum("--data", "circle", "--n", "6");
    expect(found.resolved[0]).toBe(false);
    expect(found.condition).toBeNull();
    expect(found.data.antipodes).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
  });
  test("files: rows are scaled to unit norm; --raw keeps their norms", async () => {
    const path = file("a.csv", "1,0\n0,4\n");
    expect((await spectrum("--data", path, "--n", "2")).eigenvalues).toEqual(
      [0.5, 0.5].map((x) => expect.closeTo(x, 12)),
    );
    const raw = await spectrum("--data", path, "--n", "2", "--raw", "--width", "4000");
    expect(raw.lambdaMax / raw.lambdaMin).toBeGreaterThan(10);
  });
  test("the value of relu'(0) counts where weights are on the kink", async () => {
    const args = ["--data", "hypercube:4", "--n", "8", "--width", "50", "--format", "float8_e4m3", "--mode", "W"];
    const [zero, one] = [await spectrum(...args), await spectrum(...args, "--set", "relu.zero=1")];
    expect(zero.lambdaMax).not.toBe(one.lambdaMax);
  });
  test("principal components: the span decides", async () => {
    const args = ["--data", "sphere:20", "--n", "30", "--activation", "tanh"];
    const [whole, flat] = [await spectrum(...args), await spectrum(...args, "--components", "2")];
    expect(flat.lambdaMin).toBeLessThan(1e-6 * whole.lambdaMin);
  });
  test("every mode and rounding answers", async () => {
    for (const mode of ["G", "J", "W"]) {
      const args = [
        "--n",
        "5",
        "--width",
        "300",
        "--format",
        "float8_e5m2",
        "--mode",
        mode,
        "--rounding",
        "stochastic",
      ];
      expect((await spectrum(...args)).eigenvalues).toHaveLength(5);
    }
  });
  test("depth, layers, bias", async () => {
    expect((await spectrum("--activation", "tanh", "--depth", "16")).lambdaMin).toBeCloseTo(1.8, 1);
    expect((await spectrum("--activation", "relu", "--layers", "all")).lambdaMin).toBeCloseTo(1.2711e-2, 5);
    expect((await spectrum("--data", "circle", "--n", "10", "--bias", "trained")).lambdaMin).toBeCloseTo(7.472e-2, 5);
    expect((await spectrum("--activation", "tanh", "--depth", "2", "--width", "40", "--n", "3")).n).toBe(3);
  });
});

test("without --json: a table and a picture", async () => {
  const out = join(folder, "s.svg");
  const { code, stdout, stderr } = await here(["spectrum", "--data", "circle", "--n", "6", "--out", out]);
  expect(code).toBe(0);
  expect(stdout).toContain("lambda_min not resolved");
  expect(stdout).toContain(`picture: ${out}`);
  expect(stderr).toContain("antipodes: 3 pairs of opposite points: 0 and 3, 1 and 4, 2 and 5");
  expect(existsSync(out)).toBe(true);
});

describe("wrong use is one line", () => {
  test.each([
    ["--activation rleu", "unknown activation 'rleu'; did you mean relu?"],
    ["--activation poly:7", "expected degree 1 or more"],
    ["--data half-circel", "unknown data 'half-circel'; did you mean half-circle?"],
    ["--data sphere:0", "--data sphere: found '0', expected an integer of at least 1"],
    ["--data sphere", "--data sphere: found '', expected an integer of at least 1"],
    ["--n 0", "--n: found '0'"],
    ["--n 100000", "--n is 100000: one matrix has 76294 MiB"],
    ["--width 0", "--width: found '0'"],
    ["--layers al", "unknown layers 'al'; did you mean all?"],
    ["--bias fixd", "unknown bias 'fixd'; did you mean fixed?"],
    ["--depth 2 --bias", "--bias: only for one hidden layer"],
    ["--depth 2 --normalization none", "needs --normalization plain or centred"],
    ["--format flaot16", "unknown format 'flaot16'; did you mean float16?"],
    ["--format float16 --mode J", "--mode J: rounds features of a finite first layer; give --width"],
    ["--format float16 --mode K --width 9", "unknown mode 'K'"],
    ["--set relu.zro=1", "did you mean relu.zero?"],
    ["--data sphere:3 --n 9 --components 4", "4 principal components; 9 points have fewer"],
    ["--raw", "--raw: only for files; half-circle has unit norms"],
    ["--data hypercube:3 --n 5", "--n is 5; hypercube:3 has 4 points"],
    ["--data nowhere.csv", "nowhere.csv: cannot be read (ENOENT)"],
  ])("%s: %s", async (args, message) => {
    const { code, stdout, stderr } = await here(["spectrum", ...args.split(" ")]);
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(message);
  });
  test("rows without direction, by index", async () => {
    const zero = file("zero.csv", "1,2\n0,0\n");
    expect((await here(["spectrum", "--data", zero, "--n", "2"])).stderr).toContain("zero.csv: row 1 is zero");
    const nan = file("nan.csv", "1,NaN\n1,0\n");
    expect((await here(["spectrum", "--data", nan, "--n", "2"])).stderr).toContain("row 0 holds NaN");
    expect((await here(["spectrum", "--data", zero, "--n", "3"])).stderr).toContain("--n is 3;");
  });
  test("too few units: a rank warning, then the answer", async () => {
    const { code, stderr } = await here(["spectrum", "--width", "2", "--n", "8", "--json"]);
    expect(code).toBe(0);
    expect(stderr).toContain("rank: 2 units of 2 weights give at most rank 4, below n = 8");
  });
});
