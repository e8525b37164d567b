/** `nonsmooth figure`: draws an experiment's figure from stored rows. */
import { join } from "node:path";
import type { Command } from "commander";
import { writeOutput } from "../base/files.ts";
import { rowsForFigure } from "../lab/claims.ts";
import { drawFigure } from "../lab/figure.ts";
import { command } from "./command.ts";
import { experimentNamed } from "./experiments.ts";
import { print, printJson } from "./output.ts";

interface Options {
  readonly store: string;
  readonly out?: string;
  readonly json?: boolean;
}

export function figureCommand(): Command {
  return command(
    "figure",
    "draw an experiment's figure from stored rows",
    "nonsmooth figure relu0/volume --out volume.svg",
  )
    .argument("<experiment>", "see `nonsmooth experiments`")
    .option("--store <folder>", "where rows are kept", "runs")
    .option("--out <file>", "SVG file (default: out/<experiment>.svg)")
    .action((id: string, options: Options) => {
      const experiment = experimentNamed(id);
      const { scale, rows } = rowsForFigure(experiment, options.store);
      const path = options.out ?? join("out", `${id.replaceAll("/", "-")}.svg`);
      writeOutput(path, drawFigure(experiment.figure(rows)));
      if (options.json === true) printJson({ path, scale, rows: rows.length });
      else print(path);
    });
}
