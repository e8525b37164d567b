/** Modules of Node, asked for when they are needed: this folder is also loaded in browsers, where there are none. */

/** @throws Error outside Node. */
export function builtin<T>(name: string): T {
  const found = globalThis.process?.getBuiltinModule?.(name as never) as T | undefined;
  if (found === undefined) throw new Error(`${name} needs Node`);
  return found;
}

export type Crypto = typeof import("node:crypto");
export type FileSystem = typeof import("node:fs");
export type Os = typeof import("node:os");
export type Path = typeof import("node:path");
export type Processes = typeof import("node:child_process");

/** SHA-256 in hexadecimal. */
export function hashOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = builtin<Crypto>("node:crypto").createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}
