/** `--set kink=choice` for commands that have no expression: the choices of kinks, checked against the ops. */
import { type Convention, convention, parseChoices } from "../conventions/index.ts";
import { publicOps } from "./ops.ts";

/** The ops' defaults (PyTorch 1.13) with these choices. @throws UsageError with the near name */
export function kinkChoices(settings: readonly string[]): Convention {
  return convention(
    "pytorch-1.13",
    parseChoices(settings),
    publicOps().flatMap((op) => op.kinks),
  );
}
