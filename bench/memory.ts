/** `memory.zone`: memory of a process that measures zones, beside the data, after one network and after many. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchRow, OwnBench } from "./bench.ts";

/** Goal in MiB, as a peer. */
const goal = 400;

/** What `memory-process.ts` prints. */
export interface MemoryReport {
  /** Greatest resident size less the data, in MiB: after the first network and after the last. */
  readonly first: number;
  readonly last: number;
}

async function rows(): Promise<readonly BenchRow[]> {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const path = fileURLToPath(new URL(`./memory-process${extension}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path]);
  const { first, last } = JSON.parse(stdout) as MemoryReport;
  const row = (peerName: string, peer: number): BenchRow => ({
    ...{ name: "memory.zone", ours: last, peer, peerName, ratio: peer / last, unit: "MiB" },
  });
  return [row("goal", goal), row("first-network", first)];
}

export const memoryBench: OwnBench = { name: "memory.zone", rows };
