/** The cache and the compiler when something is wrong with them: one clear line, never a foreign file. */
import { execFile, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNot } from "../../src/backends/native/library.ts";
import { processorOf } from "../../src/backends/native/machine.ts";

const limit = 600_000;
const main = join(import.meta.dirname, "..", "..", "dist", "src", "cli", "main.js");
const own = mkdtempSync(join(tmpdir(), "nonsmooth-native-"));
afterAll(() => rmSync(own, { recursive: true, force: true }));

let folders = 0;
const fresh = (): string => join(own, `cache${folders++}`);

const command = [
  main,
  "probe",
  "relu(x) - relu(-x)",
  "x=0",
  "--json",
  "--convention",
  "pytorch-1.13",
  "--backend",
  "native",
];

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function probe(environment: Readonly<Record<string, string>>, backend = "native"): Ended {
  const argv = command.map((argument) => (argument === "native" ? backend : argument));
  const options = { encoding: "utf8", env: { ...process.env, ...environment } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, options);
  return { status, stdout, stderr };
}

const units = (cache: string): string[] => readdirSync(join(cache, "native")).sort();

/** An executable shell script. */
function script(name: string, text: string): string {
  const file = join(own, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o700);
  return file;
}

function expectLine(ended: Ended, line: RegExp): void {
  expect(ended.stderr.trim().split("\n")).toEqual([expect.stringMatching(line)]);
  expect(ended.status).toBe(2);
  expect(ended.stdout).toBe("");
}

const runs = whyNot() === undefined;

describe.runIf(runs)("the cache", () => {
  const cache = fresh();
  let first: Ended;

  beforeAll(() => {
    first = probe({ NONSMOOTH_CACHE: cache });
  }, limit);

  test("is private, and holds whole units only", { timeout: limit }, () => {
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(statSync(join(cache, "native")).mode & 0o777).toBe(0o700);
    expect(units(cache).length).toBeGreaterThanOrEqual(2);
    for (const name of units(cache)) {
      expect(name).toMatch(/^[0-9a-f]{40}-[0-9a-f]{16}\.node$/);
      expect(statSync(join(cache, "native", name)).mode & 0o077).toBe(0);
    }
  });

  test("is used without a compiler", { timeout: limit }, () => {
    const again = probe({ NONSMOOTH_CACHE: cache, NONSMOOTH_CC: "/nowhere/cc" });
    expect(again).toEqual(first);
  });

  test("half-written, foreign and damaged files are built again, never loaded", { timeout: limit }, () => {
    const [a, b] = units(cache);
    const [whole, other] = [a, b].map((name) => readFileSync(join(cache, "native", name)));
    const damages: readonly ((file: string) => void)[] = [
      (file) => truncateSync(file, 100),
      (file) => truncateSync(file, whole.length - 1),
      (file) => writeFileSync(file, ""),
      (file) => writeFileSync(file, other),
      (file) =>
        writeFileSync(
          file,
          whole.map((byte, i) => (i === 5000 ? byte ^ 1 : byte)),
        ),
      (file) => chmodSync(file, 0o722),
    ];
    for (const damage of damages) {
      damage(join(cache, "native", a));
      expect(probe({ NONSMOOTH_CACHE: cache })).toEqual(first);
      expect(statSync(join(cache, "native", a)).mode & 0o077).toBe(0);
      expect(statSync(join(cache, "native", a)).size).toBe(whole.length);
    }
  });

  test("a damaged file and no compiler: one line", { timeout: limit }, () => {
    const [a] = units(cache);
    truncateSync(join(cache, "native", a), 1000);
    expectLine(probe({ NONSMOOTH_CACHE: cache, NONSMOOTH_CC: "/nowhere/cc" }), /backend native: no C compiler/);
  });

  test("two processes may build at once", { timeout: limit }, async () => {
    const shared = fresh();
    const env = { ...process.env, NONSMOOTH_CACHE: shared };
    const start = () => promisify(execFile)(process.execPath, command, { env });
    const ended = await Promise.all([start(), start(), start()]);
    for (const { stdout, stderr } of ended) expect({ stdout, stderr }).toEqual({ stdout: first.stdout, stderr: "" });
    expect(units(shared).filter((name) => !name.endsWith(".node"))).toEqual([]);
  });

  test("units of another machine stay where they are, and are not used", { timeout: limit }, () => {
    const shared = fresh();
    probe({ NONSMOOTH_CACHE: shared });
    const own = units(shared);
    // A unit's name has the processor in it: another machine's has another name, and a seal for that name.
    const foreign = own.map((name) => name.replace(/^......../, "00000000"));
    for (const [i, name] of own.entries()) renameSync(join(shared, "native", name), join(shared, "native", foreign[i]));
    expect(probe({ NONSMOOTH_CACHE: shared })).toEqual(first);
    expect(units(shared)).toEqual([...foreign, ...own].sort());
  });

  test("a folder that is full or read-only is named, and nothing half-written stays", { timeout: limit }, () => {
    const folder = fresh();
    mkdirSync(folder);
    const mounted = (options: string): Ended => {
      const line = `mount -t tmpfs -o ${options} tmpfs "$0" && exec "$@"`;
      const tail = 'NONSMOOTH_CACHE="$0" "$@"; code=$?; find "$0" -name "build-*" >&2; exit $code';
      const script = line.replace('exec "$@"', `{ ${tail}; }`);
      const argv = ["-rm", "sh", "-c", script, folder, process.execPath, ...command];
      const { status, stdout, stderr } = spawnSync("unshare", argv, { encoding: "utf8" });
      return { status, stdout: stdout ?? "", stderr: stderr ?? "" };
    };
    if (spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", folder]).status !== 0) {
      process.stdout.write("full and read-only folders: not run: this user may not mount\n");
      return;
    }
    expectLine(mounted("size=64k"), /the cache folder .* cannot be written \(ENOSPC\)/);
    expectLine(mounted("size=128k"), /cannot be written \(ENOSPC\)|failed: .* has \d+ KiB left\)$/);
    expectLine(mounted("ro"), /the cache folder .*native cannot be used \(EROFS\)/);
  });

  test("a folder that cannot be made is named", { timeout: limit }, () => {
    const file = join(own, "file");
    writeFileSync(file, "");
    expectLine(
      probe({ NONSMOOTH_CACHE: join(file, "below") }),
      /the cache folder .*file\/below\/native cannot be used \(ENOTDIR\)/,
    );
    if (process.platform !== "linux") return;
    expectLine(
      probe({ NONSMOOTH_CACHE: "/proc/none" }),
      /the cache folder \/proc\/none\/native cannot be used \(ENOENT\)/,
    );
  });
});

describe("the compiler", () => {
  const failing = (cc: string, more: Readonly<Record<string, string>> = {}): [Ended, string] => {
    const cache = fresh();
    return [probe({ NONSMOOTH_CACHE: cache, NONSMOOTH_CC: cc, ...more }), cache];
  };
  const leaves = (cache: string): string[] => (existsSync(join(cache, "native")) ? units(cache) : []);

  test("is missing", { timeout: limit }, () => {
    const [ended, cache] = failing("cc-that-is-not-there");
    expectLine(ended, /backend native: no C compiler: cc-that-is-not-there is not on PATH/);
    expect(leaves(cache)).toEqual([]);
  });

  test("fails or is too old", { timeout: limit }, () => {
    const old = script(
      "old",
      '[ "$1" = --version ] && echo "cc 4.2" && exit 0\necho "cc: error: unrecognized option -std=gnu11" >&2; exit 1',
    );
    const [ended, cache] = failing(old);
    expectLine(ended, /backend native: .*old \(cc 4\.2\) failed: cc: error: unrecognized option -std=gnu11/);
    expect(leaves(cache)).toEqual([]);
  });

  test("hangs", { timeout: limit }, () => {
    const hung = script("hung", '[ "$1" = --version ] && echo "cc 1" && exit 0\nexec sleep 1000');
    const [ended, cache] = failing(hung, { NONSMOOTH_CC_SECONDS: "2" });
    expectLine(ended, /backend native: .*hung did not finish in 2 s/);
    expect(leaves(cache)).toEqual([]);
    const mute = script("mute", "exec sleep 1000");
    expectLine(failing(mute, { NONSMOOTH_CC_SECONDS: "1" })[0], /the C compiler does not answer: .*mute --version/);
  });

  test("writes something that does not load", { timeout: limit }, () => {
    const text =
      '[ "$1" = --version ] && echo "cc 2" && exit 0\nargs=$(echo "$1" | cut -c2-)\nout=$(sed -n \'/^"-o"$/{n;p;}\' "$args" | tr -d \'"\')\necho nonsense > "$out"';
    const [ended, cache] = failing(script("liar", text));
    expectLine(ended, /backend native: compiled code does not load/);
    expect(leaves(cache).length).toBeLessThan(2);
  });

  test("fails under auto: one line, and wasm goes on", { timeout: limit }, () => {
    const program = `
      import { compile } from ${JSON.stringify(join(main, "..", "..", "compile.js"))};
      import { trace } from ${JSON.stringify(join(main, "..", "..", "ir", "trace.js"))};
      import { matmul } from ${JSON.stringify(join(main, "..", "..", "ops", "index.js"))};
      const shape = [256, 256];
      const program = trace(({ a, b }) => matmul(a, b), { a: shape, b: shape });
      console.log([1, 2].map(() => compile(program).backend).join());`;
    const run = (cc: string): Ended => {
      const env = { ...process.env, NONSMOOTH_CACHE: fresh(), NONSMOOTH_CC: cc };
      const argv = ["--input-type=module", "-e", program];
      const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", env });
      return { status, stdout, stderr };
    };
    const old = script("old2", '[ "$1" = --version ] && echo "cc 4.2" && exit 0\nexit 1');
    const failed = run(old);
    expect(failed).toMatchObject({ status: 0, stdout: "wasm,wasm\n" });
    expect(failed.stderr).toMatch(
      /^backend native: .*old2 \(cc 4\.2\) failed: it wrote nothing; going on with wasm\n$/,
    );
    expect(run("cc-that-is-not-there")).toEqual({ status: 0, stdout: "wasm,wasm\n", stderr: "" });
    if (runs) expect(run("cc")).toEqual({ status: 0, stdout: "native,native\n", stderr: "" });
  });

  test("without it, auto does the same with what there is", { timeout: limit }, () => {
    const ended = probe({ NONSMOOTH_CACHE: fresh(), NONSMOOTH_CC: "cc-that-is-not-there" }, "auto");
    expect(ended).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("the processor", () => {
  const of = (flags: string, model = "one", architecture = "x64", library = "") =>
    processorOf(architecture, model, `processor\t: 0\nflags\t\t: ${flags}\nbugs\t: none\n`, library);
  const wide = "sse2 avx avx2 fma avx512f avx512vl avx512dq avx512bw";

  test("decides the width of vectors, or is not enough", () => {
    expect(of(wide)).toMatchObject({ width: 512, registers: 32, lacks: undefined });
    expect(of("sse2 avx avx2 fma avx512f")).toMatchObject({ width: 256, registers: 16, lacks: undefined });
    for (const flags of ["sse2 avx", "sse2 avx2", "fma"])
      expect(of(flags).lacks).toBe("a processor without AVX2 and FMA");
    expect(of("asimd", "one", "arm64")).toMatchObject({ width: 128, registers: 32, lacks: undefined });
    expect(of("", "one", "s390x").lacks).toBe("a processor of type s390x");
    // Where the system does not say, the compiler finds out.
    expect(processorOf("x64", "one", "", "")).toMatchObject({ width: 256, lacks: undefined });
  });

  test("and the C library tell units apart", () => {
    const all = [of(wide), of(wide, "two"), of(`${wide} vnni`), of(wide, "one", "x64", "musl")];
    expect(new Set(all.map(({ identity }) => identity)).size).toBe(all.length);
    expect(of(wide).identity).toBe(of(wide).identity);
  });
});
