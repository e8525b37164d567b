/** Points by name on the command line: arcs, spheres, files and data sets. */
import { existsSync } from "node:fs";
import {
  circle,
  firstPoints,
  halfCircle,
  hypercube,
  type Points,
  sphere,
  unitRows,
} from "../analysis/spectra/points.ts";
import { UsageError, unknown } from "../base/errors.ts";
import { dataSets, readTable } from "../data/index.ts";
import { loadData } from "../lab/execute.ts";
import { integer } from "./text.ts";

interface PointOptions {
  readonly n: number;
  readonly seed: number;
  readonly raw: boolean;
  readonly dataDir: string | undefined;
}

const names = ["half-circle", "circle", "sphere:D", "hypercube:D"];

/** The largest hypercube: 2^13 points. */
const mostDimensions = 14;

function checkRaw(name: string, raw: boolean): void {
  if (raw) throw new UsageError(`--raw: only for files; ${name} has unit norms`);
}

/** Rows as they are in the file. */
function rawRows(name: string, rows: Float64Array, n: number, d: number): Points {
  const bad = rows.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw new UsageError(`${name}: row ${Math.floor(bad / d)} holds NaN or Infinity`);
  return { name, n, d, rows, raw: true };
}

/** "half-circle", "sphere:5", "points.npy", "mnist". @throws UsageError, DataError */
export function pointsOf(text: string, { n, seed, raw, dataDir }: PointOptions): Points {
  const [head, size] = text.split(":");
  const dimension = (most = 1e6): number => {
    const d = integer(size ?? "", `--data ${head}`, 1);
    if (d > most) throw new UsageError(`--data ${text}: at most ${most} dimensions`);
    return d;
  };
  const named = dataSets.find((set) => set.name === text);
  if (named !== undefined) {
    const { images, count } = loadData(text, undefined, dataDir);
    if (n > count) throw new UsageError(`--n is ${n}; ${text} has ${count} images`);
    const d = images.length / count;
    checkRaw(text, raw);
    return unitRows(text, Float64Array.from(images.subarray(0, n * d)), n, d);
  }
  if (existsSync(text) || /\.(npy|csv|txt|idx|gz)$/.test(text)) {
    const { rows, columns, values } = readTable(text);
    if (n > rows) throw new UsageError(`--n is ${n}; ${text} has ${rows} points`);
    const used = values.slice(0, n * columns);
    return raw ? rawRows(text, used, n, columns) : unitRows(text, used, n, columns);
  }
  checkRaw(text, raw);
  switch (head) {
    case "half-circle":
      return halfCircle(n);
    case "circle":
      return circle(n);
    case "sphere":
      return sphere(n, dimension(), seed);
    case "hypercube":
      return firstPoints(hypercube(dimension(mostDimensions)), n);
    default:
      throw unknown("data", text, [...names, ...dataSets.map((set) => set.name)]);
  }
}
