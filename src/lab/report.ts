/** The claims table of README and results/, in Markdown. */
import { DataError } from "../base/errors.ts";
import type { ClaimResult } from "./claims.ts";
import { markdownTable } from "./table.ts";

const marks: Readonly<Record<ClaimResult["verdict"], string>> = {
  holds: "holds",
  fails: "**fails**",
  undecided: "undecided",
  "not-run": "not run",
};

/** One line per claim: statement, published number, ours, verdict, scale. */
export function claimsTable(claims: readonly ClaimResult[]): string {
  return markdownTable(
    claims.map((claim) => ({
      claim: claim.id,
      statement: claim.statement,
      published: claim.published,
      ours: claim.ours,
      verdict: marks[claim.verdict],
      scale: claim.scale ?? "",
    })),
  );
}

/**
 * Replaces what stands between `<!-- name:begin -->` and `<!-- name:end -->`.
 * @throws DataError if the text lacks the markers.
 */
export function replaceSection(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new DataError(`found no ${begin} followed by ${end}`);
  return `${text.slice(0, from + begin.length)}\n${content.trim()}\n${text.slice(to)}`;
}
