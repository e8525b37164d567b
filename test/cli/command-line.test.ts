import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { here, json, main, nonsmooth, temporaryFolder } from "./run.ts";

const commands = [
  "formats",
  "ops",
  "conventions",
  "probe",
  "zone",
  "spectrum",
  "experiments",
  "run",
  "runs",
  "figure",
  "claims",
  "data",
  "bench",
  "doctor",
];

describe("help", () => {
  test.each(commands)("%s has an example", async (name) => {
    const { code, stdout } = await here([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\\n +nonsmooth ${name}`));
  });

  test("the overview names every command", async () => {
    const { code, stdout } = await here(["--help"]);
    expect(code).toBe(0);
    for (const name of commands) expect(stdout).toContain(`\n  ${name}`);
  });
});

describe("wrong use is one line on stderr and exit 2", () => {
  test.each([
    ["zoen", "unknown command 'zoen'; did you mean zone?"],
    ["zone --modle x", "unknown option '--modle'; did you mean --model?"],
    ["zone --inits 0", "--inits: found '0', expected an integer of at least 1"],
    ["zone --model 784--256x3-10", "--model '784--256x3-10'"],
    ["zone --model lnet", "unknown model 'lnet'; did you mean lenet?"],
    ["zone --data cifar10", "cifar10: pass --data-dir with data_batch_1.bin"],
    ["data chekc", "unknown command of data 'chekc'; did you mean check?"],
    ["data ls cifar01", "unknown data set 'cifar01'; did you mean cifar10?"],
    ["data check mnist --split tset", "unknown split 'tset'; did you mean test?"],
    ["data check mnist --split val", "mnist has no split 'val'; it has train, test"],
    ["zone --kink reduceMax.tie=first,even", "network 784-256x3-10 has none; its kinks: relu.zero"],
    ["zone --kink relu.zero=1,1", "--kink relu.zero: found '1,1', expected two or more different choices"],
    ["zone --kink relu.zero=0,left", "relu.zero: choice 'left' is not accepted; expected a number"],
    ["zone --kink relu.zero=0,1 --kink reduceMax.tie=first,even,last", "reduceMax.tie: 3 choices, expected 2"],
    ["zone --formats ,", "--formats: found ',', expected a list"],
    ["probe relu(x,__proto__=1) x=0", "unknown option of relu '__proto__'; there are none"],
    ["zone --samples 100 --batch 200", "--batch is 200; it cannot exceed the 100 samples"],
    ["zone --samples 70000", "--samples is 70000; the data set has 60000"],
    ["zone --kink relu.zro=0,1", "did you mean relu.zero?"],
    ["zone --kink relu.zero=0", "--kink relu.zero: found '0', expected two or more different choices"],
    ["zone --formats float16,flaot32", "unknown format 'flaot32'; did you mean float32?"],
    ["zone --variant prodct", "unknown variant 'prodct'; did you mean product?"],
    ["zone --data mnits", "unknown data set 'mnits'; did you mean mnist?"],
    ["zone --loss-scale 3", "--loss-scale is 3; expected a power of two"],
    ["zone --block 0", "block: found '0'"],
    ["zone --seed -1", "--seed: found '-1'"],
    ["formats flot16", "unknown format 'flot16'; did you mean float16?"],
    ["formats float16 1x", 'found "1x", expected a number'],
    ["formats float16 1 --rounding upp", "unknown rounding 'upp'; did you mean up?"],
    ["ops reluu", "unknown op 'reluu'; did you mean relu?"],
    ["conventions pytroch", "did you mean pytorch?"],
    ["run relu0/volum", "unknown experiment 'relu0/volum'; did you mean relu0/volume?"],
    ["run relu0/volume formt=float16", "did you mean format?"],
    ["run relu0/volume --scale quik", "unknown scale 'quik'; did you mean quick?"],
    ["run relu0/volume format", "parameter: found 'format', expected name=value"],
    ["run", "missing required argument 'experiment'"],
    ["runs shwo", "unknown command of runs 'shwo'; did you mean show?"],
    ["runs export cvs", "unknown export format 'cvs'; did you mean csv?"],
    ["claims --paper relu", "unknown paper 'relu'; did you mean relu0?"],
    ["bench mtmul", "unknown benchmark 'mtmul'"],
    ["probe relux(x) x=1", "unknown op 'relux'; did you mean relu?"],
    ["probe relu(x)", "'x' has no value"],
    ["probe relu(x) x=1 yy=2", "unknown input of the expression 'yy'"],
    ["probe relu(x) x=[1,[2]]", "x: ragged array"],
    ["probe clamp(x,lw=0,high=1) x=1", "unknown option of clamp 'lw'; did you mean low?"],
    ["probe clamp(x,low=[0],high=1) x=1", "clamp.low: found [0], expected number"],
    [
      "probe maxPool2d(x,window=[2,2,2]) x=[[1]]",
      "maxPool2d.window: found [2,2,2], expected a whole number or [height, width]",
    ],
    ["probe maxPool2d(x,window=2) x=[[1]]", "maxPool2d: window [2, 2] and padding [0, 0] for x [1, 1]"],
    ["probe relu(x,y) x=1 y=2", "relu: 2 operands"],
    ["probe add(x,y) x=[1,2] y=[1,2,3]", "add: shapes [2] and [3]"],
    ["probe relu(x) x=0 --set relu.zro=1", "unknown kink 'relu.zro'; did you mean relu.zero?"],
    ["probe relu(x) x=0 --set relu.zero@7=1", "did you mean relu.zero@0?"],
    ["probe abs(x) x=0 --set abs.zero=frist", "abs.zero: choice 'frist' is not accepted"],
    ["probe relu(x) x=0 --convention pytroch", "did you mean pytorch?"],
    ["probe relu(x) x=0 --wrt y", "unknown input to differentiate 'y'"],
    ["probe relu(x) x=0 --order 3", "order: found 3"],
    ["probe relu(x) x=0 --arithmetic fusd", "did you mean fused?"],
    ["probe relu(x) x=0 --backend wsam", "did you mean wasm?"],
    ["probe process.exit(7) x=0", "expression: found"],
  ])("%s", async (line, message) => {
    const { code, stdout, stderr } = await here(line.split(" "));
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("data that is not there is exit 1", async () => {
    const store = join(temporaryFolder(), "store");
    const { code, stderr } = await here(["figure", "relu0/volume", "--store", store]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("has no rows")]);
    const missing = await here(["zone", "--data-dir", temporaryFolder()]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("train-images-idx3-ubyte not found")]);
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const unwritable = await here(["zone", "--inits", "1", "--out", join(file, "zone.svg")]);
    expect([unwritable.code, unwritable.stdout]).toEqual([1, ""]);
  });
});

describe("lists", () => {
  test("formats", async () => {
    const list = await json<{ name: string; bits: number }[]>("formats");
    expect(list.map(({ name }) => name).sort()).toEqual(
      ["bfloat16", "float16", "float32", "float64", "float8_e4m3", "float8_e5m2", "tfloat32"].sort(),
    );
  });

  test("values are rounded once, bits are hexadecimal", async () => {
    expect(await json("formats", "float16", "--", "-0.1", "65520", "-0", "NaN")).toEqual([
      { input: -0.1, value: -0.0999755859375, bits: "0xae66" },
      { input: 65520, value: "Infinity", bits: "0x7c00" },
      { input: "-0", value: "-0", bits: "0x8000" },
      { input: "NaN", value: "NaN", bits: "0x7e00" },
    ]);
    expect(await json("formats", "tfloat32", "0.1")).toEqual([{ input: 0.1, value: 0.0999755859375, bits: "0x1ee66" }]);
    expect(await json("formats", "--rounding", "zero", "float16", "1023.99999994")).toEqual([
      { input: 1023.99999994, value: 1023.5, bits: "0x63ff" },
    ]);
    expect(await json("formats", "float8_e4m3fn", "464", "464.1")).toMatchObject([{ value: 448 }, { value: "NaN" }]);
  });

  test("ops with kinks", async () => {
    const ops = await json<{ name: string; kinks: { name: string }[] }[]>("ops");
    const relu = ops.find(({ name }) => name === "relu");
    expect(relu?.kinks).toEqual([
      {
        name: "relu.zero",
        where: "x == 0",
        slopes: ["0", "1"],
        choices: ["a number", "overwrite:<number>"],
        default: 0,
      },
    ]);
    expect(ops.some(({ name }) => name === "elementwise")).toBe(false);
  });

  test("conventions with a source per entry", async () => {
    const presets = await json<{ name: string; entries: object[] }[]>("conventions");
    expect(presets.map(({ name }) => name)).toContain("jax-js-0.1.25");
    const one = await json<{ name: string; entries: Record<string, unknown>[] }>("conventions", "tfjs");
    expect(one.name).toBe("tfjs-4.22");
    const known = one.entries.filter((entry) => entry.unknown === false);
    expect(known.length).toBeGreaterThan(5);
    for (const entry of known) expect(entry).toMatchObject({ source: expect.any(String), confirmed: true });
  });

  test("experiments, runs and claims of an empty store", async () => {
    const experiments = await json<{ id: string }[]>("experiments");
    expect(experiments.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["relu0/separation", "relu0/volume", "relu0/change", "relu0/variants"]),
    );
    expect(await json("runs", "--store", temporaryFolder())).toEqual([]);
    const claims = await json<Record<string, unknown>[]>("claims", "--store", temporaryFolder());
    for (const claim of claims) {
      const fields = ["id", "paper", "statement", "published", "ours", "verdict", "rule", "scale", "rows"];
      expect(Object.keys(claim)).toEqual(expect.arrayContaining(fields));
      expect(claim.verdict).toBe("not-run");
    }
  });

  test("doctor", async () => {
    expect(await json("doctor")).toMatchObject({
      node: process.version,
      wasm: { simd: true, relaxedSimd: expect.any(Boolean), fused: expect.any(Boolean) },
      dataSets: expect.arrayContaining([
        { name: "mnist", found: true },
        { name: "cifar10", found: false },
      ]),
    });
  });
});

describe("probe", () => {
  const probe = (...args: string[]): Promise<Record<string, unknown>> => json("probe", ...args);

  test("relu(x) - relu(-x) at 0", async () => {
    const result = await probe("relu(x) - relu(-x)", "x=0", "--format", "float32");
    expect(result).toMatchObject({
      value: 0,
      gradient: { x: 0 },
      kinks: [
        { kink: "relu.zero", node: 0, hits: 1, total: 1 },
        { kink: "relu.zero", node: 2, hits: 1, total: 1 },
      ],
      subgradient: { x: { low: 1, high: 1, inside: false } },
    });
    const presets = result.presets as { convention: string; format: string; differs: boolean }[];
    const jaxJs = presets.find(({ convention }) => convention === "jax-js-0.1.25");
    expect(jaxJs).toEqual({ convention: "jax-js-0.1.25", format: "float32", gradient: { x: 2 }, differs: true });
    expect(presets.find(({ convention }) => convention === "pytorch-1.13")?.differs).toBe(false);
  });

  test("an instance of a kink is chosen by its node", async () => {
    const result = await probe("relu(x) - relu(-x)", "x=0", "--set", "relu.zero@2=0.25", "--convention", "jax-js");
    expect(result.gradient).toEqual({ x: 1.25 });
    expect(result).not.toHaveProperty("presets");
  });

  test("without --format the presets are shown in every format", async () => {
    const result = await probe("clamp(x, low=0, high=0.7)", "x=0.69921875");
    const presets = result.presets as { convention: string; format: string; gradient: { x: number } }[];
    const at = (format: string): number | undefined =>
      presets.find((row) => row.convention === "jax-2026.08" && row.format === format)?.gradient.x;
    expect([at("float32"), at("bfloat16")]).toEqual([1, 0]);
  });

  test("arrays: value before summing, gradient and Hessian in the input's shape", async () => {
    const result = await probe("max(a, b)", "a=[1,2]", "b=[1,3]", "--set", "max.tie=first", "--order", "2");
    expect(result).toMatchObject({
      value: [1, 3],
      gradient: { a: [1, 0], b: [0, 1] },
      kinks: [{ kink: "max.tie", hits: 1, total: 2 }],
      subgradient: {},
      hessian: {
        a: {
          b: [
            [0, 0],
            [0, 0],
          ],
        },
      },
    });
  });

  test("second derivatives keep numeric choices", async () => {
    const result = await probe("x*relu(x)*y", "x=0", "y=3", "--set", "relu.zero=0.5", "--order", "2", "--wrt", "x,y");
    expect(result.hessian).toEqual({ x: { x: 3, y: 0 }, y: { x: 0, y: 0 } });
  });

  test("special numbers are strings, both ways", async () => {
    const result = await probe("sqrt(x)", "x=-0", "--convention", "pytorch");
    expect(result).toMatchObject({ value: "-0", gradient: { x: "Infinity" } });
    expect(await probe("neg(x)", 'x=["NaN","-Infinity",-0]', "--convention", "pytorch")).toMatchObject({
      value: ["NaN", "Infinity", 0],
    });
  });

  test("inputs, literals and options are rounded to store", async () => {
    const args = ["x + 0.1", "x=0.1", "--format", "float8_e4m3", "--convention", "pytorch"];
    expect(await probe(...args)).toMatchObject({ value: 0.203125 });
  });

  test("data are rounded to nearest in every rounding mode, as bounds are", async () => {
    const at = ["x=0.7", "--format", "bfloat16", "--rounding", "up", "--convention", "jax"];
    expect(await probe("clamp(x, low=0, high=0.7)", ...at)).toMatchObject({
      gradient: { x: 0 },
      kinks: [{ kink: "clamp.high", hits: 1 }],
    });
  });

  test("differs compares with the printed gradient, --set included", async () => {
    const result = await probe("relu(x)", "x=0", "--set", "relu.zero@0=1", "--format", "float32");
    const presets = result.presets as { convention: string; gradient: object; differs: boolean }[];
    const differing = Object.fromEntries(presets.map((row) => [row.convention, row.differs]));
    expect(result.gradient).toEqual({ x: 1 });
    expect(differing).toMatchObject({ "pytorch-1.13": true, "jax-js-0.1.25": false, "candle-2026.08": false });
  });

  test("at the edge of a domain the only one-sided derivative is both ends", async () => {
    expect(await probe("sqrt(x)", "x=0", "--convention", "pytorch")).toMatchObject({
      subgradient: { x: { low: "Infinity", high: "Infinity", inside: true } },
    });
    expect(await probe("sqrt(x)", "x=-1", "--convention", "pytorch")).toMatchObject({
      subgradient: { x: { low: "NaN", high: "NaN", inside: false } },
    });
  });

  test("a name given twice in --wrt counts once; scalars may be quoted", async () => {
    const result = await probe("x", 'x="-0"', "--wrt", "x,x", "--convention", "pytorch");
    expect(result).toMatchObject({ value: "-0", gradient: { x: 1 } });
  });

  test("one-sided slopes are never -0, and the table is readable", async () => {
    expect(await probe("relu(x)", "x=0", "--convention", "pytorch")).toMatchObject({
      subgradient: { x: { low: 0, high: 1, inside: true } },
    });
    const { stdout } = await here(["probe", "abs(x)", "x=0"]);
    expect(stdout).toContain("abs.zero");
    expect(stdout).toContain("tfjs-4.22");
  });
});

describe("zone", () => {
  test("rows have the fields of the contract", async () => {
    const args = "--model 784-8-10 --samples 96 --batch 64 --inits 1 --formats float8_e5m2,float32 --workers 0 --all";
    const { rows } = await json<{ rows: Record<string, unknown>[] }>("zone", ...args.split(" "));
    const fields =
      "format accumulate block bias arithmetic variant inits hit hitFirstLayer share low high eps batches batchesOccur " +
      "batchesDiffer batchesBifurcate batchesHit samples zeros structuralZeros underflow relativeChange tau norm seconds";
    expect(rows.map(({ format }) => format)).toEqual(["float8_e5m2", "float32"]);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(expect.arrayContaining(fields.split(" ")));
      expect(row).toMatchObject({ inits: 1, batches: 2, samples: 96, variant: "product", block: 256 });
    }
  });

  test("without --json a table and a picture", async () => {
    const folder = temporaryFolder();
    const args = "zone --model 784-8-10 --samples 64 --batch 64 --inits 1 --formats float16 --workers 0";
    const { code, stdout, stderr } = await nonsmooth(args.split(" "), folder);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/float16 +\d of 1/);
    expect(stdout).toContain("picture: out/zone.svg");
  });
});

describe("a run", () => {
  test("is stored, continued, listed, exported, drawn and judged", async () => {
    const store = join(temporaryFolder(), "store");
    const at = ["--store", store];
    const args = ["relu0/variants", "model=784-8-10", "samples=64", "batch=32", "inits=1", "format=float16"];
    const run = (): Promise<{ experiment: string; id: string; rows: { trial: string }[] }> =>
      json("run", ...args, ...at, "--workers", "0");
    const first = await run();
    expect(first).toMatchObject({ experiment: "relu0/variants", id: expect.any(String) });
    expect(first.rows.length).toBeGreaterThan(0);
    expect(await run()).toEqual(first);
    expect(await json("runs", ...at)).toMatchObject([{ id: first.id, state: "complete", rows: first.rows.length }]);
    expect((await here(["runs", "show", first.id, "--json", ...at])).code).toBe(0);
    const exported = await here(["runs", "export", "json", ...at]);
    expect(JSON.parse(exported.stdout)).toHaveLength(first.rows.length);
    const csv = await here(["runs", "export", "csv", first.id, ...at]);
    expect(csv.stdout.trim().split("\n")).toHaveLength(first.rows.length + 1);
    const out = join(store, "figure.svg");
    expect(await json("figure", "relu0/variants", "--out", out, ...at)).toMatchObject({ path: out });
    expect(readFileSync(out, "utf8")).toMatch(/^<svg/);
    const readme = join(store, "README.md");
    writeFileSync(readme, "a\n<!-- claims:begin -->\n<!-- claims:end -->\nb\n");
    const claims = await json<{ id: string; verdict: string }[]>("claims", "--write", readme, ...at);
    expect(claims.find(({ id }) => id === "relu0/C17")?.verdict).not.toBe("not-run");
    expect(readFileSync(readme, "utf8")).toContain("| relu0/C17 |");
    const shown = await here(["runs", "show", first.id.slice(0, 5), "--json", ...at]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: first.id });
    const unknown = await here(["runs", "show", `${first.id}x`, ...at]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining(`did you mean ${first.id}?`)]);
  });
});

test("a wrong parameter leaves no run behind", async () => {
  const store = temporaryFolder();
  const { code, stderr } = await here(["run", "relu0/variants", "format=flaot16", "--store", store, "--workers", "0"]);
  expect([code, stderr]).toEqual([2, "error: unknown format 'flaot16'; did you mean float16?\n"]);
  expect(await json("runs", "--store", store)).toEqual([]);
});

/** Resolves once a file of this name is somewhere under the folder. */
async function appears(folder: string, name: string): Promise<void> {
  while (!readdirSync(folder, { recursive: true, encoding: "utf8" }).some((path) => path.endsWith(name))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("the built command", () => {
  test("prints data on stdout and errors on stderr", async () => {
    const good = await nonsmooth(["formats", "--json", "bfloat16", "1.01"]);
    expect(good).toEqual({ code: 0, stdout: '[{"input":1.01,"value":1.0078125,"bits":"0x3f81"}]\n', stderr: "" });
    const bad = await nonsmooth(["formats", "bflot16", "1"]);
    expect(bad).toEqual({ code: 2, stdout: "", stderr: "error: unknown format 'bflot16'; did you mean bfloat16?\n" });
    expect(await nonsmooth(["figure", "relu0/volume"])).toMatchObject({ code: 1, stdout: "" });
  });

  test("Ctrl-C stops a run, says how to go on, and is exit 130", async () => {
    const store = temporaryFolder();
    const parameters = ["model=784-512x3-10", "samples=60000", "format=float64", "all=true"];
    const args = ["run", "relu0/variants", ...parameters, "--store", store, "--workers", "1"];
    const child = spawn(process.execPath, [main, ...args]);
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += String(text);
    });
    await appears(store, "status.json");
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect([code, stderr]).toEqual([130, expect.stringContaining("the same command continues")]);
    expect(await json("runs", "--store", store)).toMatchObject([
      { experiment: "relu0/variants", state: "interrupted" },
    ]);
  });

  test("a closed pipe ends it quietly", async () => {
    const child = spawn(process.execPath, [main, "conventions", "--json"]);
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += String(text);
    });
    const [code] = await once(child, "close");
    expect([code, stderr]).toEqual([0, ""]);
  });
});
