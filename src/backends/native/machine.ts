/** What this machine offers printed C: the processor's vectors, a compiler, headers. Nothing here throws. */
import { builtin, type FileSystem, hashOf, type Os, type Processes } from "./builtin.ts";

export interface Processor {
  /** Model and everything it announces, hashed: code is never taken to another one. */
  readonly identity: string;
  /** Widest vectors, in bits. */
  readonly width: 128 | 256 | 512;
  readonly registers: 16 | 32;
  /** Why printed code would not run here. */
  readonly lacks: string | undefined;
}

function cpuFlags(): ReadonlySet<string> {
  const fs = builtin<FileSystem>("node:fs");
  if (!fs.existsSync("/proc/cpuinfo")) return new Set();
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(fs.readFileSync("/proc/cpuinfo", "utf8"));
  return new Set((line?.[1] ?? "").trim().split(/\s+/));
}

function vectorsOf(flags: ReadonlySet<string>): Pick<Processor, "width" | "registers" | "lacks"> {
  if (process.arch === "arm64") return { width: 128, registers: 32, lacks: undefined };
  if (process.arch !== "x64") return { width: 128, registers: 16, lacks: `a processor of type ${process.arch}` };
  const wide = ["avx512f", "avx512vl", "avx512dq", "avx512bw"].every((flag) => flags.has(flag));
  if (wide) return { width: 512, registers: 32, lacks: undefined };
  const known = flags.size > 0;
  const lacks = known && !(flags.has("avx2") && flags.has("fma")) ? "a processor without AVX2 and FMA" : undefined;
  return { width: 256, registers: 16, lacks };
}

let processor: Processor | undefined;

export function processorHere(): Processor {
  if (processor === undefined) {
    const flags = cpuFlags();
    const model = builtin<Os>("node:os").cpus()[0]?.model ?? "unknown";
    processor = { identity: hashOf(process.arch, model, [...flags].sort().join(" ")), ...vectorsOf(flags) };
  }
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
