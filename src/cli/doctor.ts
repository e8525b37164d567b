/** `nonsmooth doctor`: what this machine has. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, totalmem } from "node:os";
import type { Command } from "commander";
import { pythonVersion } from "../../bench/peers/python.ts";
import { type NativeFacts, nativeFacts } from "../backends/native/facts.ts";
import { probe } from "../backends/wasm/probe.ts";
import { dataSets } from "../data/index.ts";
import { packageVersion } from "../lab/provenance.ts";
import { command } from "./command.ts";
import { print, printJson } from "./output.ts";

interface Options {
  readonly json?: boolean;
}

interface Doctor {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  /** Widest vectors of the CPU in bits, and its flags that matter here; null where the system does not say. */
  readonly vectors: { readonly bits: number | null; readonly flags: readonly string[] };
  /** Printed C: why it cannot be used here (null: it can), the compiler, bits of its vectors, and what is cached. */
  readonly native: NativeFacts;
  readonly wasm: { readonly simd: boolean; readonly relaxedSimd: boolean; readonly fused: boolean };
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly dataSets: readonly { readonly name: string; readonly found: boolean }[];
  /** Version, or null where it is not installed. */
  readonly peers: Readonly<Record<string, string | null>>;
}

export function doctorCommand(): Command {
  return command("doctor", "show what this machine has", "nonsmooth doctor --json").action((options: Options) => {
    const found = examine();
    if (options.json === true) printJson(found);
    else print(show(found));
  });
}

const vectorFlags = ["sse4_1", "avx", "fma", "f16c", "avx2", "avx512f", "avx512_bf16", "avx512_fp16", "asimd", "sve"];

function vectors(): Doctor["vectors"] {
  if (!existsSync("/proc/cpuinfo")) return { bits: null, flags: [] };
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"));
  const all = new Set((line?.[1] ?? "").trim().split(/\s+/));
  const flags = vectorFlags.filter((flag) => all.has(flag));
  const bits = all.has("avx512f") ? 512 : all.has("avx") ? 256 : flags.length > 0 ? 128 : null;
  return { bits, flags };
}

function installedVersion(name: string): string | null {
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const file = paths.map((path) => `${path}/${name}/package.json`).find((path) => existsSync(path));
  return file === undefined ? null : (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** What each choice of `--backend` costs. */
function costs({ unavailable }: NativeFacts): string {
  const native = "native compiles for about 2 s when a program is new, then 0.1 s";
  return `${unavailable === null ? native : "native cannot be used"}; wasm compiles in 0.1 s; js at once, and is some 100 times slower`;
}

function examine(): Doctor {
  const { simd, relaxed, fused } = probe();
  return {
    version: packageVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    vectors: vectors(),
    native: nativeFacts(),
    wasm: { simd, relaxedSimd: relaxed, fused },
    cores: availableParallelism(),
    memory: totalmem(),
    dataSets: dataSets.map((set) => ({ name: set.name, found: set.installed() })),
    peers: {
      tfjs: installedVersion("@tensorflow/tfjs-backend-wasm"),
      "jax-js": installedVersion("@jax-js/jax"),
      NumPy: pythonVersion("NumPy") ?? null,
      PyTorch: pythonVersion("PyTorch") ?? null,
    },
  };
}

function show(found: Doctor): string {
  const yes = (value: boolean): string => (value ? "yes" : "no");
  const { vectors, wasm, native } = found;
  const megabytes = (native.cache.bytes / 1e6).toFixed(1);
  const installed = found.dataSets.filter((set) => set.found).map((set) => set.name);
  return [
    ["nonsmooth", found.version],
    ["Node", `${found.node}, ${found.platform}`],
    ["CPU", `${found.cpu}, ${found.cores} cores`],
    ["vectors", vectors.bits === null ? "unknown" : `${vectors.bits} bits (${vectors.flags.join(" ")})`],
    ["WebAssembly", `SIMD ${yes(wasm.simd)}, relaxed SIMD ${yes(wasm.relaxedSimd)}, fused ${yes(wasm.fused)}`],
    ["native", native.unavailable ?? `${native.width} bits, ${native.compiler ?? "no compiler, cached units only"}`],
    ["cache", `${native.cache.folder}, ${native.cache.units} compiled units, ${megabytes} MB`],
    ["backends", costs(native)],
    ["memory", `${(found.memory / 2 ** 30).toFixed(1)} GiB`],
    [
      "data sets",
      `${installed.length === 0 ? "none installed" : installed.join(", ")}; others: nonsmooth data --data-dir`,
    ],
    [
      "peers",
      Object.entries(found.peers)
        .map(([name, version]) => `${name} ${version ?? "missing"}`)
        .join(", "),
    ],
  ]
    .map(([key, value]) => `${key.padEnd(12)} ${value}`)
    .join("\n");
}
