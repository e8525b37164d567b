/** The loops around the micro-kernel: which panels are packed when, and where each tile's sums come from and go to. */
import type { Access, ContractLoop } from "../../ir/loops.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Context } from "./context.ts";
import { Frame, type Name } from "./contract-frame.ts";
import { type BiasWalk, type ContractPlan, isTabled } from "./contract-plan.ts";
import { emitBiases, emitResult, isPlainResult } from "./contract-result.ts";
import { once } from "./once.ts";
import { emitChange, emitPack, type PanelShape } from "./pack.ts";
import { emitTabledPack } from "./pack-tabled.ts";
import { roundLanes } from "./steps-exact.ts";
import { emitTile, repeats, rowPanelBytes, type Steps, type TileShape, tileRows, tileVectors } from "./tile.ts";
import { isVectorWalk, type Walk } from "./walk.ts";

export class Driver {
  readonly #context: Context;
  readonly #f: FunctionBuilder;
  readonly #loop: ContractLoop;
  readonly #plan: ContractPlan;
  readonly #steps: Steps;
  readonly #scratch: number;
  readonly #frame: Frame;
  /** Bytes of an element of a sum, and columns of a full tile. */
  readonly #bytes: number;
  readonly #width: number;

  constructor(
    context: Context,
    f: FunctionBuilder,
    loop: ContractLoop,
    plan: ContractPlan,
    steps: Steps,
    scratch: number,
  ) {
    this.#context = context;
    this.#f = f;
    this.#frame = new Frame(f);
    this.#loop = loop;
    this.#plan = plan;
    this.#steps = steps;
    this.#scratch = scratch;
    this.#bytes = 2 ** plan.lanes.logBytes;
    this.#width = tileVectors * plan.lanes.count;
  }

  /** Whether sums wait in scratch memory, by packed columns. */
  get #isLocal(): boolean {
    return this.#plan.scratch.total !== undefined;
  }

  #carrierBytes(value: number): 4 | 8 {
    return this.#context.carrier(value) === "float64" ? 8 : 4;
  }

  emit(): void {
    const f = this.#f;
    const { batch, a, b, bias, output } = this.#loop;
    const { m, n, k, sumRow, scratch } = this.#plan;
    if (m * n === 0) return;
    const starts: [Name, Access][] = [
      ["a", a],
      ["b", b],
      ["results", output],
    ];
    if (bias !== undefined) starts.push(["bias", bias]);
    for (const [name, access] of starts) {
      const offset = access.offset * this.#carrierBytes(access.value);
      f.i32(this.#context.address(access.value) + offset).set(this.#frame.at(name));
    }
    this.#eachMatrix(batch, 0, starts, () => {
      if (scratch.total === undefined) f.get(this.#frame.at("results")).set(this.#frame.at("sums"));
      else f.i32(this.#scratch + scratch.total).set(this.#frame.at("sums"));
      if (scratch.partial === undefined) f.get(this.#frame.at("sums")).set(this.#frame.at("partials"));
      else f.i32(this.#scratch + scratch.partial).set(this.#frame.at("partials"));
      if (k === 0)
        f.get(this.#frame.at("sums"))
          .i32(0)
          .i32(m * sumRow * this.#bytes)
          .fillMemory();
      if (bias !== undefined) this.#copyBias(bias);
      this.#matrix();
    });
  }

  #copyBias(bias: Access): void {
    const { m, n, biasWalk, scratch } = this.#plan;
    const { along, stride } = biasWalk as BiasWalk;
    const source = { pointer: this.#frame.at("bias"), bytes: this.#carrierBytes(bias.value), stride };
    emitBiases(this.#f, this.#plan, along === "columns" ? n : m, source, this.#scratch + scratch.bias);
  }

  #eachMatrix(
    batch: readonly number[],
    axis: number,
    starts: readonly (readonly [Name, Access])[],
    body: () => void,
  ): void {
    if (axis === batch.length) {
      body();
      return;
    }
    const f = this.#f;
    const index = f.local("i32");
    const moves = starts.map(
      ([name, access]) => [name, access.strides[axis] * this.#carrierBytes(access.value)] as const,
    );
    const saved = moves.map(() => f.local("i32"));
    moves.forEach(([name], i) => {
      f.get(this.#frame.at(name)).set(saved[i]);
    });
    f.range(index, { constant: batch[axis] }, 1, () => {
      this.#eachMatrix(batch, axis + 1, starts, body);
      for (const [name, stride] of moves) f.increment(this.#frame.at(name), stride);
    });
    moves.forEach(([name], i) => {
      f.get(saved[i]).set(this.#frame.at(name));
    });
  }

  /** One matrix: columns, then terms, then rows, as the caches want them. */
  #matrix(): void {
    const f = this.#f;
    const plan = this.#plan;
    const { m, n, k } = plan;
    const plain = !this.#isLocal && isPlainResult(plan, this.#steps, this.#context.precision.flush);
    f.range(this.#frame.at("column"), { constant: n }, plan.columns, () => {
      this.#frame.extent("columns", plan.columns, n, "column");
      f.i32(0).set(this.#frame.at("term")).i32(0).set(this.#frame.at("done"));
      const rows = (body: () => void): void => {
        f.range(this.#frame.at("row"), { constant: m }, plan.rows, () => {
          this.#frame.extent("rows", plan.rows, m, "row");
          body();
        });
      };
      if (k > 0) {
        f.loop((again) => {
          this.#chunk();
          this.#pack("b");
          rows(() => {
            this.#pack("a");
            this.#tiles();
          });
          f.get(this.#frame.at("term")).get(this.#frame.at("terms")).op("i32.add").tee(this.#frame.at("term"));
          f.i32(k).op("i32.lt_u").branchIf(again);
        });
      }
      if (!plain) rows(() => this.#result());
    });
  }

  /** Sets the extent of the chunk, and where its sums come from and go to. */
  #chunk(): void {
    const f = this.#f;
    const { k, chunk, block } = this.#plan;
    const [term, terms, done, mode] = (["term", "terms", "done", "mode"] as const).map((name) => this.#frame.at(name));
    this.#frame.extent("terms", chunk, k, "term");
    f.get(this.#frame.at("partials")).set(this.#frame.at("from")).get(this.#frame.at("sums")).set(this.#frame.at("to"));
    if (block <= chunk) {
      f.i32(0).i32(2).get(term).op("i32.eqz").op("select").set(mode);
    } else if (block >= k) {
      f.get(term).i32(0).op("i32.ne").set(mode);
    } else {
      const rest = f.local("i32");
      f.i32(block).get(done).op("i32.sub").set(rest);
      f.get(terms).get(rest).get(terms).get(rest).op("i32.lt_u").op("select").set(terms);
      f.get(done).i32(0).op("i32.ne").set(mode);
      f.get(done).get(terms).op("i32.add").set(done);
      f.get(done).i32(block).op("i32.eq").get(term).get(terms).op("i32.add").i32(k).op("i32.eq").op("i32.or");
      f.if(
        () => {
          f.i32(0).set(done);
          f.get(mode).get(term).get(terms).op("i32.add").i32(block).op("i32.gt_u").i32(1).op("i32.shl");
          f.op("i32.or").set(mode);
        },
        () => f.get(this.#frame.at("partials")).set(this.#frame.at("to")),
      );
    }
  }

  /** Packs the current rows of `a` or columns of `b`, panel by panel. */
  #pack(side: "a" | "b"): void {
    const f = this.#f;
    const { m, n, lanes, operands, scratch } = this.#plan;
    const [first, count, inner] =
      side === "a" ? (["row", "rows", "i"] as const) : (["column", "columns", "j"] as const);
    const extent = side === "a" ? m : n;
    const full = side === "a" ? tileRows : this.#width;
    const lineBytes = side === "a" ? rowPanelBytes(lanes, 1) : this.#bytes;
    const target = f.local("i32");
    const panel = (lines: number): void => {
      const padded = side === "a" ? lines : Math.ceil(lines / lanes.count) * lanes.count;
      this.#packPanel(side, first, inner, lines, padded, target);
      const { name, prepare } = this.#steps;
      if (operands === undefined && prepare === undefined) return;
      f.get(target).get(target);
      this.#frame.times("terms", padded * lineBytes).op("i32.add");
      const change = (g: FunctionBuilder): void => {
        if (operands) roundLanes(g, lanes, operands);
        prepare?.(g);
      };
      f.call(once(this.#context.module, ["change", name, operands], () => emitChange(this.#context.module, change)));
    };
    f.range(this.#frame.at(inner), this.#frame.at(count), full, () => {
      f.i32(this.#scratch + scratch[side]);
      this.#frame.times(inner, lineBytes).get(this.#frame.at("terms")).op("i32.mul").op("i32.add").set(target);
      this.#edge(inner, count, extent, full, panel);
    });
  }

  /** Packs `lines` lines from the current one. */
  #packPanel(
    side: "a" | "b",
    first: "row" | "column",
    inner: "i" | "j",
    lines: number,
    padded: number,
    target: number,
  ): void {
    const f = this.#f;
    const { module, tables } = this.#context;
    const { lanes, walks } = this.#plan;
    const bytes = this.#carrierBytes(this.#loop[side].value);
    const carrier = bytes === 4 ? "float32" : "float64";
    const shape = { lanes, carrier, lines, padded, repeat: side === "a" ? repeats(lanes) : 1 } as const;
    const { lines: lineWalk, steps: stepWalk } = walks[side];
    f.get(this.#frame.at(side));
    const pushLine = (): FunctionBuilder => f.get(this.#frame.at(first)).get(this.#frame.at(inner)).op("i32.add");
    if (isTabled(walks[side])) {
      const vectors = isVectorWalk(lineWalk, lanes.count)
        ? "lines"
        : this.#areStepsVectors(stepWalk)
          ? "steps"
          : "nothing";
      pushLine().i32(4).op("i32.mul").i32(tables.address(lineWalk, bytes)).op("i32.add");
      this.#frame.times("term", 4).i32(tables.address(stepWalk, bytes)).op("i32.add");
      f.get(this.#frame.at("terms")).get(target);
      const tabled: PanelShape = { ...shape, contiguous: vectors };
      f.call(once(module, ["gather", { ...tabled, lanes: lanes.name }], () => emitTabledPack(module, tabled)));
      return;
    }
    const [lineStride, stepStride] = [lineWalk.stride ?? 0, stepWalk.stride ?? 0].map((stride) => stride * bytes);
    const contiguous = stepStride === bytes ? "steps" : lineStride === bytes ? "lines" : "nothing";
    pushLine().i32(lineStride).op("i32.mul").op("i32.add");
    this.#frame.times("term", stepStride).op("i32.add");
    f.i32(lineStride).i32(stepStride).get(this.#frame.at("terms")).get(target);
    const strided: PanelShape = { ...shape, contiguous };
    f.call(once(module, ["pack", { ...strided, lanes: lanes.name }], () => emitPack(module, strided)));
  }

  /** Whether steps come in vectors of four wherever a chunk starts. */
  #areStepsVectors(steps: Walk): boolean {
    const { chunk, block, k } = this.#plan;
    const aligned = chunk >= k || (chunk % 4 === 0 && (block <= chunk || block >= k || block % 4 === 0));
    return steps.stride === 1 || (aligned && isVectorWalk(steps, 4));
  }

  /** Calls `use` with the extent of the current tile along one axis: full, or what is left at the end. */
  #edge(
    inner: "i" | "j",
    count: "rows" | "columns",
    extent: number,
    full: number,
    use: (extent: number) => void,
  ): void {
    const rest = extent % full;
    if (rest === 0 || extent < full) {
      use(rest === 0 ? full : rest);
      return;
    }
    this.#f.get(this.#frame.at(count)).get(this.#frame.at(inner)).op("i32.sub").i32(full).op("i32.ge_u");
    this.#f.if(
      () => use(full),
      () => use(rest),
    );
  }

  #tiles(): void {
    const f = this.#f;
    f.range(this.#frame.at("j"), this.#frame.at("columns"), this.#width, () =>
      this.#edge("j", "columns", this.#plan.n, this.#width, (columns) => {
        f.range(this.#frame.at("i"), this.#frame.at("rows"), tileRows, () =>
          this.#edge("i", "rows", this.#plan.m, tileRows, (rows) => this.#tile(rows, columns)),
        );
      }),
    );
  }

  #tile(rows: number, columns: number): void {
    const f = this.#f;
    const { lanes, block, chunk, scratch, sumRow } = this.#plan;
    const vectors = Math.ceil(columns / lanes.count);
    const shape: TileShape = { rows, vectors, tail: columns - (vectors - 1) * lanes.count };
    const { module } = this.#context;
    const tile = once(module, ["tile", this.#steps.name, shape], () => emitTile(module, this.#steps, shape));
    const rowBytes = rowPanelBytes(lanes, rows);
    const place = f.local("i32");
    this.#panel("panelA", "i", scratch.a, rowPanelBytes(lanes, 1));
    this.#panel("panelB", "j", scratch.b, this.#bytes);
    const [row, i, column, j] = (["row", "i", "column", "j"] as const).map((name) => this.#frame.at(name));
    f.get(row).get(i).op("i32.add").i32(sumRow).op("i32.mul").get(j).op("i32.add");
    if (!this.#isLocal) f.get(column).op("i32.add");
    f.i32(this.#bytes).op("i32.mul").set(place);
    const whole = block >= chunk;
    const call = (): void => {
      f.get(this.#frame.at("panelA")).get(this.#frame.at("panelB")).get(this.#frame.at("panelA"));
      this.#frame.times(whole ? "terms" : "count", rowBytes).op("i32.add");
      f.get(this.#frame.at("from")).get(place).op("i32.add").get(this.#frame.at("to")).get(place).op("i32.add");
      f.i32(sumRow * this.#bytes);
      if (whole) f.get(this.#frame.at("mode"));
      else f.i32(2).get(this.#frame.at("mode")).get(this.#frame.at("k")).op("select");
      f.call(tile);
    };
    if (whole) {
      call();
      return;
    }
    f.range(this.#frame.at("k"), this.#frame.at("terms"), block, () => {
      this.#frame.extent("count", block, "terms", "k");
      call();
      f.increment(this.#frame.at("panelA"), block * rowBytes).increment(this.#frame.at("panelB"), block * vectors * 16);
    });
  }

  /** Address of the panel of the current tile. */
  #panel(name: "panelA" | "panelB", inner: "i" | "j", region: number, lineBytes: number): void {
    this.#frame.times(inner, lineBytes).get(this.#frame.at("terms")).op("i32.mul");
    const address = this.#scratch + region;
    this.#f.i32(address).op("i32.add").set(this.#frame.at(name));
  }

  /** Finishes the current rows and columns. */
  #result(): void {
    const f = this.#f;
    const { sumRow } = this.#plan;
    const { module, precision, tables } = this.#context;
    const bytes = this.#carrierBytes(this.#loop.output.value);
    const biases = this.#scratch + this.#plan.scratch.bias;
    const result = emitResult(module, this.#plan, this.#steps, precision.flush, biases, (walk) =>
      tables.address(walk, bytes),
    );
    f.get(this.#frame.at("sums"));
    this.#frame.times("row", sumRow);
    if (!this.#isLocal) f.get(this.#frame.at("column")).op("i32.add");
    f.i32(this.#bytes).op("i32.mul").op("i32.add").get(this.#frame.at("results"));
    for (const name of ["row", "rows", "column", "columns"] as const) f.get(this.#frame.at(name));
    f.call(result);
  }
}
