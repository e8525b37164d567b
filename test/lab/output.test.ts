import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import {
  canonicalJson,
  claimsTable,
  collectClaims,
  decodeJson,
  decodeNumber,
  encodeJson,
  exportStore,
  progress,
  replaceSection,
  rowsForFigure,
  runExperiment,
  showDuration,
  table,
  trialId,
} from "../../src/lab/index.ts";
import { folder, toy } from "./support.ts";

/** A store where trials 0..5 are in two runs. */
async function twoRuns(): Promise<string> {
  const store = folder();
  await runExperiment(toy, { store, workers: 0, scale: "quick" });
  await runExperiment(toy, { store, workers: 0, scale: "minimal" });
  return store;
}

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  return [...text.matchAll(/((?:"(?:[^"]|"")*"|[^",\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\n]*))*)\n/g)].map(([, line]) =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
      quoted === undefined ? plain : quoted.replaceAll('""', '"'),
    ),
  );
}

describe("export", () => {
  test("CSV has every trial once, text and numbers intact", async () => {
    const [header, ...lines] = parseCsv(exportStore(await twoRuns(), "csv") as string);
    expect(lines.length).toBe(12);
    const cell = (name: string): string => lines[11][header.indexOf(name)];
    expect(["square", "zero", "undefinedMean", "nested", "run"].map(cell)).toEqual([
      "25",
      "-0",
      "NaN",
      '[1,{"deep":"a,\\"b\\""}]',
      lines[0][header.indexOf("run")],
    ]);
  });

  test("JSON round-trips", async () => {
    const store = await twoRuns();
    const rows = decodeJson(exportStore(store, "json") as string) as Record<string, unknown>[];
    expect(rows.length).toBe(12);
    expect(rows[3]).toMatchObject({ experiment: "toy/squares", square: 1, undefinedMean: Number.NaN, zero: -0 });
  });

  test("Parquet round-trips", async () => {
    const bytes = exportStore(await twoRuns(), "parquet") as Uint8Array;
    const rows = await parquetReadObjects({ file: bytes.slice().buffer });
    expect(rows.length).toBe(12);
    expect(rows[11]).toMatchObject({ square: 25, flag: false, format: "float32", nested: '[1,{"deep":"a,\\"b\\""}]' });
    expect([Object.is(rows[11].zero, -0), Number.isNaN(rows[11].undefinedMean)]).toEqual([true, true]);
  });

  test("an empty store is an empty export; an unknown format is named", () => {
    expect(exportStore(folder(), "json")).toBe("[]\n");
    expect(() => exportStore(folder(), "cvs")).toThrow("unknown export format 'cvs'; did you mean csv?");
  });
});

describe("claims", () => {
  test("nothing run", () => {
    expect(collectClaims([toy], folder()).map((claim) => [claim.id, claim.verdict, claim.scale, claim.rows])).toEqual([
      ["toy/C2", "not-run", null, 0],
      ["toy/C10", "not-run", null, 0],
    ]);
  });

  test("the largest scale that decides", async () => {
    const store = await twoRuns();
    await runExperiment(toy, { store, workers: 0, scale: "paper", parameters: { trials: 2 } });
    const claims = collectClaims([toy], store, "toy");
    expect(claims.map((claim) => [claim.id, claim.verdict, claim.scale, claim.rows])).toEqual([
      ["toy/C2", "holds", "paper", 1],
      ["toy/C10", "holds", "minimal", 12],
    ]);
    expect(collectClaims([toy], store, "relu0")).toEqual([]);
    expect(rowsForFigure(toy, store).scale).toBe("paper");
    expect(() => rowsForFigure(toy, folder())).toThrow(/has no rows; run `nonsmooth run toy\/squares` first/);
    expect(claimsTable(claims).split("\n")[2]).toBe("| toy/C2 | zero is \\| minus zero | -0 | -0 | holds | paper |");
  });

  test("sections are replaced between their markers", () => {
    const text = "a\n<!-- claims:begin -->\nold\n<!-- claims:end -->\nb\n";
    expect(replaceSection(text, "claims", "new")).toBe("a\n<!-- claims:begin -->\nnew\n<!-- claims:end -->\nb\n");
    expect(() => replaceSection(text, "bench", "new")).toThrow("<!-- bench:begin -->");
  });
});

describe("JSON", () => {
  test("what JSON cannot hold", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324, 0.1];
    const text = '["NaN","Infinity","-Infinity","-0",0,5e-324,0.1]';
    expect(encodeJson(values)).toBe(text);
    expect(decodeJson(text)).toEqual(values);
    expect(encodeJson(Float32Array.of(-0, 1.5))).toBe('["-0",1.5]');
    expect(values.map((value) => decodeNumber(decodeJson(encodeJson(value))))).toEqual(values);
  });

  test("numbers from text", () => {
    expect(["1e-3", " -0 ", ".5", "+2", "0x10", "NaN", "-Infinity"].map(decodeNumber)).toEqual([
      0.001,
      -0,
      0.5,
      2,
      16,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
    ]);
    for (const bad of ["", "1,5", "one", "1e", null, {}, "0x"])
      expect(() => decodeNumber(bad)).toThrow(/expected a number/);
  });

  test("identities depend on values only", () => {
    expect(canonicalJson({ b: 1, a: { d: -0, c: undefined } })).toBe('{"a":{"d":"-0"},"b":1}');
    expect(trialId("toy", { a: 1, b: 2 }, 0)).toBe(trialId("toy", { b: 2, a: 1 }, 0));
    const base = trialId("toy", { a: 1 }, 0, undefined, 1);
    expect(base).toMatch(/^[0-9a-f]{16}$/);
    const others = [trialId("toy", { a: -1 }, 0), trialId("toy", { a: 1 }, 1), trialId("toi", { a: 1 }, 0)];
    expect([...others, trialId("toy", { a: 1 }, 0, undefined, 2)]).not.toContain(base);
  });
});

describe("terminal", () => {
  function stream(isTTY: boolean): { text: string[]; stream: NodeJS.WriteStream } {
    const text: string[] = [];
    return { text, stream: { isTTY, columns: 80, write: (line: string) => text.push(line) } as never };
  }

  test("progress with the time left, only on a terminal, without color on demand", () => {
    const terminal = stream(true);
    let now = 0;
    const line = progress({
      title: "toy",
      total: 10,
      before: 2,
      stream: terminal.stream,
      env: { NO_COLOR: "1" },
      now: () => now,
    });
    line.update(2);
    now = 60_000;
    line.update(4, "4 of 10 trials");
    line.end();
    expect(terminal.text).toEqual([
      "\r\x1b[Ktoy [####................] 20 %, estimating",
      "\r\x1b[Ktoy [########............] 40 %, 3 min left 4 of 10 trials",
      "\r\x1b[K",
    ]);
    const file = stream(false);
    progress({ title: "toy", total: 10, stream: file.stream }).update(5);
    expect(file.text).toEqual([]);
  });

  test("durations and tables", () => {
    expect([12.2, 90, 5400, 11_100].map(showDuration)).toEqual(["13 s", "2 min", "1 h 30 min", "3 h 05 min"]);
    expect(
      table([
        { a: 1, b: "x" },
        { a: 0.123456, b: -0 },
      ]),
    ).toBe("     a  b\n------  --\n     1  x\n0.1235  -0");
  });
});
