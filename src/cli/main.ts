#!/usr/bin/env node
/** The command `nonsmooth`. */
import { endOnClosedPipe } from "./output.ts";
import { execute } from "./program.ts";

endOnClosedPipe();
process.exitCode = await execute(process.argv.slice(2));
