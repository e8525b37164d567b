/** `compile.mlp`: from a traced network to an engine for forward and pullback, WebAssembly included. */
import { pullback } from "../src/autodiff/pullback.ts";
import { withResiduals } from "../src/autodiff/residuals.ts";
import { compile } from "../src/compile.ts";
import { mlpNamed } from "../src/nn/architecture.ts";
import { mlpLoss } from "../src/nn/mlp.ts";
import { type TimedBench, timed } from "./bench.ts";

const mlp = mlpNamed("784-256x3-10");
const batch = 256;
/** Goal of one compilation, as a peer whose time it is. */
const goalMilliseconds = 50;

function run(): void {
  const program = mlpLoss(mlp, batch);
  const backward = pullback(program, undefined, { wrt: ["w1", "b1", "w2", "b2", "w3", "b3", "w4", "b4"] });
  compile({ forward: withResiduals(program, backward), backward }, { precision: "float32", backend: "wasm" }).dispose();
}

export const compileBench: TimedBench = {
  name: "compile.mlp",
  unit: "ms",
  work: 1,
  ours: () => timed("ours", run),
  peers: [
    {
      peerName: "goal",
      start: () => ({ peerName: "goal", seconds: (repeats) => (repeats * goalMilliseconds) / 1000 }),
    },
  ],
};
