/** What this machine offers printed C: the processor's vectors, a compiler, headers. Nothing here throws. */
import { builtin, type FileSystem, hashOf, type Os, type Processes } from "./builtin.ts";

export interface Processor {
  /** Model, everything it announces and the C library, hashed: code is never taken to another machine. */
  readonly identity: string;
  /** Widest vectors, in bits. */
  readonly width: 128 | 256 | 512;
  readonly registers: 16 | 32;
  /** Why printed code would not run here. */
  readonly lacks: string | undefined;
}

/** What `/proc/cpuinfo` says of vectors; empty where the system does not say. */
function cpuFlags(cpuinfo: string): ReadonlySet<string> {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo);
  return new Set((line?.[1] ?? "").trim().split(/\s+/));
}

function vectorsOf(architecture: string, flags: ReadonlySet<string>): Pick<Processor, "width" | "registers" | "lacks"> {
  if (architecture === "arm64") return { width: 128, registers: 32, lacks: undefined };
  if (architecture !== "x64") return { width: 128, registers: 16, lacks: `a processor of type ${architecture}` };
  const wide = ["avx512f", "avx512vl", "avx512dq", "avx512bw"].every((flag) => flags.has(flag));
  if (wide) return { width: 512, registers: 32, lacks: undefined };
  const isKnown = !flags.has("");
  const lacks = isKnown && !(flags.has("avx2") && flags.has("fma")) ? "a processor without AVX2 and FMA" : undefined;
  return { width: 256, registers: 16, lacks };
}

/** @param library Of C: code that was linked with one does not load with another. */
export function processorOf(architecture: string, model: string, cpuinfo: string, library: string): Processor {
  const flags = cpuFlags(cpuinfo);
  const identity = hashOf(architecture, model, [...flags].sort().join(" "), library);
  return { identity, ...vectorsOf(architecture, flags) };
}

let processor: Processor | undefined;

export function processorHere(): Processor {
  if (processor !== undefined) return processor;
  const fs = builtin<FileSystem>("node:fs");
  const cpuinfo = fs.existsSync("/proc/cpuinfo") ? fs.readFileSync("/proc/cpuinfo", "utf8") : "";
  const machine = { x64: "x86_64", arm64: "aarch64" }[process.arch as string] ?? process.arch;
  const library = fs.existsSync(`/lib/ld-musl-${machine}.so.1`) ? "musl" : "";
  processor = processorOf(process.arch, builtin<Os>("node:os").cpus()[0]?.model ?? "unknown", cpuinfo, library);
  return processor;
}

export interface Compiler {
  readonly command: string;
  /** First line of `--version`. */
  readonly version: string;
}

/** Longest answer to `--version`; NONSMOOTH_CC_SECONDS. */
const answerSeconds = 10;
let compiler: Compiler | { readonly missing: string } | undefined;

/** Seconds that a compiler may take: NONSMOOTH_CC_SECONDS where it is less. */
export function compilerSeconds(most: number): number {
  const own = Number(process.env.NONSMOOTH_CC_SECONDS);
  return own > 0 ? Math.min(own, most) : most;
}

/** The C compiler: NONSMOOTH_CC, or `cc`; or one line on why there is none. */
export function compilerHere(): Compiler | { readonly missing: string } {
  compiler ??= askCompiler(process.env.NONSMOOTH_CC || "cc");
  return compiler;
}

function askCompiler(command: string): Compiler | { readonly missing: string } {
  const { spawnSync } = builtin<Processes>("node:child_process");
  const answer = spawnSync(command, ["--version"], {
    encoding: "utf8",
    timeout: compilerSeconds(answerSeconds) * 1000,
    killSignal: "SIGKILL",
  });
  const code = (answer.error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOENT") return { missing: `no C compiler: ${command} is not on PATH` };
  if (code === "ETIMEDOUT") return { missing: `the C compiler does not answer: ${command} --version` };
  const version = answer.stdout?.split("\n")[0].trim() ?? "";
  if (answer.error !== undefined || answer.status !== 0 || version === "") {
    return {
      missing: `the C compiler does not work: ${command} --version: ${answer.error?.message ?? `exit ${answer.status}`}`,
    };
  }
  return { command, version };
}
