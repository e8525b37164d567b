/** Copies: whole regions, rows, or strided lanes. */
import { sizeOf, stridesOf } from "../../base/shape.ts";
import type { MoveLoop } from "../../ir/loops.ts";
import { bytesPerElement } from "../layout.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Context } from "./context.ts";
import { float64Lanes, narrow, widen } from "./lanes.ts";
import { loadVector, storeVector } from "./memory.ts";
import { coalesce, Nest } from "./nest.ts";

type Piece = MoveLoop["pieces"][number];

function emitPiece(context: Context, f: FunctionBuilder, loop: MoveLoop, piece: Piece): void {
  if (piece.shape.includes(0)) return;
  const strides = stridesOf(loop.shape);
  const offset = piece.at.reduce((sum, at, axis) => sum + at * strides[axis], 0);
  const all = [context.stream(piece.from), context.stream({ value: loop.output, strides, offset })];
  const {
    groups: [shape],
    streams,
  } = coalesce([piece.shape], all);
  const [from, to] = streams;
  const same = from.carrier === to.carrier;
  const bytes = bytesPerElement(to.carrier);
  const isWhole = shape.length === 0 || (shape.length === 1 && from.strides[0] === bytes && to.strides[0] === bytes);
  if (same && isWhole) {
    f.i32(to.address)
      .i32(from.address)
      .i32(sizeOf(shape) * bytes)
      .copyMemory();
    return;
  }
  const count = same ? 16 / bytes : float64Lanes.count;
  const nest = new Nest(f, shape, streams, shape.length - 1, count);
  const vector = f.local("v128");
  nest.loop(0, shape.length, () => {
    loadVector(f, nest, nest.places[0], count);
    if (!same) {
      widen(f, float64Lanes, from.carrier);
      narrow(f, float64Lanes, to.carrier);
    }
    f.set(vector);
    storeVector(f, nest, nest.places[1], vector, count);
  });
}

export function emitMove(context: Context, f: FunctionBuilder, loop: MoveLoop): void {
  const covered = loop.pieces.reduce((sum, piece) => sum + sizeOf(piece.shape), 0);
  if (covered < sizeOf(loop.shape)) {
    const bytes = sizeOf(loop.shape) * bytesPerElement(context.carrier(loop.output));
    f.i32(context.address(loop.output)).i32(0).i32(bytes).fillMemory();
  }
  for (const piece of loop.pieces) emitPiece(context, f, loop, piece);
}
