/** Worker threads load the build: without it their tests would wait for ever. */
import { existsSync } from "node:fs";

export function setup(): void {
  if (!existsSync(new URL("../dist/src/index.js", import.meta.url))) {
    throw new Error("the tests need the build: `npm test` makes it, so does `npm run build`");
  }
}
