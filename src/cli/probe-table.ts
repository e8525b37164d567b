/** The readable form of what `probe` found. */
import { encodeJson } from "../lab/json.ts";
import { print, table } from "./output.ts";
import type { ProbeResult } from "./probe.ts";
import type { Nested } from "./values.ts";

export interface PresetRow {
  readonly convention: string;
  readonly format: string;
  readonly gradient: Readonly<Record<string, Nested>>;
  /** Whether the gradient differs, in this format, from that of the choices the printed gradient has. */
  readonly differs: boolean;
}

const show = (value: Nested): string => encodeJson(value).replaceAll('"', "").replaceAll(",", ", ");

export function printProbe(result: ProbeResult): void {
  print(`value     ${show(result.value)}`);
  for (const [name, gradient] of Object.entries(result.gradient)) print(`${`d/d${name}`.padEnd(9)} ${show(gradient)}`);
  for (const [name, { low, high, inside }] of Object.entries(result.subgradient)) {
    const verdict = inside ? "the gradient lies in it" : "the gradient lies outside";
    print(`${`sub ${name}`.padEnd(9)} [${show(low)}, ${show(high)}]: ${verdict}`);
  }
  for (const [a, row] of Object.entries(result.hessian ?? {})) {
    for (const [b, second] of Object.entries(row)) print(`d2/d${a}d${b}  ${show(second)}`);
  }
  const { kinks } = result;
  if (kinks.length === 0) print("kinks     none is hit");
  else
    print(
      `\n${table(
        ["kink", "node", "hits", "of"],
        kinks.map((k) => [k.kink, k.node, k.hits, k.total]),
      )}`,
    );
  if (result.presets !== undefined) print(`\n${presetTable(result.presets)}`);
}

/** One line per different gradient: which conventions give it, in which formats. */
function presetTable(rows: readonly PresetRow[]): string {
  if (!rows.some((row) => row.differs)) return "every preset gives this gradient";
  const groups = new Map<string, { formats: string[]; conventions: string[]; gradient: string }>();
  for (const format of new Set(rows.map((row) => row.format))) {
    const here = new Map<string, string[]>();
    for (const row of rows.filter((r) => r.format === format)) {
      const gradient = Object.entries(row.gradient)
        .map(([name, value]) => `${name}: ${show(value)}`)
        .join("; ");
      here.set(gradient, [...(here.get(gradient) ?? []), row.convention]);
    }
    for (const [gradient, conventions] of here) {
      const key = `${gradient}|${conventions.join()}`;
      const group = groups.get(key) ?? { formats: [], conventions, gradient };
      group.formats.push(format);
      groups.set(key, group);
    }
  }
  const body = [...groups.values()].map((g) => [g.gradient, g.conventions.join(" "), g.formats.join(" ")]);
  return table(["gradient", "conventions", "formats"], body);
}
