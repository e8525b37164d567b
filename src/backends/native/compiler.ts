/** Compiles units of printed C, several at once. */
import { builtin, type FileSystem, hashOf, type Os, type Path, type Processes } from "./builtin.ts";
import { buildFolder, cachedUnit, keepUnit, type UnitName } from "./cache.ts";
import { type Compiler, compilerHere, compilerSeconds, processorHere } from "./machine.ts";
import { Unavailable } from "./unavailable.ts";

export interface Unit {
  readonly text: string;
  /** Includes Node-API headers. */
  readonly isAddon: boolean;
  /** Bits of a vector. */
  readonly width: number;
}

/** A compiler that takes longer hangs. */
const mostSeconds = 300;

/**
 * No flag may change a bit: contraction stays off, and -fno-math-errno only lets square roots be instructions. Lines and
 * the runtime look at the same bytes as floats and as integers.
 */
const flags: readonly string[] = [
  "-O2",
  "-march=native",
  "-ffp-contract=off",
  "-fno-math-errno",
  "-fno-strict-aliasing",
  "-fwrapv",
  "-w",
  "-std=gnu11",
  "-fPIC",
  "-shared",
  "-pthread",
];

/** NONSMOOTH_CFLAGS: for sanitizers. */
const extraFlags = (): readonly string[] =>
  (process.env.NONSMOOTH_CFLAGS ?? "").split(" ").filter((flag) => flag !== "");

function flagsOf({ width }: Unit): readonly string[] {
  const own = [...flags, `-DWIDTH=${width / 8}`];
  if (process.arch === "x64") own.push(`-mprefer-vector-width=${width}`);
  if (process.platform === "darwin") own.push("-undefined", "dynamic_lookup");
  return [...own, ...extraFlags()];
}

/** Changes with the meaning of units. */
const unitVersion = "1";

function nameOf(unit: Unit): UnitName {
  const found = compilerHere();
  const compiler = "missing" in found ? undefined : hashOf(found.command, found.version).slice(0, 16);
  const own = [unitVersion, process.platform, ...flagsOf(unit)].join(" ");
  return { key: hashOf(own, processorHere().identity, unit.text).slice(0, 40), compiler };
}

function includeFolder(): string {
  const { createRequire } = builtin<typeof import("node:module")>("node:module");
  try {
    return builtin<Path>("node:path").join(
      createRequire(import.meta.url).resolve("node-api-headers/package.json"),
      "..",
      "include",
    );
  } catch (cause) {
    throw new Unavailable("backend native: the package node-api-headers is not installed", { cause });
  }
}

/** An argument in a response file of gcc and clang. */
const quoted = (argument: string): string => `"${argument.replace(/[\\"]/g, "\\$&")}"`;

/** Runs compilers, some at once; the script is constant, and what differs are the names of response files. */
const script = `cc=$1; most=$2; shift 2
stop() { for pid in $pids; do kill -9 "$pid" 2>/dev/null; done; exit 1; }
trap stop TERM
for file in "$@"; do
  "$cc" "@$file" 2>"$file.log" & pids="$pids $!"; started=$((started + 1))
  if [ "$((started % most))" -eq 0 ]; then wait; pids=; fi
done
wait`;

/** A unit takes some hundred KiB; a compiler that finds no room cannot always say so, for its words go there too. */
const leastSpace = 2 ** 22;

function littleSpace(folder: string): string {
  const { bavail, bsize } = builtin<FileSystem>("node:fs").statfsSync(folder);
  return bavail * bsize < leastSpace ? ` (${folder} has ${Math.floor((bavail * bsize) / 1024)} KiB left)` : "";
}

interface Build {
  /** Arguments of the shell. */
  readonly argv: readonly string[];
  readonly seconds: number;
  /** Keeps what was built; returns the paths. @throws Unavailable in one line where a unit was not built. */
  keep(timedOut: boolean): string[];
  remove(): void;
}

/** Writes units and response files into a folder of their own. */
function prepareBuild(compiler: Compiler, units: readonly Unit[], names: readonly UnitName[]): Build {
  const fs = builtin<FileSystem>("node:fs");
  const { join } = builtin<Path>("node:path");
  const { folder, remove } = buildFolder((within) =>
    Object.fromEntries(
      units.flatMap((unit, i) => {
        const include = unit.isAddon ? ["-I", includeFolder()] : [];
        const [text, output] = [join(within, `unit${i}.c`), join(within, `unit${i}.node`)];
        const argv = [...flagsOf(unit), ...include, "-o", output, text];
        return [
          [`unit${i}.c`, unit.text],
          [`unit${i}.args`, argv.map(quoted).join("\n")],
        ];
      }),
    ),
  );
  const paths = units.map((_, i) => ({
    output: join(folder, `unit${i}.node`),
    response: join(folder, `unit${i}.args`),
  }));
  const atOnce = Math.max(2, builtin<Os>("node:os").availableParallelism());
  const seconds = compilerSeconds(mostSeconds);
  const keep = (timedOut: boolean): string[] => {
    if (timedOut) throw new Unavailable(`backend native: ${compiler.command} did not finish in ${seconds} s`);
    for (const { output, response } of paths) {
      if (fs.existsSync(output) && fs.statSync(output).size > 0) continue;
      const log = fs.existsSync(`${response}.log`) ? fs.readFileSync(`${response}.log`, "utf8") : "";
      const line =
        log.split("\n").find((text) => /error|cannot|not found|denied|no space/i.test(text)) ?? log.split("\n")[0];
      const what = `${compiler.command} (${compiler.version})`;
      throw new Unavailable(`backend native: ${what} failed: ${line || "it wrote nothing"}${littleSpace(folder)}`);
    }
    return paths.map(({ output }, i) => keepUnit(names[i], output));
  };
  const responses = paths.map(({ response }) => response);
  return { argv: ["-c", script, "sh", compiler.command, String(atOnce), ...responses], seconds, keep, remove };
}

function compilerOrThrow(): Compiler {
  const compiler = compilerHere();
  if ("missing" in compiler) throw new Unavailable(`backend native: ${compiler.missing}`);
  return compiler;
}

/** Whether every unit is in the cache. */
export function areCached(units: readonly Unit[]): boolean {
  return units.every((unit) => cachedUnit(nameOf(unit)) !== undefined);
}

/**
 * The paths of compiled units, from the cache where they are there.
 * @throws Unavailable in one line where they are not and cannot be compiled.
 */
export function compiledUnits(units: readonly Unit[]): string[] {
  const names = units.map(nameOf);
  const found = names.map(cachedUnit);
  const missing = units.map((_, i) => i).filter((i) => found[i] === undefined);
  if (missing.length === 0) return found as string[];
  const at = <T>(all: readonly T[]): T[] => missing.map((i) => all[i]);
  const build = prepareBuild(compilerOrThrow(), at(units), at(names));
  try {
    const options = { stdio: "ignore", timeout: build.seconds * 1000, killSignal: "SIGTERM" } as const;
    const { error } = builtin<Processes>("node:child_process").spawnSync("/bin/sh", build.argv, options);
    const kept = build.keep((error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT");
    missing.forEach((i, place) => {
      found[i] = kept[place];
    });
  } finally {
    build.remove();
  }
  return found as string[];
}

/** Compiles units into the cache while this process goes on; `failed` hears why not. The process does not wait for it. */
export function compileInBackground(units: readonly Unit[], failed: (error: unknown) => void): void {
  const missing = units.filter((unit) => cachedUnit(nameOf(unit)) === undefined);
  const build = prepareBuild(compilerOrThrow(), missing, missing.map(nameOf));
  const options = { stdio: "ignore", timeout: build.seconds * 1000, killSignal: "SIGTERM" } as const;
  const child = builtin<Processes>("node:child_process").spawn("/bin/sh", build.argv, options);
  child.unref();
  child.on("error", failed);
  child.on("exit", (_, signal) => {
    try {
      build.keep(signal !== null);
    } catch (error) {
      failed(error);
    } finally {
      build.remove();
    }
  });
}
