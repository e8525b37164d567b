/** `nonsmooth claims`: verdicts on published claims over stored rows. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { experiments } from "../../experiments/index.ts";
import { storeFailure, writeOutput } from "../base/files.ts";
import { type ClaimResult, collectClaims } from "../lab/claims.ts";
import { claimsTable, replaceSection } from "../lab/report.ts";
import { command } from "./command.ts";
import { print, printJson, table } from "./output.ts";
import { word } from "./text.ts";

interface Options {
  readonly paper?: string;
  readonly store: string;
  readonly write?: string;
  readonly json?: boolean;
}

export function claimsCommand(): Command {
  return command("claims", "judge published claims by stored rows", "nonsmooth claims --paper relu0")
    .option("--paper <paper>", "only claims of this paper")
    .option("--store <folder>", "where rows are kept", "runs")
    .option("--write <file>", "also put the table between the claims markers of a Markdown file")
    .action((options: Options) => {
      const papers = [...new Set(experiments.map((experiment) => experiment.paper))];
      const paper = options.paper === undefined ? undefined : word(options.paper, "paper", papers);
      const claims = collectClaims(experiments, options.store, paper);
      if (options.write !== undefined) update(options.write, claims);
      if (options.json === true) printJson(claims);
      else print(show(claims));
    });
}

function update(file: string, claims: readonly ClaimResult[]): void {
  const text = storeFailure(file, () => readFileSync(file, "utf8"));
  writeOutput(file, replaceSection(text, "claims", claimsTable(claims)));
}

const show = (claims: readonly ClaimResult[]): string =>
  table(
    ["claim", "verdict", "published", "ours", "scale", "statement"],
    claims.map((claim) => [
      claim.id,
      claim.verdict,
      claim.published,
      claim.ours,
      claim.scale ?? undefined,
      claim.statement,
    ]),
  );
