/** Copies the current rows of `a` or columns of `b` of a contraction into panels of scratch memory. */
import type { FunctionBuilder, Local } from "./assembler.ts";
import { isTabled } from "./contract-plan.ts";
import { carrierBytes, emitEdge, type Site, sumBytes, tileColumns } from "./contract-site.ts";
import { once } from "./once.ts";
import { emitChange, emitPack, type PanelShape } from "./pack.ts";
import { emitTabledPack } from "./pack-tabled.ts";
import { roundLanes } from "./steps-exact.ts";
import { repeats, rowPanelBytes } from "./tile.ts";
import { isVectorWalk, type Walk } from "./walk.ts";

type Side = "a" | "b";

const namesOf = {
  a: { first: "row", count: "rows", inner: "i" },
  b: { first: "column", count: "columns", inner: "j" },
} as const;

/** Panel by panel, operands rounded and prepared as the steps want them. */
export function emitPanels(site: Site, side: Side): void {
  const { context, f, frame, plan, steps, scratch } = site;
  const { m, n, lanes, operands } = plan;
  const { count, inner } = namesOf[side];
  const extent = side === "a" ? m : n;
  const full = side === "a" ? plan.tileRows : tileColumns(site);
  const lineBytes = side === "a" ? rowPanelBytes(lanes, 1) : sumBytes(site);
  const target = f.local("i32");
  const panel = (lines: number): void => {
    const padded = side === "a" ? lines : Math.ceil(lines / lanes.count) * lanes.count;
    emitPanel(site, side, lines, padded, target);
    const { name, prepare } = steps;
    if (operands === undefined && prepare === undefined) return;
    f.get(target).get(target);
    frame.times("terms", padded * lineBytes).op("i32.add");
    const change = (g: FunctionBuilder): void => {
      if (operands) roundLanes(g, lanes, operands);
      prepare?.(g);
    };
    f.call(once(context.module, ["change", name, operands], () => emitChange(context.module, change)));
  };
  f.range(frame.at(inner), frame.at(count), full, () => {
    f.i32(scratch + plan.scratch[side]);
    frame.times(inner, lineBytes).get(frame.at("terms")).op("i32.mul").op("i32.add").set(target);
    emitEdge(site, { inner, count, extent, full }, panel);
  });
}

/** Packs `lines` lines from the current one to the address `target`, as `padded` lines. */
function emitPanel(site: Site, side: Side, lines: number, padded: number, target: Local): void {
  const { context, f, frame, loop, plan } = site;
  const { module, tables } = context;
  const { lanes, walks } = plan;
  const { first, inner } = namesOf[side];
  const bytes = carrierBytes(site, loop[side].value);
  const carrier = bytes === 4 ? "float32" : "float64";
  const shape = { lanes, carrier, lines, padded, repeat: side === "a" ? repeats(lanes) : 1 } as const;
  const { lines: lineWalk, steps: stepWalk } = walks[side];
  f.get(frame.at(side));
  const pushLine = (): FunctionBuilder => f.get(frame.at(first)).get(frame.at(inner)).op("i32.add");
  if (isTabled(walks[side])) {
    const vectors = isVectorWalk(lineWalk, lanes.count) ? "lines" : areVectors(site, stepWalk) ? "steps" : "nothing";
    pushLine().i32(4).op("i32.mul").i32(tables.address(lineWalk, bytes)).op("i32.add");
    frame.times("term", 4).i32(tables.address(stepWalk, bytes)).op("i32.add");
    f.get(frame.at("terms")).get(target);
    const tabled: PanelShape = { ...shape, contiguous: vectors };
    f.call(once(module, ["gather", { ...tabled, lanes: lanes.name }], () => emitTabledPack(module, tabled)));
    return;
  }
  const [lineStride, stepStride] = [lineWalk.stride ?? 0, stepWalk.stride ?? 0].map((stride) => stride * bytes);
  const contiguous = stepStride === bytes ? "steps" : lineStride === bytes ? "lines" : "nothing";
  pushLine().i32(lineStride).op("i32.mul").op("i32.add");
  frame.times("term", stepStride).op("i32.add");
  f.i32(lineStride).i32(stepStride).get(frame.at("terms")).get(target);
  const strided: PanelShape = { ...shape, contiguous };
  f.call(once(module, ["pack", { ...strided, lanes: lanes.name }], () => emitPack(module, strided)));
}

/** Whether steps come in vectors of four wherever a chunk starts. */
function areVectors({ plan: { chunk, block, k } }: Site, steps: Walk): boolean {
  const aligned = chunk >= k || (chunk % 4 === 0 && (block <= chunk || block >= k || block % 4 === 0));
  return steps.stride === 1 || (aligned && isVectorWalk(steps, 4));
}
