/** What an engine says of its bits: run in other Nodes and in a browser, beside the committed hashes. */

import { wasm } from "../../src/backends/wasm/index.ts";
import { probe } from "../../src/backends/wasm/probe.ts";
import { hashes } from "./bits.ts";

export interface EngineReport {
  readonly count: number;
  readonly fused: boolean;
  /** Names whose hash is not the committed one. */
  readonly different: readonly string[];
}

export async function report(golden: Readonly<Record<string, string>>): Promise<EngineReport> {
  const found = await hashes(wasm);
  const names = [...new Set([...Object.keys(golden), ...Object.keys(found)])];
  const different = names.filter((name) => golden[name] !== found[name]);
  return { count: names.length, fused: probe().fused, different };
}
