/** Copies: pieces as words for `runtime/move.c`; where machine types differ, a map. */
import { sizeOf, stridesOf } from "../../base/shape.ts";
import type { MoveLoop } from "../../ir/loops.ts";
import { coalesce } from "../wasm/nest.ts";
import { type Context, kinds, streams, type Word } from "./context.ts";
import { float64Lanes } from "./lanes.ts";
import { Line } from "./line.ts";
import { laneCount } from "./map.ts";

type Piece = MoveLoop["pieces"][number];

function regionsOf(context: Context, loop: MoveLoop, piece: Piece): ReturnType<typeof coalesce> {
  const strides = stridesOf(loop.shape);
  const offset = piece.at.reduce((sum, at, axis) => sum + at * strides[axis], 0);
  const all = [context.region(piece.from), context.region({ value: loop.output, strides, offset })];
  const joined = coalesce([piece.shape], all);
  if (joined.groups[0].length > 0) return joined;
  return { groups: [[1]], streams: joined.streams.map((region) => ({ ...region, strides: [0] })) };
}

/** A copy that converts: every number of an int32 or float32 is a float64. */
function converted(context: Context, loop: MoveLoop, piece: Piece, width: number): Word[] {
  const { groups, streams: regions } = regionsOf(context, loop, piece);
  const [extents] = groups;
  const line = new Line(float64Lanes);
  line.output(regions[1].carrier, line.input(regions[0].carrier));
  const words = regions.flatMap(({ carrier, address, strides }) => [
    streams.memory,
    address,
    carrier === "float64" ? 8 : 4,
    ...strides,
  ]);
  return [kinds.map, line.source(), laneCount(float64Lanes, width), 1, extents.length, 1, 1, ...extents, ...words];
}

/** The loop as words of one or several loops of the runtime. */
export function moveWords(context: Context, loop: MoveLoop, width: number): Word[][] {
  const bytes = context.bytes(loop.output);
  const pieces = loop.pieces.filter((piece) => !piece.shape.includes(0));
  const covered = pieces.reduce((sum, piece) => sum + sizeOf(piece.shape), 0);
  const cleared = covered < sizeOf(loop.shape) ? sizeOf(loop.shape) * bytes : 0;
  const carrier = context.carrier(loop.output);
  const plain = pieces.filter((piece) => context.carrier(piece.from.value) === carrier);
  const words = plain.map((piece) => {
    const { groups, streams: regions } = regionsOf(context, loop, piece);
    const [from, to] = regions;
    return [groups[0].length, from.address, to.address, ...groups[0], ...from.strides, ...to.strides];
  });
  const move: Word[] = [kinds.move, bytes, context.address(loop.output), cleared, plain.length, ...words.flat()];
  const others = pieces.filter((piece) => !plain.includes(piece));
  return [move, ...others.map((piece) => converted(context, loop, piece, width))];
}
