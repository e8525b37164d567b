/** The toy experiment and folders that vanish. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Experiment } from "../../src/lab/index.ts";

export const toyUrl: string = new URL("./toy.mjs", import.meta.url).href;

const loaded = (await import(toyUrl)) as { toy: Experiment };
export const toy: Experiment = loaded.toy;

const folders: string[] = [];

/** A new folder, removed after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "nonsmooth-lab-"));
  folders.push(path);
  return path;
}

afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});
