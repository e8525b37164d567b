/** `nonsmooth ops`: the ops with their kinks. */
import type { Command } from "commander";
import { unknown } from "../base/errors.ts";
import { acceptedChoices, showChoice } from "../conventions/index.ts";
import * as functions from "../ops/index.ts";
import type { Op } from "../ops/op.ts";
import { command } from "./command.ts";
import { print, printJson, table } from "./output.ts";

interface Options {
  readonly json?: boolean;
}

export function opsCommand(): Command {
  return command("ops", "list ops with their kinks: place, one-sided slopes, choices, default", "nonsmooth ops relu")
    .argument("[op]", "only this op")
    .action((name: string | undefined, options: Options) => {
      const chosen = publicOps().filter((op) => name === undefined || op.name === name);
      if (name !== undefined && chosen.length === 0) {
        throw unknown(
          "op",
          name,
          publicOps().map((op) => op.name),
        );
      }
      if (options.json === true) printJson(chosen.map(listing));
      else print(show(chosen));
    });
}

/** The ops that have a user function; the others only occur in derivatives. */
export function publicOps(): Op[] {
  return [...functions.ops.values()].filter((op) => op.name in functions);
}

const listing = (op: Op): object => ({
  name: op.name,
  doc: op.doc,
  operands: op.operands,
  options: op.options,
  kinks: op.kinks.map((kink) => ({
    name: kink.name,
    where: kink.where,
    slopes: kink.slopes,
    choices: acceptedChoices(kink),
    default: showDefault(kink.default),
  })),
});

const showDefault = (choice: Op["kinks"][number]["default"]): number | string =>
  typeof choice === "number" ? choice : showChoice(choice);

function show(chosen: readonly Op[]): string {
  const rows = chosen.flatMap((op) => {
    const name = `${op.name}(${[...op.operands, ...op.options.map((option) => `${option.name}=`)].join(", ")})`;
    if (op.kinks.length === 0) return [[name, "", "", "", "", ""]];
    return op.kinks.map((kink, i) => [
      i === 0 ? name : "",
      kink.name,
      kink.where,
      kink.slopes.join(", "),
      acceptedChoices(kink).join(" | "),
      showChoice(kink.default),
    ]);
  });
  return table(["op", "kink", "where", "slopes", "choices", "default"], rows);
}
