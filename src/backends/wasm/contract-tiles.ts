/** Calls the micro-kernel for every tile of the packed rows and columns of a contraction. */
import type { Local } from "./assembler.ts";
import { carrierBytes, emitEdge, isLocal, type Site, sumBytes, tileColumns } from "./contract-site.ts";
import { once } from "./once.ts";
import { emitTile, rowPanelBytes, type TileShape } from "./tile.ts";

export function emitTiles(site: Site): void {
  const { f, frame, plan } = site;
  const { m, n, tileRows } = plan;
  const across = { inner: "j", count: "columns", extent: n, full: tileColumns(site) } as const;
  const down = { inner: "i", count: "rows", extent: m, full: tileRows } as const;
  f.range(frame.at("j"), frame.at("columns"), across.full, () =>
    emitEdge(site, across, (columns) => {
      f.range(frame.at("i"), frame.at("rows"), down.full, () =>
        emitEdge(site, down, (rows) => emitCalls(site, rows, columns)),
      );
    }),
  );
}

/** The calls for one tile: one, or one for each block inside the packed terms. */
function emitCalls(site: Site, rows: number, columns: number): void {
  const { context, f, frame, loop, plan, steps, scratch } = site;
  const { lanes, block, chunk, sumRow, inPlace, walks } = plan;
  const vectors = Math.ceil(columns / lanes.count);
  const shape: TileShape = { rows, vectors, tail: columns - (vectors - 1) * lanes.count, inPlace };
  const { module, tables } = context;
  const tile = once(module, ["tile", steps.name, shape], () => emitTile(module, steps, shape));
  const rowBytes = rowPanelBytes(lanes, rows);
  const bytes = carrierBytes(site, loop.b.value);
  const panel = (inner: "i" | "j", region: number, lineBytes: number, target: Local): void => {
    frame.times(inner, lineBytes).get(frame.at("terms")).op("i32.mul");
    f.i32(scratch + region)
      .op("i32.add")
      .set(target);
  };
  const place = f.local("i32");
  panel("i", plan.scratch.a, rowPanelBytes(lanes, 1), frame.at("panelA"));
  if (inPlace) {
    frame.times("term", 4).i32(tables.address(walks.b.steps, bytes)).op("i32.add");
    f.set(frame.at("panelB"));
  } else panel("j", plan.scratch.b, sumBytes(site), frame.at("panelB"));
  const [row, i, column, j] = (["row", "i", "column", "j"] as const).map((name) => frame.at(name));
  f.get(row).get(i).op("i32.add").i32(sumRow).op("i32.mul").get(j).op("i32.add");
  if (!isLocal(site)) f.get(column).op("i32.add");
  f.i32(sumBytes(site)).op("i32.mul").set(place);
  const whole = block >= chunk;
  const call = (): void => {
    f.get(frame.at("panelA")).get(frame.at("panelB")).get(frame.at("panelA"));
    frame.times(whole ? "terms" : "count", rowBytes).op("i32.add");
    f.get(frame.at("from")).get(place).op("i32.add").get(frame.at("to")).get(place).op("i32.add");
    f.i32(sumRow * sumBytes(site));
    if (whole) f.get(frame.at("mode"));
    else f.i32(2).get(frame.at("mode")).get(frame.at("k")).op("select");
    if (inPlace) {
      f.get(frame.at("b")).get(column).get(j).op("i32.add").i32(4).op("i32.mul");
      f.i32(tables.address(walks.b.lines, bytes)).op("i32.add");
    }
    f.call(tile);
  };
  if (whole) {
    call();
    return;
  }
  f.range(frame.at("k"), frame.at("terms"), block, () => {
    frame.extent("count", block, "terms", "k");
    call();
    f.increment(frame.at("panelA"), block * rowBytes).increment(
      frame.at("panelB"),
      block * (inPlace ? 4 : vectors * 16),
    );
  });
}
