/** `nonsmooth experiments`: what can be run. */
import type { Command } from "commander";
import { experiments } from "../../experiments/index.ts";
import { unknown } from "../base/errors.ts";
import type { Experiment } from "../lab/experiment.ts";
import { scales } from "../lab/experiment.ts";
import { trialParameters } from "../lab/parameters.ts";
import { command } from "./command.ts";
import { print, printJson, table } from "./output.ts";

interface Options {
  readonly json?: boolean;
}

export function experimentsCommand(): Command {
  return command("experiments", "list experiments, or the parameters of one", "nonsmooth experiments relu0/volume")
    .argument("[experiment]", "only this one")
    .action((id: string | undefined, options: Options) => {
      const chosen = id === undefined ? experiments : [experimentNamed(id)];
      if (options.json === true) printJson(chosen.map(listing));
      else print(id === undefined ? overview(chosen) : details(chosen[0]));
    });
}

/** Throws UsageError with the near name. */
export function experimentNamed(id: string): Experiment {
  const found = experiments.find((experiment) => experiment.id === id);
  if (found === undefined)
    throw unknown(
      "experiment",
      id,
      experiments.map((experiment) => experiment.id),
    );
  return found;
}

/** Where worker threads find the registry. */
export const registryUrl: string = new URL(
  `../../experiments/index.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
).href;

const trials = (experiment: Experiment): Record<string, number> =>
  Object.fromEntries(scales.map((scale) => [scale, trialParameters(experiment, scale, {}).length]));

const listing = (experiment: Experiment): object => ({
  id: experiment.id,
  paper: experiment.paper,
  source: experiment.source,
  title: experiment.title,
  parameters: experiment.parameters,
  trials: trials(experiment),
  claims: experiment.claims.map(({ id, statement, published, rule }) => ({ id, statement, published, rule })),
});

const overview = (chosen: readonly Experiment[]): string =>
  table(
    ["experiment", "source", "title", ...scales, "claims"],
    chosen.map((experiment) => [
      experiment.id,
      experiment.source,
      experiment.title,
      ...Object.values(trials(experiment)),
      experiment.claims.map((claim) => claim.id.split("/")[1]).join(" "),
    ]),
  );

function details(experiment: Experiment): string {
  const rows = Object.entries(experiment.parameters).map(([name, parameter]) => [
    name,
    parameter.type,
    String(parameter.default),
    [parameter.doc, parameter.choices?.join(" | ")].filter((text) => text !== undefined).join("; "),
  ]);
  return `${experiment.id}: ${experiment.title} (${experiment.source})\n\n${table(["parameter", "type", "default", ""], rows)}`;
}
