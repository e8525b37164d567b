/** Where rows come from: versions and machine, never paths. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { numericsVersion } from "../formats/numerics-version.ts";

export interface Provenance {
  readonly version: string;
  readonly numerics: number;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Commit of the project's own repository, "+" appended where files differ from it; absent in an installed package. */
  readonly commit?: string;
  readonly started: string;
}

/** The directory of this package's package.json, from sources and from the build. */
export function packageDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return directory;
}

/** The package's version. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageDirectory(), "package.json"), "utf8")) as { version: string }).version;
}

function commit(): string | undefined {
  const cwd = packageDirectory();
  if (!existsSync(join(cwd, ".git"))) return undefined;
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return git("rev-parse", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+");
  } catch {
    return undefined;
  }
}

/** Versions and machine of this process. */
export function provenance(): Provenance {
  const found = commit();
  return {
    version: packageVersion(),
    numerics: numericsVersion,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    ...(found === undefined ? {} : { commit: found }),
    started: new Date().toISOString(),
  };
}
