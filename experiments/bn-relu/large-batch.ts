/** E8: which learning-rate rule survives large batches? The toy grid, and every rule tuned on MNIST with the same budget. */
import { type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import { largeBatchClaims } from "./large-batch-claims.ts";
import { largeBatchFigure } from "./large-batch-figure.ts";
import { type LargeBatchRow, type LargeBatchTrial, largeBatchTrial } from "./large-batch-trial.ts";
import { contestantNames, toyRates } from "./rules.ts";

/** The table's rules; the other candidates too at scale paper. */
const toyRules = Object.keys(toyRates);
const toyMore = ["lalc-like-a", "lalc-like-c", "lalc-like-d"];

function grid(scale: Scale): Partial<LargeBatchTrial>[] {
  if (scale === "quick") {
    const tiny = { depth: 3, width: 16, replicas: 2, steps: 4, samples: 1024, epochs: 1 };
    const some = ["sgd + warm-up", "lalc-like-b"];
    return [
      ...some.map((rule) => ({ ...tiny, task: "toy" as const, rule })),
      ...some.map((rule) => ({ ...tiny, task: "mnist" as const, rule, batch: 256 })),
    ];
  }
  const rules = scale === "paper" ? [...toyRules, ...toyMore] : toyRules;
  const toy = rules.map((rule) => ({ task: "toy" as const, rule, depth: 30, width: 128, batch: 512, replicas: 3 }));
  const [batches, samples, epochs] =
    scale === "paper" ? [[128, 256, 512, 1024, 2048, 4096, 8192], 49_152, 10] : [[2048], 16_384, 4];
  const mnist = batches.flatMap((batch) =>
    contestantNames.map((rule) => ({ task: "mnist" as const, rule, batch, samples, epochs, replicas: 2 })),
  );
  return [...toy, ...mnist];
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
