import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/base/errors.ts";
import { storeFailure } from "../../src/base/files.ts";
import { collectClaims, encodeJson, findRun, listRuns, openRun, runExperiment } from "../../src/lab/index.ts";
import { lock } from "../../src/lab/lock.ts";
import { provenance } from "../../src/lab/provenance.ts";
import { appendRows, cutTornRows, readRows } from "../../src/lab/rows.ts";
import { folder, toy } from "./support.ts";

const run = (store: string, parameters: Record<string, unknown> = {}): ReturnType<typeof runExperiment> =>
  runExperiment(toy, { store, workers: 0, parameters });

describe("rows", () => {
  test("a file torn at any byte of its last two trials is continued to the same bytes", async () => {
    const whole = join((await run(folder())).folder as string, "rows.jsonl");
    const bytes = readFileSync(whole);
    const second = readRows(whole).rows.filter((row) => row.row === 0).length - 2;
    const lines = bytes.toString().split("\n");
    const start = Buffer.byteLength(`${lines.slice(0, 2 * second).join("\n")}\n`);
    const torn = join(folder(), "rows.jsonl");
    for (let length = start; length < bytes.length; length += 13) {
      writeFileSync(torn, bytes.subarray(0, length));
      const stored = readRows(torn);
      cutTornRows(torn, stored);
      expect(readFileSync(torn).length).toBe(stored.length);
      expect(stored.rows.length).toBe(2 * stored.trials.size);
      expect(bytes.subarray(0, stored.length).equals(readFileSync(torn))).toBe(true);
      expect(stored.trials.size).toBeGreaterThanOrEqual(second);
    }
  });

  test("a run with a torn end goes on", async () => {
    const store = folder();
    const first = await run(store);
    const path = join(first.folder as string, "rows.jsonl");
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 40));
    const again = await run(store);
    expect(again.id).toBe(first.id);
    expect(again.rows).toEqual(first.rows);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test("damage in the middle names file and line", async () => {
    const store = folder();
    const path = join((await run(store)).folder as string, "rows.jsonl");
    const lines = readFileSync(path, "utf8").split("\n");
    lines[3] = lines[3].slice(0, 20);
    writeFileSync(path, lines.join("\n"));
    await expect(run(store)).rejects.toThrow(/rows\.jsonl: line 4 is damaged/);
  });

  test("NaN, -0 and nesting survive; a trial without rows counts as done", async () => {
    const store = folder();
    await run(store);
    const [row] = listRuns(store)[0].rows;
    expect([Object.is(row.zero, -0), Number.isNaN(row.undefinedMean), row.nested]).toEqual([
      true,
      true,
      [1, { deep: 'a,"b"' }],
    ]);
    const empty = await run(store, { rows: 0 });
    const length = readFileSync(join(empty.folder as string, "rows.jsonl")).length;
    expect(empty.rows).toEqual([]);
    expect((await run(store, { rows: 0 })).state).toBe("complete");
    expect(readFileSync(join(empty.folder as string, "rows.jsonl")).length).toBe(length);
  });
});

describe("kill", () => {
  test("kill -9 loses no finished trial and duplicates none", async () => {
    const store = folder();
    const child = spawn(process.execPath, [fileURLToPath(new URL("./child.mjs", import.meta.url)), store], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    const stored = (): number => listRuns(store)[0]?.rows.length ?? 0;
    while (stored() < 6 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    const second = run(store, { trials: 40, milliseconds: 25 });
    await expect(second).rejects.toThrow(new RegExp(`the run is held by process ${child.pid} on ${hostname()}`));
    child.kill("SIGKILL");
    expect([await ended, errors]).toEqual(["SIGKILL", ""]);
    const before = listRuns(store)[0];
    expect(before.rows.length).toBeLessThan(80);
    expect(existsSync(join(before.folder, "lock"))).toBe(true);
    writeFileSync(join(before.folder, "status.json.1.tmp"), "{");
    const result = await run(store, { trials: 40, milliseconds: 25 });
    expect(result.id).toBe(before.id);
    expect(result.rows.map((row) => row.index)).toEqual(Array.from({ length: 80 }, (_, i) => Math.floor(i / 2)));
    const lines = readFileSync(join(before.folder, "rows.jsonl"), "utf8").trimEnd().split("\n");
    expect(new Set(lines).size).toBe(80);
    expect(lines.slice(0, before.rows.length)).toEqual(before.rows.map((row) => encodeJson(row)));
    expect(listRuns(store)[0].provenance.length).toBe(2);
    expect(readdirSync(before.folder).sort()).toEqual(["params.json", "rows.jsonl", "status.json"]);
  });
});

describe("lock", () => {
  const owner = (pid: number, host: string): string => JSON.stringify({ pid, host, token: "theirs" });
  const dead = 4_000_000;

  test("a live owner keeps it: the message has process and age", () => {
    const path = join(folder(), "lock");
    const held = lock(path);
    expect(() => lock(path)).toThrow(new RegExp(`held by process ${process.pid} on ${hostname()}, last seen 0 s ago`));
    held.release();
    lock(path).release();
    expect(existsSync(path)).toBe(false);
  });

  test("a dead process, an old foreign heartbeat and an unreadable old file are taken over", () => {
    const path = join(folder(), "lock");
    const longAgo = new Date(Date.now() - 300_000);
    writeFileSync(path, owner(dead, hostname()));
    lock(path).release();
    writeFileSync(path, owner(1, "elsewhere"));
    expect(() => lock(path)).toThrow(DataError);
    utimesSync(path, longAgo, longAgo);
    lock(path).release();
    writeFileSync(path, "");
    expect(() => lock(path)).toThrow(/process \(starting\)/);
    utimesSync(path, longAgo, longAgo);
    lock(path).release();
  });

  test("an owner that was taken over writes no more", async () => {
    const store = folder();
    const { id, rows } = await run(store);
    const [{ folder: path, ...params }] = listRuns(store);
    const again = openRun(store, { ...params, provenance: [provenance()] });
    writeFileSync(join(path, "lock"), owner(1, "elsewhere"));
    const trial = { id: "0123456789abcdef", experiment: toy.id, parameters: {}, seed: 0 };
    expect(() => again.append(trial, [{ square: 1 }])).toThrow(/another process has taken this run over/);
    again.close();
    expect(readFileSync(join(path, "lock"), "utf8")).toContain("elsewhere");
    expect(findRun(store, id).rows).toEqual(rows);
  });

  test("a held run is refused before anything is written", async () => {
    const store = folder();
    const result = await run(store);
    const held = lock(join(result.folder as string, "lock"));
    const before = readFileSync(join(result.folder as string, "params.json"), "utf8");
    await expect(run(store)).rejects.toThrow(/the run is held by process/);
    expect(readFileSync(join(result.folder as string, "params.json"), "utf8")).toBe(before);
    held.release();
  });
});

describe("a store that cannot be used", () => {
  test("a file in the place of the store", async () => {
    const path = join(folder(), "store");
    writeFileSync(path, "");
    await expect(run(join(path, "runs"))).rejects.toThrow(/cannot write .*: .*expected a directory/);
  });

  test("read-only and full disks are one line", () => {
    for (const [code, reason] of [
      ["EROFS", "read-only"],
      ["EACCES", "permission denied"],
      ["ENOSPC", "full"],
    ]) {
      const refuse = (): never => {
        throw Object.assign(new Error(code), { code });
      };
      expect(() => storeFailure("runs/toy", refuse)).toThrow(new RegExp(`^cannot write runs/toy: .*${reason}`));
    }
  });

  test("a disk that fills up while rows are written", () => {
    const full = "/dev/full";
    const path = existsSync(full) ? join(folder(), "rows.jsonl") : join(folder(), "absent", "rows.jsonl");
    if (existsSync(full)) symlinkSync(full, path);
    expect(() => appendRows(path, [{ trial: "a", row: 0, of: 1, seed: 0, numerics: 1 }])).toThrow(DataError);
  });

  test("another numerics version is refused by run, list and claims", async () => {
    const store = folder();
    const path = join((await run(store)).folder as string, "params.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"numerics": 1', '"numerics": 0'));
    const message = /found numerics version 0, this program has 1; use another --store/;
    await expect(run(store, { trials: 1 })).rejects.toThrow(message);
    expect(() => listRuns(store)).toThrow(message);
    expect(() => collectClaims([toy], store)).toThrow(message);
  });

  test("damaged parameters", async () => {
    const store = folder();
    appendFileSync(join((await run(store)).folder as string, "params.json"), "{");
    expect(() => listRuns(store)).toThrow(/params\.json: damaged/);
  });

  test("data with other checksums", async () => {
    const store = folder();
    const result = await run(store);
    const path = join(result.folder as string, "params.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"data": {}', '"data": { "mnist/train": "sha256:0" }'));
    await expect(run(store)).rejects.toThrow(/found data \{\}, the run was started with .*sha256:0/);
  });
});

test("a run is found by its id, with the near one on a typo", async () => {
  const store = folder();
  const { id } = await run(store);
  expect(findRun(store, id).id).toBe(id);
  expect(findRun(store, `toy/squares/${id}`).experiment).toBe("toy/squares");
  expect(() => findRun(store, `${id.slice(0, -1)}x`)).toThrow(`did you mean ${id}?`);
  expect(() => findRun(folder(), "quick-0")).toThrow(/has no runs/);
});
