/** Runs the command: built, as a child process, or here. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { execute } from "../../src/cli/program.ts";

export const main: string = join(import.meta.dirname, "../../dist/src/cli/main.js");

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), "nonsmooth-cli-"));

/** Exit code and output of `nonsmooth <args>`, run in `cwd` (default: an empty folder). */
export function nonsmooth(args: readonly string[], cwd: string = temporaryFolder()): Promise<Outcome> {
  if (!existsSync(main)) throw new Error(`${main} is missing: npm run build comes first`);
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...process.env, NO_COLOR: "1" } });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** The same in this process: for the many cases that a child process would be slow for. */
export async function here(args: readonly string[]): Promise<Outcome> {
  const [out, err] = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")].map((spy) => {
    const texts: string[] = [];
    spy.mockImplementation((text) => texts.push(String(text)) > 0);
    return { spy, texts };
  });
  try {
    const code = await execute(args);
    return { code, stdout: out.texts.join(""), stderr: err.texts.join("") };
  } finally {
    out.spy.mockRestore();
    err.spy.mockRestore();
  }
}

/** The JSON that a command prints; throws with its stderr where it fails. */
export async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await here([...args.slice(0, 1), "--json", ...args.slice(1)]);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
