/**
 * Prints an EngineReport of this Node as JSON: `node dist/test/engines/node.js test/golden/ops.json`; with `--emulated`
 * as if it had no relaxed SIMD.
 */
import { readFileSync } from "node:fs";
import { report } from "../golden/engine.ts";
import { hideRelaxedSimd } from "./emulated.ts";

if (process.argv.includes("--emulated")) hideRelaxedSimd();
const { hashes } = JSON.parse(readFileSync(process.argv[2], "utf8")) as { hashes: Record<string, string> };
process.stdout.write(JSON.stringify(await report(hashes)));
