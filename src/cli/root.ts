/** The package's own folder, from the sources as well as from the build. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/** A path inside the package. */
export const packageFile = (...parts: string[]): string => join(packageRoot(), ...parts);
