/**
 * Stored rows depend on these bits: where a hash changes on purpose, raise `numericsVersion` and run
 * `GOLDEN=write npx vitest run test/golden.test.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { js } from "../src/backends/js/index.ts";
import { wasm } from "../src/backends/wasm/index.ts";
import { numericsVersion } from "../src/formats/index.ts";
import { hashes } from "./golden/bits.ts";
import { targetsHere } from "./native/targets.ts";
import { warmed } from "./native/warm.ts";

interface Golden {
  readonly numericsVersion: number;
  /** "<op> <format> <choices>" to a hash. */
  readonly hashes: Readonly<Record<string, string>>;
}

const file = join(import.meta.dirname, "golden", "ops.json");

/** Only a new numerics version may change the hash of an entry that is already there. */
function write(found: Readonly<Record<string, string>>): void {
  const before = JSON.parse(readFileSync(file, "utf8")) as Golden;
  const changed = Object.keys(found).filter((name) => (before.hashes[name] ?? found[name]) !== found[name]);
  if (before.numericsVersion === numericsVersion) expect(changed, "raise numericsVersion first").toEqual([]);
  writeFileSync(file, `${JSON.stringify({ numericsVersion, hashes: found }, null, 1)}\n`);
}

test("no bit has changed without a new numerics version (js)", async () => {
  const found = await hashes(js);
  if (process.env.GOLDEN === "write") write(found);
  const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
  expect(golden.numericsVersion).toBe(numericsVersion);
  expect(found).toEqual(golden.hashes);
});

test("WebAssembly has the bits of the reference", async () => {
  const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
  expect(await hashes(wasm)).toEqual(golden.hashes);
});

describe.each(targetsHere())("printed C, $width bits", (target) => {
  test("has the bits of the reference", { timeout: 600_000 }, async () => {
    const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
    expect(await warmed(target, hashes)).toEqual(golden.hashes);
  });
});
