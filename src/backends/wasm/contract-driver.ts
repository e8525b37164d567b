/** The loops around the micro-kernel: which panels are packed when, and where each tile's sums come from and go to. */
import type { Access, ContractLoop } from "../../ir/loops.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Context } from "./context.ts";
import { Frame, type Name } from "./contract-frame.ts";
import type { ContractPlan } from "./contract-plan.ts";
import { emitBiasRow, emitResult, isPlainResult } from "./contract-result.ts";
import { once } from "./once.ts";
import { emitChange, emitPack, type PanelShape } from "./pack.ts";
import { roundLanes } from "./steps-exact.ts";
import { emitTile, repeats, rowPanelBytes, type Steps, type TileShape, tileRows, tileVectors } from "./tile.ts";

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

  #carrierBytes(value: number): 4 | 8 {
    return this.#context.carrier(value) === "float64" ? 8 : 4;
  }

  emit(): void {
    const f = this.#f;
    const { m, n, k, batch, bias } = this.#loop;
    const { scratch } = this.#plan;
    if (m * n === 0) return;
    if (bias) {
      const carrier = this.#context.carrier(bias.value) as "float32" | "float64";
      emitBiasRow(f, this.#plan, n, carrier, bias, this.#context.address(bias.value), this.#scratch + scratch.bias);
    }
    const start = (access: Access): number =>
      this.#context.address(access.value) + access.offset * this.#carrierBytes(access.value);
    const results = this.#context.address(this.#loop.output);
    f.i32(start(this.#loop.a)).set(this.#frame.at("a")).i32(start(this.#loop.b)).set(this.#frame.at("b"));
    f.i32(results).set(this.#frame.at("results"));
    this.#eachMatrix(batch, 0, () => {
      if (scratch.total === undefined) f.get(this.#frame.at("results")).set(this.#frame.at("sums"));
      else f.i32(this.#scratch + scratch.total).set(this.#frame.at("sums"));
      if (scratch.partial === undefined) f.get(this.#frame.at("sums")).set(this.#frame.at("partials"));
      else f.i32(this.#scratch + scratch.partial).set(this.#frame.at("partials"));
      if (k === 0)
        f.get(this.#frame.at("sums"))
          .i32(0)
          .i32(m * n * this.#bytes)
          .fillMemory();
      this.#matrix();
    });
  }

  #eachMatrix(batch: readonly number[], axis: number, body: () => void): void {
    if (axis === batch.length) {
      body();
      return;
    }
    const f = this.#f;
    const { a, b, m, n, output } = this.#loop;
    const index = f.local("i32");
    const inner = batch.slice(axis + 1).reduce((product, extent) => product * extent, 1);
    const moves: [Name, number][] = [
      ["a", a.strides[axis] * this.#carrierBytes(a.value)],
      ["b", b.strides[axis] * this.#carrierBytes(b.value)],
      ["results", inner * m * n * this.#carrierBytes(output)],
    ];
    const saved = moves.map(() => f.local("i32"));
    moves.forEach(([name], i) => {
      f.get(this.#frame.at(name)).set(saved[i]);
    });
    f.range(index, { constant: batch[axis] }, 1, () => {
      this.#eachMatrix(batch, axis + 1, body);
      for (const [name, stride] of moves) f.increment(this.#frame.at(name), stride);
    });
    moves.forEach(([name], i) => {
      f.get(saved[i]).set(this.#frame.at(name));
    });
  }

  /** One matrix: columns, then terms, then rows, as the caches want them. */
  #matrix(): void {
    const f = this.#f;
    const { m, n, k } = this.#loop;
    const plan = this.#plan;
    const plain = isPlainResult(plan, this.#steps, this.#context.precision.flush);
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
    const { k } = this.#loop;
    const { chunk, block } = this.#plan;
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
    const { lanes, operands, scratch } = this.#plan;
    const rank = this.#loop.batch.length;
    const access = this.#loop[side];
    const bytes = this.#carrierBytes(access.value);
    const [lineStride, stepStride] =
      side === "a"
        ? [access.strides[rank], access.strides[rank + 1]]
        : [access.strides[rank + 1], access.strides[rank]];
    const [first, count, inner] =
      side === "a" ? (["row", "rows", "i"] as const) : (["column", "columns", "j"] as const);
    const extent = side === "a" ? this.#loop.m : this.#loop.n;
    const full = side === "a" ? tileRows : this.#width;
    const lineBytes = side === "a" ? rowPanelBytes(lanes, 1) : this.#bytes;
    const contiguous = stepStride === 1 ? "steps" : lineStride === 1 ? "lines" : "nothing";
    const carrier = bytes === 4 ? "float32" : "float64";
    const repeat = side === "a" ? repeats(lanes) : 1;
    const target = f.local("i32");
    const panel = (lines: number): void => {
      const padded = side === "a" ? lines : Math.ceil(lines / lanes.count) * lanes.count;
      const shape: PanelShape = { lanes, carrier, lines, padded, repeat, contiguous };
      const { module } = this.#context;
      f.get(this.#frame.at(side)).get(this.#frame.at(first)).get(this.#frame.at(inner)).op("i32.add");
      f.i32(lineStride * bytes)
        .op("i32.mul")
        .op("i32.add");
      this.#frame.times("term", stepStride * bytes).op("i32.add");
      f.i32(lineStride * bytes)
        .i32(stepStride * bytes)
        .get(this.#frame.at("terms"))
        .get(target);
      f.call(once(module, ["pack", { ...shape, lanes: lanes.name }], () => emitPack(module, shape)));
      const { name, prepare } = this.#steps;
      if (operands === undefined && prepare === undefined) return;
      f.get(target).get(target);
      this.#frame.times("terms", padded * lineBytes).op("i32.add");
      const change = (g: FunctionBuilder): void => {
        if (operands) roundLanes(g, lanes, operands);
        prepare?.(g);
      };
      f.call(once(module, ["change", name, operands], () => emitChange(module, change)));
    };
    f.range(this.#frame.at(inner), this.#frame.at(count), full, () => {
      f.i32(this.#scratch + scratch[side]);
      this.#frame.times(inner, lineBytes).get(this.#frame.at("terms")).op("i32.mul").op("i32.add").set(target);
      this.#edge(inner, count, extent, full, panel);
    });
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
      this.#edge("j", "columns", this.#loop.n, this.#width, (columns) => {
        f.range(this.#frame.at("i"), this.#frame.at("rows"), tileRows, () =>
          this.#edge("i", "rows", this.#loop.m, tileRows, (rows) => this.#tile(rows, columns)),
        );
      }),
    );
  }

  #tile(rows: number, columns: number): void {
    const f = this.#f;
    const { n } = this.#loop;
    const { lanes, block, chunk, scratch } = this.#plan;
    const vectors = Math.ceil(columns / lanes.count);
    const shape: TileShape = { rows, vectors, tail: columns - (vectors - 1) * lanes.count };
    const { module } = this.#context;
    const tile = once(module, ["tile", this.#steps.name, shape], () => emitTile(module, this.#steps, shape));
    const rowBytes = rowPanelBytes(lanes, rows);
    const place = f.local("i32");
    this.#panel("panelA", "i", scratch.a, rowPanelBytes(lanes, 1));
    this.#panel("panelB", "j", scratch.b, this.#bytes);
    const [row, i, column, j] = (["row", "i", "column", "j"] as const).map((name) => this.#frame.at(name));
    f.get(row).get(i).op("i32.add").i32(n).op("i32.mul").get(column).op("i32.add");
    f.get(j).op("i32.add").i32(this.#bytes).op("i32.mul").set(place);
    const whole = block >= chunk;
    const call = (): void => {
      f.get(this.#frame.at("panelA")).get(this.#frame.at("panelB")).get(this.#frame.at("panelA"));
      this.#frame.times(whole ? "terms" : "count", rowBytes).op("i32.add");
      f.get(this.#frame.at("from")).get(place).op("i32.add").get(this.#frame.at("to")).get(place).op("i32.add");
      f.i32(n * this.#bytes);
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
    const { n, output } = this.#loop;
    const { lanes, scratch } = this.#plan;
    const { module, precision } = this.#context;
    const result = emitResult(module, this.#plan, this.#steps, precision.flush, n);
    const place = f.local("i32");
    this.#frame.times("row", n).get(this.#frame.at("column")).op("i32.add").set(place);
    f.get(this.#frame.at("sums")).get(place).i32(this.#bytes).op("i32.mul").op("i32.add");
    f.i32(this.#scratch + scratch.bias);
    this.#frame.times("column", this.#bytes).op("i32.add");
    f.get(this.#frame.at("results")).get(place).i32(this.#carrierBytes(output)).op("i32.mul").op("i32.add");
    f.get(this.#frame.at("rows")).get(this.#frame.at("columns"));
    f.get(this.#frame.at("columns")).i32(-lanes.count).op("i32.and").call(result);
  }
}
