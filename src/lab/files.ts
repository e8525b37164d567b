/** How the lab writes files: src/base/files.ts. */
export { checkOutput, makeDirectory, replaceFile, storeFailure, writeOutput } from "../base/files.ts";
