/** `nonsmooth bench`: our speed beside roofs and peers. */
import type { Command } from "commander";
import { isNative } from "../../bench/backends.ts";
import { type Bench, type BenchRow, benches, measure } from "../../bench/index.ts";
import { whyNot } from "../backends/native/library.ts";
import { probe } from "../backends/wasm/probe.ts";
import { UsageError, unknown } from "../base/errors.ts";
import { command } from "./command.ts";
import { note, print, printJson, table } from "./output.ts";

interface Options {
  readonly json?: boolean;
}

export function benchCommand(): Command {
  return command("bench", "measure speed beside roofs and peers", "nonsmooth bench matmul.f32.512")
    .argument("[prefix]", "only names that begin with this", "")
    .action(async (prefix: string, options: Options) => {
      const chosen = select(prefix);
      const rows: BenchRow[] = [];
      for (const bench of chosen) {
        if (isNative(bench.name) && whyNot() !== undefined) {
          note(`${bench.name}: ${whyNot()}`);
          continue;
        }
        if (isFused(bench) && !isNative(bench.name) && !probe().fused) {
          note(`${bench.name}: WebAssembly has no fused multiply-add here`);
          continue;
        }
        if (process.stderr.isTTY === true) note(bench.name);
        rows.push(...(await measure(bench, { note })));
      }
      if (options.json === true) printJson(rows);
      else print(show(rows));
    });
}

function select(prefix: string): readonly Bench[] {
  const chosen = benches.filter((bench) => bench.name.startsWith(prefix));
  if (chosen.length > 0 || prefix === "") return chosen;
  const names = benches.map((bench) => bench.name);
  if (names.length === 0) throw new UsageError(`unknown benchmark '${prefix}'`);
  throw unknown("benchmark", prefix, new Set([...names, ...names.flatMap(prefixes)]));
}

/** "matmul.f32.512" gives "matmul", "matmul.f32". */
const prefixes = (name: string): string[] => name.split(".").map((_, i, parts) => parts.slice(0, i).join("."));

const isFused = (bench: Bench): boolean => bench.name.split(".").includes("fused");

const figure = (value: number): string => value.toPrecision(4);

const show = (rows: readonly BenchRow[]): string =>
  table(
    ["name", "ours", "unit", "peer", "peer's", "ratio"],
    rows.map((row) => [
      row.name,
      figure(row.ours),
      row.unit,
      row.peerName,
      figure(row.peer),
      `${row.ratio.toFixed(2)} x`,
    ]),
  );
