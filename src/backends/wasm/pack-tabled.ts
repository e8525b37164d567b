/**
 * Packing of contraction operands whose lines or steps are several axes (the patches of a convolution): addresses are
 * sums of a line's and a step's byte offset, read from tables.
 */
import type { FunctionBuilder, Local, Module } from "./assembler.ts";
import { float32Lanes, float64Lanes } from "./lanes.ts";
import { type PanelShape, transpose } from "./pack.ts";

/** Stores an element of a panel, `repeat` times, `place` bytes after `target`. */
function copyElement(f: FunctionBuilder, shape: PanelShape, target: Local, place: number, source?: () => void): void {
  const { lanes, carrier, repeat } = shape;
  const single = lanes === float32Lanes;
  f.get(target);
  if (source === undefined) {
    if (single) f.f32(0);
    else f.f64(0);
  } else {
    source();
    f.memory(carrier === "float32" ? "f32.load" : "f64.load");
    if (carrier === "float32" && !single) f.op("f64.promote_f32");
  }
  if (repeat === 2) f.op("f64x2.splat").memory("v128.store", place, 3);
  else f.memory(single ? "f32.store" : "f64.store", place);
}

/**
 * A function (source, lines, steps, count, target) that packs one panel: `lines` and `steps` are addresses in the tables
 * of byte offsets, at the panel's first line and step; `count` steps. `contiguous` says which of both come in vectors.
 */
export function emitTabledPack(module: Module, shape: PanelShape): FunctionBuilder {
  const { lanes, carrier, lines, padded, repeat, contiguous } = shape;
  const f = module.function(["i32", "i32", "i32", "i32", "i32"]);
  const [source, lineTable, stepTable, count, target] = f.parameters.keys();
  const same = repeat === 1 && (carrier === "float32") === (lanes === float32Lanes);
  const bytes = 2 ** lanes.logBytes;
  const stepBytes = padded * repeat * bytes;
  const byVectors = contiguous === "lines" && (same || (carrier === "float32" && repeat === 1));
  const width = byVectors ? lanes.count : 1;
  const starts = Array.from({ length: Math.ceil(lines / width) }, (_, i) => ({ line: i * width, at: f.local("i32") }));
  const [step, offset] = [f.local("i32"), f.local("i32")];
  for (const { line, at } of starts) {
    f.get(source)
      .get(lineTable)
      .memory("i32.load", line * 4)
      .op("i32.add")
      .set(at);
  }
  const advance = (steps: number): void => {
    f.increment(stepTable, 4 * steps).increment(target, stepBytes * steps);
  };
  if (contiguous === "steps" && same && lanes === float32Lanes) packTransposed(f, shape, starts, advance);
  f.while(step, count, 1, () => {
    f.get(stepTable).memory("i32.load").set(offset);
    for (const { line, at } of starts) {
      const push = (): void => void f.get(at).get(offset).op("i32.add");
      if (!byVectors) {
        copyElement(f, shape, target, line * repeat * bytes, push);
        continue;
      }
      f.get(target);
      push();
      if (carrier === "float32" && lanes === float64Lanes)
        f.memory("v128.load64_zero", 0, 2).op("f64x2.promote_low_f32x4");
      else f.memory("v128.load", 0, 2);
      f.memory("v128.store", line * bytes, 2);
    }
    for (let line = starts.length * width; line < padded; line++) copyElement(f, shape, target, line * repeat * bytes);
    advance(1);
  });
  return f;

  /** Four steps at a time, groups of four lines transposed; `step` is left at the first step not packed. */
  function packTransposed(
    g: FunctionBuilder,
    panel: PanelShape,
    all: readonly { readonly line: number; readonly at: Local }[],
    next: (steps: number) => void,
  ): void {
    const whole = g.local("i32");
    const rows = Array.from({ length: 4 }, () => g.local("v128"));
    g.get(count).i32(-4).op("i32.and").set(whole);
    g.while(step, whole, 4, () => {
      g.get(stepTable).memory("i32.load").set(offset);
      for (let first = 0; first < panel.padded; first += 4) {
        const group = all.slice(first, first + 4);
        const width4 = Math.min(4, panel.padded - first);
        rows.forEach((row, i) => {
          if (group[i] === undefined) g.splat(0, "f32").set(row);
          else g.get(group[i].at).get(offset).op("i32.add").memory("v128.load", 0, 2).set(row);
        });
        transpose(g, rows);
        rows.forEach((row, k) => {
          const place = k * stepBytes + first * 4;
          if (width4 === 4) g.get(target).get(row).memory("v128.store", place, 2);
          else {
            for (let lane = 0; lane < width4; lane++) {
              g.get(target)
                .get(row)
                .laneMemory("v128.store32_lane", lane, place + lane * 4);
            }
          }
        });
      }
      next(4);
    });
  }
}
