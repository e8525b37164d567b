/** Prints an EngineReport of this Node as JSON: `node dist/test/engines/node.js test/golden/ops.json`. */
import { readFileSync } from "node:fs";
import { report } from "../golden/engine.ts";

const { hashes } = JSON.parse(readFileSync(process.argv[2], "utf8")) as { hashes: Record<string, string> };
process.stdout.write(JSON.stringify(await report(hashes)));
