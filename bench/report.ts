/**
 * A Markdown table of measurements, with the machine:
 * `nonsmooth bench --json | node dist/bench/report.js > results/bench.md`.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import type { BenchRow } from "./bench.ts";
import { clockName } from "./clock.ts";
import { goalOf } from "./goals.ts";

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** What `nonsmooth doctor` says, as bullets. */
function machine(): readonly string[] {
  const main = fileURLToPath(new URL("../src/cli/main.js", import.meta.url));
  const flag = "--experimental-wasm-relaxed-simd";
  const flags = Number(process.versions.node.split(".")[0]) < 22 ? [flag] : [];
  const doctor = spawnSync(process.execPath, [...flags, main, "doctor"], { encoding: "utf8" });
  const shown = /^(CPU|Node|vectors|WebAssembly|peers)\s+(.*)$/;
  return doctor.stdout.split("\n").flatMap((text) => {
    const found = shown.exec(text);
    return found === null ? [] : [`- ${found[1]}: ${found[2]}`];
  });
}

/** Measured in time passed whatever the clock: no verdict on a machine that needs the other clock. */
const timePassed = /^workers\.|^threads\..*\.native$/;

function verdict({ name, peerName, ratio }: BenchRow): readonly [string, string] {
  const least = goalOf(name, peerName);
  if (least === undefined) return ["", ""];
  const shown = String(Number(least.toFixed(3)));
  if (clockName === "cpu" && timePassed.test(name)) return [shown, "not judged: other programs ran"];
  return [shown, ratio >= least ? "reached" : "missed"];
}

/** The ratio of `roof` to `roof-registers`, and of the slowest to the fastest layout, by format, size and arithmetic. */
function ofProducts(rows: readonly BenchRow[]): readonly string[] {
  const chosen = rows.filter((row) => row.name.startsWith("matmul.") && row.peerName.startsWith("roof"));
  const product = (row: BenchRow): string => row.name.replace(/\.(nn|nt|tn)\./, ".");
  return [...new Set(chosen.map(product))].map((name) => {
    const group = chosen.filter((row) => product(row) === name);
    const of = (peerName: string): readonly BenchRow[] => group.filter((row) => row.peerName === peerName);
    const [tile, registers] = ["roof", "roof-registers"].map((peerName) =>
      Math.max(...of(peerName).map((row) => row.peer)),
    );
    // Relative to the roof of its own rounds, as the machine's speed drifts between layouts.
    const ratios = of("roof").map((row) => row.ratio);
    const cells = [
      tile.toPrecision(3),
      (tile / registers).toFixed(2),
      (Math.min(...ratios) / Math.max(...ratios)).toFixed(2),
    ];
    return line([name, ...cells]);
  });
}

function report(rows: readonly BenchRow[]): string {
  const setting = clockName === "cpu" ? "BENCH_CLOCK=cpu " : "";
  const clock = clockName === "cpu" ? "processor time" : "time passed";
  const count = (word: string): number => rows.filter((row) => verdict(row)[1] === word).length;
  return [
    "# Benchmarks",
    "",
    `What each row means: \`bench/README.md\`. Made on ${new Date().toISOString().slice(0, 10)} in one run by`,
    `\`${setting}nonsmooth bench --json | ${setting}node dist/bench/report.js > results/bench.md\`.`,
    "",
    ...machine(),
    "- our vectors: 128 bits, one thread",
    `- clock: ${clock}; load of the machine at the end: ${loadavg()[0].toFixed(1)}`,
    `- goals reached: ${count("reached")}, missed: ${count("missed")}`,
    "",
    line(["name", "unit", "ours", "peer", "peer's", "ratio", "goal", ""]),
    line(["---", "---", "---:", "---", "---:", "---:", "---:", "---"]),
    ...rows.map((row) =>
      line([
        ...[row.name, row.unit, row.ours.toPrecision(4), row.peerName, row.peer.toPrecision(4), row.ratio.toFixed(2)],
        ...verdict(row),
      ]),
    ),
    "",
    "Roof in GFLOP/s, its share of the register loop (goal 0.85), and slowest over fastest layout, each beside its roof (goal 0.9):",
    "",
    line(["product", "roof", "of registers", "layouts"]),
    line(["---", "---:", "---:", "---:"]),
    ...ofProducts(rows),
    "",
  ].join("\n");
}

process.stdout.write(report(JSON.parse(readFileSync(0, "utf8")) as readonly BenchRow[]));
