/** The choices that are tried at the kinks of an op. */
import type { Choices } from "../../src/conventions/index.ts";
import type { Op } from "../../src/ops/op.ts";

/** The defaults, then each rule, some numbers, and overwriting, at each kink by itself. */
export function choicesOf(op: Op): readonly Choices[] {
  const settings = op.kinks.flatMap((kink) => {
    const numeric = kink.number ? [0, 0.5, 1] : [];
    const overwrite = kink.overwrite ? [{ value: 1, rule: "overwrite" } as const] : [];
    const rules = kink.rules.map((rule) => rule.replace(":B", ":10"));
    return [...rules, ...numeric, ...overwrite].map((choice) => ({ [kink.name]: choice }));
  });
  return [{}, ...settings];
}
