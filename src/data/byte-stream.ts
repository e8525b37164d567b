/** Files read front to back in pieces, zlib streams among them: memory stays at one piece, whatever the file's size. */
import { closeSync, openSync, readSync } from "node:fs";
import { Unzlib } from "fflate";
import { DataError } from "../base/errors.ts";
import { unreadable } from "./read-file.ts";

const pieceLength = 2 ** 18;

function attempt<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** The pieces of a file. @throws DataError if the system does not give it */
export function* filePieces(path: string, name: string): Generator<Uint8Array> {
  const file = attempt(name, () => openSync(path, "r"));
  try {
    for (;;) {
      const piece = new Uint8Array(pieceLength);
      const length = attempt(name, () => readSync(file, piece));
      if (length === 0) return;
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

/** Takes bytes off the front of a sequence of pieces. */
export class ByteStream {
  readonly #pieces: Iterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  /** Bytes taken so far. */
  position = 0;

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  /** Whether nothing is left. */
  get ended(): boolean {
    return !this.#fill();
  }

  /** Up to `most` bytes without copying; empty at the end. */
  some(most: number): Uint8Array {
    if (!this.#fill()) return this.#piece;
    const taken = this.#piece.subarray(0, most);
    this.#piece = this.#piece.subarray(taken.length);
    this.position += taken.length;
    return taken;
  }

  /** Exactly `length` bytes, or fewer at the end. */
  take(length: number): Uint8Array {
    const first = this.some(length);
    if (first.length === length) return first;
    const result = new Uint8Array(length);
    result.set(first);
    let filled = first.length;
    while (filled < length) {
      const more = this.some(length - filled);
      if (more.length === 0) return result.subarray(0, filled);
      result.set(more, filled);
      filled += more.length;
    }
    return result;
  }

  /** The next `length` bytes, piece by piece; fewer at the end. */
  *limited(length: number): Generator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const piece = this.some(left);
      if (piece.length === 0) return;
      left -= piece.length;
      yield piece;
    }
  }

  /** Lets the source close its file. */
  close(): void {
    this.#pieces.return?.();
  }

  #fill(): boolean {
    while (this.#piece.length === 0) {
      const next = this.#pieces.next();
      if (next.done === true) return false;
      this.#piece = next.value;
    }
    return true;
  }
}

/** Sums of 5552 bytes fit 32 bits before a reduction modulo 65521 (zlib's NMAX). */
const adlerRun = 5552;

/** Adler-32 continued over `bytes` (RFC 1950, section 9). */
function adler32(state: readonly [number, number], bytes: Uint8Array): [number, number] {
  let [a, b] = state;
  for (let from = 0; from < bytes.length; from += adlerRun) {
    const to = Math.min(bytes.length, from + adlerRun);
    for (let i = from; i < to; i++) {
      a += bytes[i];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return [a, b];
}

/**
 * Inflates a zlib stream piece by piece and checks its checksum, which fflate does not.
 * @param where Begins the error: file and place.
 * @throws DataError if the stream is damaged or ends early
 */
export function* inflated(pieces: Iterable<Uint8Array>, where: string): Generator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const inflate = new Unzlib((piece) => ready.push(piece));
  let sum: [number, number] = [1, 0];
  let tail: Uint8Array = new Uint8Array(0);
  const step = (piece: Uint8Array, final: boolean): void => {
    try {
      inflate.push(piece, final);
    } catch (error) {
      throw new DataError(`${where}: damaged compressed data (${(error as Error).message})`, { cause: error });
    }
  };
  const flush = function* (): Generator<Uint8Array> {
    for (const piece of ready.splice(0)) {
      sum = adler32(sum, piece);
      if (piece.length > 0) yield piece;
    }
  };
  for (const piece of pieces) {
    tail = piece.length >= 4 ? piece.slice(-4) : Uint8Array.of(...tail, ...piece).slice(-4);
    step(piece, false);
    yield* flush();
  }
  step(new Uint8Array(0), true);
  yield* flush();
  const [a, b] = sum;
  const expected = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  if (tail.length < 4 || expected.getUint32(0) !== b * 65536 + a) {
    throw new DataError(`${where}: damaged compressed data (checksum differs)`);
  }
}
