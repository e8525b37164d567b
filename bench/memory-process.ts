/** A process that measures the zones of several networks and prints how much memory it took (`memory.ts`). */
import { ZoneMeter } from "../src/analysis/zone/meter.ts";
import { cellOf } from "../src/analysis/zone/parameters.ts";
import { loadData } from "../src/lab/execute.ts";
import type { MemoryReport } from "./memory.ts";

const networks = 16;
const samples = 10_000;

const data = loadData("mnist");
const parameters = { model: "784-256x3-10", format: "float32", samples, batch: 256, all: true, seed: 0 };
const meter = new ZoneMeter(data, cellOf(parameters));
/** maxRSS is in KiB. */
const beside = (): number => process.resourceUsage().maxRSS / 2 ** 10 - data.images.byteLength / 2 ** 20;

meter.scan(0);
const first = beside();
for (let network = 1; network < networks; network++) meter.scan(network);
process.stdout.write(JSON.stringify({ first, last: beside() } satisfies MemoryReport));
