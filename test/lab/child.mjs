/** Runs the toy into the store named on the command line, until it is killed. */
import { runExperiment } from "../../dist/src/lab/run.js";
import { toy } from "./toy.mjs";

await runExperiment(toy, { store: process.argv[2], workers: 0, parameters: { trials: 40, milliseconds: 25 } });
