/** E8: which learning-rate rule survives large batches? The toy grid, and every rule tuned on MNIST with the same budget. */
import { type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import { largeBatchClaims } from "./large-batch-claims.ts";
import { largeBatchFigure } from "./large-batch-figure.ts";
import { type LargeBatchRow, type LargeBatchTrial, largeBatchTrial } from "./large-batch-trial.ts";
import { contestantNames, toyRates } from "./rules.ts";

/** The table's rules, then the other candidates. */
const toyRules = [...Object.keys(toyRates), "lalc-like-a", "lalc-like-c", "lalc-like-d"];

/** Rules without a per-layer rate or a schedule of their own, and LAMB's variant: after all others, so that a run cut short has those. */
const mnistLast: readonly string[] = ["lambc", "adam", "adamw"];

interface Passes {
  readonly batch: number;
  readonly samples: number;
  readonly epochs: number;
}

/** Batches of MNIST. At scale minimal the largest one has twice the passes: 16 steps instead of 8. */
const mnistPasses: Readonly<Record<Exclude<Scale, "quick">, readonly Passes[]>> = {
  minimal: [8192, 2048, 512, 128].map((batch) => ({ batch, samples: 16_384, epochs: batch === 8192 ? 8 : 4 })),
  paper: [8192, 4096, 2048, 1024, 512, 256, 128].map((batch) => ({ batch, samples: 49_152, epochs: 10 })),
};

function grid(scale: Scale): Partial<LargeBatchTrial>[] {
  if (scale === "quick") {
    const tiny = { depth: 3, width: 16, replicas: 2, steps: 4, samples: 1024, epochs: 1 };
    const cell = (task: "toy" | "mnist", rule: string) => ({ ...tiny, task, rule, batch: task === "toy" ? 512 : 256 });
    return [
      ...["sgd + warm-up", "lalc-like-b"].map((rule) => cell("toy", rule)),
      ...["sgd + linear scaling", "lalc-like-b", "lambc"].map((rule) => cell("mnist", rule)),
    ];
  }
  const toy = toyRules.map((rule) => ({ task: "toy" as const, rule, depth: 30, width: 128, batch: 512, replicas: 3 }));
  const mnist = (rules: readonly string[]) =>
    mnistPasses[scale].flatMap((passes) =>
      rules.map((rule) => ({ ...passes, task: "mnist" as const, rule, replicas: 3 })),
    );
  const first = contestantNames.filter((name) => !mnistLast.includes(name));
  return [...toy, ...mnist(first), ...mnist(mnistLast)];
}

export const largeBatch: Experiment<LargeBatchTrial, LargeBatchRow> = experiment({
  id: "bn-relu/large-batch",
  paper: "bn-relu",
  source: "E8",
  title: "Large batches: learning-rate rules with equal tuning budgets",
  parameters: {
    task: { type: "string", default: "mnist", doc: "toy: mixture hard; mnist: images", choices: ["toy", "mnist"] },
    rule: { type: "string", default: "sgd", doc: "rule", choices: contestantNames },
    depth: { type: "integer", default: 20, doc: "blocks", minimum: 2, maximum: 200 },
    width: { type: "integer", default: 256, doc: "units", minimum: 1 },
    batch: { type: "integer", default: 512, doc: "mini-batch", minimum: 2 },
    steps: { type: "integer", default: 120, doc: "steps of the toy", minimum: 1 },
    samples: { type: "integer", default: 16_384, doc: "first training images", minimum: 2, maximum: 51_808 },
    epochs: { type: "integer", default: 4, doc: "passes over them", minimum: 1 },
    replicas: { type: "integer", default: 3, doc: "seeds: of every toy cell, of the tuned rule on MNIST", minimum: 1 },
  },
  grid,
  data: ({ task }) => (task === "mnist" ? [{ name: "mnist", split: "train" }] : []),
  cost: ({ task, depth, width, batch, steps, samples, epochs, replicas }) =>
    depth * width * width * (task === "toy" ? 4 * replicas * batch * steps : (4 + replicas) * samples * epochs),
  trial: largeBatchTrial,
  figure: largeBatchFigure,
  claims: largeBatchClaims,
});
