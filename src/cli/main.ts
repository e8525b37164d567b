#!/usr/bin/env node
/** The command `nonsmooth`. */
import { setFlagsFromString } from "node:v8";
import { endOnClosedPipe } from "./output.ts";
import { execute } from "./program.ts";

// Node 20 has relaxed SIMD behind a flag, which worker threads inherit; later versions have it without.
if (Number(process.versions.node.split(".")[0]) < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");

endOnClosedPipe();
process.exitCode = await execute(process.argv.slice(2));
