/** PyTorch scanning MNIST the published way: the timing mode of the oracle script. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { mnistPackageDirectory } from "../../src/data/idx-set.ts";
import { packageDirectory } from "../../src/lab/provenance.ts";
import type { Contender } from "../bench.ts";
import { clockName } from "../clock.ts";
import { environment, pythonWith } from "./python.ts";

/** Runs a script with processor time in place of time passed. */
const onProcessorTime = `
import runpy, sys, time
time.perf_counter = time.process_time
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
`;

/** Undefined where PyTorch, the script or the data are not there. The script limits itself to one thread. */
export function publishedByPytorch(): Contender | undefined {
  const python = pythonWith("PyTorch");
  const script = join(packageDirectory(), "scripts", "oracle", "relu0_volume.py");
  const data = mnistPackageDirectory();
  if (python === undefined || data === undefined || !existsSync(script)) return undefined;
  return {
    peerName: "PyTorch",
    async seconds(repeats) {
      const measured = [script, data, "--time", String(repeats)];
      const all = clockName === "cpu" ? ["-c", onProcessorTime, ...measured] : measured;
      const { stdout } = await promisify(execFile)(python, all, { env: environment() });
      const { seconds } = JSON.parse(stdout) as { readonly seconds: readonly number[] };
      return seconds.reduce((a, b) => a + b, 0);
    },
  };
}
