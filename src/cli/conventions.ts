/** `nonsmooth conventions`: what frameworks choose at their kinks, with a source per entry. */
import type { Command } from "commander";
import { type ListedEntry, listPreset, type Preset, presetNamed, presets, showChoice } from "../conventions/index.ts";
import { command } from "./command.ts";
import { publicOps } from "./ops.ts";
import { print, printJson, table } from "./output.ts";

interface Options {
  readonly json?: boolean;
}

export function conventionsCommand(): Command {
  return command(
    "conventions",
    "list presets of conventions, or one with a source per entry",
    "nonsmooth conventions",
    "nonsmooth conventions tfjs",
  )
    .argument("[name]", "framework, or framework-version")
    .action((name: string | undefined, options: Options) => {
      const chosen = name === undefined ? presets : [presetNamed(name)];
      if (options.json === true) printJson(name === undefined ? chosen.map(listing) : listing(chosen[0]));
      else print(name === undefined ? overview(chosen) : details(chosen[0]));
    });
}

const entriesOf = (preset: Preset): ListedEntry[] =>
  listPreset(
    preset,
    publicOps().flatMap((op) => op.kinks),
  );

const listing = (preset: Preset): object => ({
  name: preset.name,
  framework: preset.framework,
  source: preset.source,
  notes: preset.notes,
  entries: entriesOf(preset).map((entry) => ({
    ...entry,
    choice: typeof entry.choice === "number" ? entry.choice : showChoice(entry.choice),
  })),
});

/** Kinks down, presets across; an empty cell is unknown (the default acts there), * marks what no subgradient is. */
function overview(chosen: readonly Preset[]): string {
  const columns = chosen.map((preset) => new Map(entriesOf(preset).map((entry) => [entry.kink, entry])));
  const kinks = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  const cell = (entry: ListedEntry | undefined): string => {
    if (entry === undefined || entry.unknown) return "";
    return `${showChoice(entry.choice)}${entry.outside ? " *" : ""}${entry.confirmed === false ? " ?" : ""}`;
  };
  const rows = kinks.map((kink) => [kink, ...columns.map((column) => cell(column.get(kink)))]);
  const legend = "empty: unknown, the op's default acts; *: outside the Clarke subdifferential; ?: unconfirmed";
  return `${table(["kink", ...chosen.map((preset) => preset.name)], rows)}\n${legend}`;
}

function details(preset: Preset): string {
  const rows = entriesOf(preset).map((entry) => [
    entry.kink,
    showChoice(entry.choice),
    entry.unknown ? "unknown: the op's default" : (entry.evidence ?? ""),
    entry.unknown ? "" : entry.confirmed === true ? "yes" : "no",
    entry.outside ? "outside" : "",
    [entry.source, entry.note].filter((text) => text !== undefined).join("; "),
  ]);
  const text = table(["kink", "choice", "evidence", "confirmed", "Clarke", "source"], rows);
  return [`${preset.name}: ${preset.source}`, "", text, ...preset.notes.map((line) => `\n${line}`)].join("\n");
}
