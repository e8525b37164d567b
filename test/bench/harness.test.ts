import { expect, test } from "vitest";
import type { Bench, Contender } from "../../bench/bench.ts";
import { benches, measure } from "../../bench/index.ts";

/** Takes the given seconds per repetition, in turn; never reads a clock. */
function scripted(peerName: string, times: readonly number[], log: string[] = []): Contender {
  let call = 0;
  return {
    peerName,
    seconds(repeats) {
      log.push(peerName);
      return repeats * times[call++ % times.length];
    },
    dispose: () => {
      log.push(`-${peerName}`);
    },
  };
}

const bench = (unit: string, log: string[] = []): Bench => ({
  name: "toy.f32",
  unit,
  work: 6,
  ours: () => scripted("ours", [2], log),
  peers: [
    { peerName: "roof", start: () => scripted("roof", [1, 1, 100], log) },
    { peerName: "absent", start: () => undefined },
  ],
});

test("figures are medians, ratios are times as fast, absent peers leave a line and no row", async () => {
  const notes: string[] = [];
  const rows = await measure(bench("GFLOP/s"), { rounds: 3, note: (line) => notes.push(line) });
  expect(rows).toEqual([{ name: "toy.f32", ours: 3, peer: 6, peerName: "roof", ratio: 0.5, unit: "GFLOP/s" }]);
  expect(notes).toEqual(["toy.f32: absent is not installed"]);
});

test("durations are seconds", async () => {
  const rows = await measure(bench("s"), { rounds: 3 });
  expect(rows).toEqual([{ name: "toy.f32", ours: 2, peer: 1, peerName: "roof", ratio: 0.5, unit: "s" }]);
});

test("contenders take turns and are disposed of", async () => {
  const log: string[] = [];
  await measure(bench("s", log), { rounds: 2 });
  expect(log).toEqual(["ours", "roof", "ours", "roof", "ours", "roof", "-ours", "-roof"]);
});

test("names are dotted and unique", () => {
  const names = benches.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/);
});
