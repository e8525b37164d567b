/**
 * Packing of contraction operands into panels [k][lines], so that the micro-kernel reads memory in order whatever the
 * strides were.
 */
import type { FunctionBuilder, Local, Module } from "./assembler.ts";
import { float32Lanes, type Lanes } from "./lanes.ts";

export interface PanelShape {
  readonly lanes: Lanes;
  readonly carrier: "float32" | "float64";
  /** Rows of `a` or columns of `b` that are read. */
  readonly lines: number;
  /** Lines of a panel; those that are not read are 0. */
  readonly padded: number;
  /** How often each element stands in the panel. */
  readonly repeat: number;
  /** What is contiguous in the source. */
  readonly contiguous: "lines" | "steps" | "nothing";
}

/** One step of k, element by element: lines first .. first + sources.length - 1, and zeros up to `end`. */
function copyElements(
  f: FunctionBuilder,
  shape: PanelShape,
  sources: readonly Local[],
  target: Local,
  first: number,
  end: number,
): void {
  const { lanes, carrier, repeat } = shape;
  const single = lanes === float32Lanes;
  const place = repeat * 2 ** lanes.logBytes;
  for (let line = first; line < end; line++) {
    const source = sources[line - first];
    f.get(target);
    if (source === undefined) {
      if (single) f.f32(0);
      else f.f64(0);
    } else {
      f.get(source).memory(carrier === "float32" ? "f32.load" : "f64.load");
      if (carrier === "float32" && !single) f.op("f64.promote_f32");
    }
    if (repeat === 2) f.op("f64x2.splat").memory("v128.store", line * place, 3);
    else f.memory(single ? "f32.store" : "f64.store", line * place);
  }
}

/** Pushes a 4 x 4 transpose of four vectors, first row last, ready to be stored from the last to the first. */
export function transpose(f: FunctionBuilder, rows: readonly Local[]): void {
  const [t0, t1, t2, t3] = rows.map(() => f.local("v128"));
  const [r0, r1, r2, r3] = rows;
  f.get(r0).get(r1).shuffleLanes([0, 4, 1, 5]).set(t0).get(r0).get(r1).shuffleLanes([2, 6, 3, 7]).set(t1);
  f.get(r2).get(r3).shuffleLanes([0, 4, 1, 5]).set(t2).get(r2).get(r3).shuffleLanes([2, 6, 3, 7]).set(t3);
  f.get(t0).get(t2).shuffleLanes([0, 1, 4, 5]).set(r0).get(t0).get(t2).shuffleLanes([2, 3, 6, 7]).set(r1);
  f.get(t1).get(t3).shuffleLanes([0, 1, 4, 5]).set(r2).get(t1).get(t3).shuffleLanes([2, 3, 6, 7]).set(r3);
}

/** A function (source, lineStride, stepStride, steps, target), strides in bytes, that packs one panel. */
export function emitPack(module: Module, shape: PanelShape): FunctionBuilder {
  const { lanes, carrier, lines, padded, repeat, contiguous } = shape;
  const f = module.function(["i32", "i32", "i32", "i32", "i32"]);
  const [source, lineStride, stepStride, steps, target] = f.parameters.keys();
  const same = repeat === 1 && (carrier === "float32") === (lanes === float32Lanes);
  const stepBytes = padded * repeat * 2 ** lanes.logBytes;
  const step = f.local("i32");
  const copied = contiguous === "lines" && same ? Math.floor(lines / lanes.count) : 0;
  const first = copied * lanes.count;

  /** Lines from .. to - 1, all steps; groups of four float32 lines by transposition where steps are contiguous. */
  const walk = (from: number, to: number, end: number): void => {
    const sources = Array.from({ length: to - from }, () => f.local("i32"));
    const at = f.local("i32");
    const advance = (count: number, bytes: number): void => {
      for (const line of sources) {
        f.get(line).get(stepStride);
        if (count > 1) f.i32(count).op("i32.mul");
        f.op("i32.add").set(line);
      }
      f.increment(at, bytes);
    };
    sources.forEach((line, i) => {
      f.get(source)
        .get(lineStride)
        .i32(from + i)
        .op("i32.mul")
        .op("i32.add")
        .set(line);
    });
    f.get(target).set(at);
    f.i32(0).set(step);
    if (contiguous === "steps" && same && lanes === float32Lanes && sources.length === 4) {
      const whole = f.local("i32");
      const rows = sources.map(() => f.local("v128"));
      f.get(steps).i32(-4).op("i32.and").set(whole);
      f.while(step, whole, 4, () => {
        sources.forEach((line, i) => {
          f.get(line).memory("v128.load", 0, 2).set(rows[i]);
        });
        transpose(f, rows);
        rows.forEach((row, k) => {
          f.get(at)
            .get(row)
            .memory("v128.store", k * stepBytes + from * 4, 2);
        });
        advance(4, 4 * stepBytes);
      });
    }
    f.while(step, steps, 1, () => {
      for (let v = 0; v < (from === first ? copied : 0); v++) {
        f.get(at)
          .get(source)
          .memory("v128.load", v * 16, 2)
          .memory("v128.store", v * 16, 2);
      }
      copyElements(f, shape, sources, at, from, end);
      advance(1, stepBytes);
      if (copied > 0) f.get(source).get(stepStride).op("i32.add").set(source);
    });
  };

  if (contiguous === "steps") {
    for (let from = 0; from < lines; from += 4) {
      const to = Math.min(lines, from + 4);
      walk(from, to, to === lines ? padded : to);
    }
  } else walk(first, lines, padded);
  return f;
}

/** A function (from, to) that replaces every vector between two addresses; `change` pops and pushes one. */
export function emitChange(module: Module, change: (f: FunctionBuilder) => void): FunctionBuilder {
  const f = module.function(["i32", "i32"]);
  f.while(0, 1, 16, () => {
    f.get(0).get(0).memory("v128.load");
    change(f);
    f.memory("v128.store");
  });
  return f;
}
