/** A worker thread of `workers.2`: does what it is told once, and says so. */
import { parentPort } from "node:worker_threads";
import { ZoneMeter } from "../src/analysis/zone/meter.ts";
import { cellOf } from "../src/analysis/zone/parameters.ts";
import { loadData } from "../src/lab/execute.ts";
import { registerRoof } from "./roof.ts";

/** A scan of one network over 20,000 images, or multiply-adds between registers for about as long. */
export type WorkerWork = "scan" | "arithmetic";

const samples = 20_000;
const arithmeticRuns = 1500;

const parameters = { model: "784-256x3-10", format: "float32", samples, batch: 256, all: true, seed: 0 };
const meter = new ZoneMeter(loadData("mnist"), cellOf(parameters));
const roof = registerRoof("f32", "strict");

const work: Readonly<Record<WorkerWork, () => void>> = {
  scan: () => {
    meter.scan(0);
  },
  arithmetic: () => {
    for (let i = 0; i < arithmeticRuns; i++) roof.run();
  },
};

parentPort?.on("message", (name: WorkerWork) => {
  work[name]();
  parentPort?.postMessage(name);
});
