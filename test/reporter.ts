/** The last line of a test run: `N passed, N failed` (and `, N skipped` only where there are any). */
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** A file that does not load and an error outside every test each count as one failure. */
export function summary(modules: readonly TestModule[], unhandled: readonly SerializedError[]): string {
  let [passed, failed, skipped] = [0, unhandled.length, 0];
  for (const module of modules) {
    failed += module.errors().length;
    for (const test of module.children.allTests()) {
      const state = test.result().state;
      if (state === "passed") passed++;
      else if (state === "failed") failed++;
      else skipped++;
    }
  }
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

export default class LastLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    if (unhandled.length > 0 || modules.some((module) => !module.ok())) process.exitCode = 1;
    process.stdout.write(`${summary(modules, unhandled)}\n`);
  }
}
