import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hashes } from "../golden/bits.ts";
import { processorHere } from "../../src/backends/native/machine.ts";
import { warmed } from "./warm.ts";

test("native golden", { timeout: 600_000 }, async () => {
  const golden = JSON.parse(readFileSync(join(import.meta.dirname, "..", "golden", "ops.json"), "utf8"));
  const t = performance.now();
  const found = await warmed(processorHere(), hashes);
  console.log((performance.now() - t) / 1000, Object.keys(found).length);
  const bad = Object.keys(golden.hashes).filter((k) => golden.hashes[k] !== found[k]);
  console.log(bad.length, bad.slice(0, 40));
  expect(bad).toEqual([]);
});
