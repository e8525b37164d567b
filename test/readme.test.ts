import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test("the program of the README runs and shows what it says", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const code = /<!-- program:begin -->\n```ts\n(.*?)```/s.exec(readme)?.[1] as string;
  expect(code.split("\n").filter((line) => line !== "").length).toBeLessThanOrEqual(18);
  mkdirSync(join(root, "out"), { recursive: true });
  const file = join(root, "out", "readme.mjs");
  writeFileSync(file, code);
  const lines = execFileSync(process.execPath, [file], { encoding: "utf8" }).trim().split("\n");
  expect(lines).toEqual([
    "pre-activations on the kink: 1",
    "zero [ 0, 1.0966796875, 0.365478515625, 0, 0, 0 ]",
    "one [ -0.25, 0.5966796875, 0.615234375, 0, 0, 0 ]",
  ]);
});
