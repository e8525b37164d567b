/**
 * Contractions, packed (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008): panels of rows
 * and columns are copied into scratch memory, so the micro-kernel runs alike on every layout. A chunk of packed terms
 * holds whole blocks of the sum, or a part of a long one; the order of additions is that of docs/numerics.md.
 */
import type { Precision } from "../../formats/precision.ts";
import type { Access, ContractLoop } from "../../ir/loops.ts";
import type { FunctionBuilder, Local, Module } from "./assembler.ts";
import type { Context } from "./context.ts";
import { type ContractPlan, type FormatOf, planContract } from "./contract-plan.ts";
import { emitBiasRow, emitResult, isPlainResult } from "./contract-result.ts";
import { emitPack, emitRoundPanel, type PanelShape } from "./pack.ts";
import { probe } from "./probe.ts";
import { relaxedSteps, strictSteps } from "./steps.ts";
import { fusedFloat64Steps, fusedNarrowSteps, narrowSteps } from "./steps-exact.ts";
import { emitTile, repeats, rowPanelBytes, type Steps, type TileShape, tileRows, tileVectors } from "./tile.ts";

/** Functions that the contractions of a module share. */
const shared = new WeakMap<Module, Map<string, unknown>>();

function once<T>(module: Module, key: unknown, make: () => T): T {
  const known = shared.get(module) ?? new Map<string, unknown>();
  shared.set(module, known);
  const name = JSON.stringify(key);
  if (!known.has(name)) known.set(name, make());
  return known.get(name) as T;
}

/** Bytes of scratch memory that a contraction needs; 0 where `emitContract` would decline. */
export function contractScratch(loop: ContractLoop, formatOf: FormatOf, precision: Precision): number {
  return planContract(loop, formatOf, precision, probe().fused)?.scratch.bytes ?? 0;
}

function stepsOf(context: Context, { arithmetic, lanes, accumulate }: ContractPlan): Steps {
  switch (arithmetic) {
    case "strict":
      return strictSteps(lanes);
    case "narrow":
      return narrowSteps(lanes, accumulate);
    case "fusedNarrow":
      return fusedNarrowSteps(accumulate);
    case "fused":
      if (probe().fused) return relaxedSteps(lanes);
      return once(context.module, "fusedFloat64Steps", () => fusedFloat64Steps(context.module, context.host));
  }
}

/** What the driver keeps in locals; addresses and byte strides unless said otherwise. */
type Name =
  | "a"
  | "b"
  | "sums"
  | "partials"
  | "results" // of the current batch
  | "column"
  | "columns" // first packed column and how many, in elements
  | "row"
  | "rows"
  | "term"
  | "terms" // packed terms of k
  | "done" // terms of the current block before the chunk
  | "j"
  | "i" // first column and row of the tile inside the packed ones
  | "k"
  | "kEnd" // block inside the chunk
  | "mode"
  | "from"
  | "to"
  | "panelA"
  | "panelB";

class Driver {
  readonly #context: Context;
  readonly #f: FunctionBuilder;
  readonly #loop: ContractLoop;
  readonly #plan: ContractPlan;
  readonly #steps: Steps;
  readonly #scratch: number;
  readonly #locals = new Map<Name, Local>();
  /** Bytes of an element of a sum, and columns of a full tile. */
  readonly #bytes: number;
  readonly #width: number;

  constructor(context: Context, f: FunctionBuilder, loop: ContractLoop, plan: ContractPlan, scratch: number) {
    this.#context = context;
    this.#f = f;
    this.#loop = loop;
    this.#plan = plan;
    this.#steps = stepsOf(context, plan);
    this.#scratch = scratch;
    this.#bytes = 2 ** plan.lanes.logBytes;
    this.#width = tileVectors * plan.lanes.count;
  }

  #at(name: Name): Local {
    const local = this.#locals.get(name) ?? this.#f.local("i32");
    this.#locals.set(name, local);
    return local;
  }

  /** Pushes name * factor. */
  #times(name: Name, factor: number): FunctionBuilder {
    return this.#f.get(this.#at(name)).i32(factor).op("i32.mul");
  }

  /** name = min(most, limit - start), the extent of a partial step. */
  #extent(name: Name, most: number, limit: number, start: Name): void {
    const f = this.#f;
    f.i32(most).i32(limit).get(this.#at(start)).op("i32.sub");
    f.i32(most).i32(limit).get(this.#at(start)).op("i32.sub").op("i32.lt_u").op("select").set(this.#at(name));
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
    f.i32(start(this.#loop.a)).set(this.#at("a")).i32(start(this.#loop.b)).set(this.#at("b"));
    f.i32(results).set(this.#at("results"));
    this.#eachMatrix(batch, 0, () => {
      if (scratch.total === undefined) f.get(this.#at("results")).set(this.#at("sums"));
      else f.i32(this.#scratch + scratch.total).set(this.#at("sums"));
      if (scratch.partial === undefined) f.get(this.#at("sums")).set(this.#at("partials"));
      else f.i32(this.#scratch + scratch.partial).set(this.#at("partials"));
      if (k === 0)
        f.get(this.#at("sums"))
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
      f.get(this.#at(name)).set(saved[i]);
    });
    f.range(index, { constant: batch[axis] }, 1, () => {
      this.#eachMatrix(batch, axis + 1, body);
      for (const [name, stride] of moves) f.increment(this.#at(name), stride);
    });
    moves.forEach(([name], i) => {
      f.get(saved[i]).set(this.#at(name));
    });
  }

  /** One matrix: columns, then terms, then rows, as the caches want them. */
  #matrix(): void {
    const f = this.#f;
    const { m, n, k } = this.#loop;
    const plan = this.#plan;
    const plain = isPlainResult(plan, this.#context.precision.flush);
    f.range(this.#at("column"), { constant: n }, plan.columns, () => {
      this.#extent("columns", plan.columns, n, "column");
      f.i32(0).set(this.#at("term")).i32(0).set(this.#at("done"));
      const rows = (body: () => void): void => {
        f.range(this.#at("row"), { constant: m }, plan.rows, () => {
          this.#extent("rows", plan.rows, m, "row");
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
          f.get(this.#at("term")).get(this.#at("terms")).op("i32.add").tee(this.#at("term"));
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
    const [term, terms, done, mode] = (["term", "terms", "done", "mode"] as const).map((name) => this.#at(name));
    this.#extent("terms", chunk, k, "term");
    f.get(this.#at("partials")).set(this.#at("from")).get(this.#at("sums")).set(this.#at("to"));
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
        () => f.get(this.#at("partials")).set(this.#at("to")),
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
      f.get(this.#at(side)).get(this.#at(first)).get(this.#at(inner)).op("i32.add");
      f.i32(lineStride * bytes)
        .op("i32.mul")
        .op("i32.add");
      this.#times("term", stepStride * bytes).op("i32.add");
      f.i32(lineStride * bytes)
        .i32(stepStride * bytes)
        .get(this.#at("terms"))
        .get(target);
      f.call(once(module, ["pack", { ...shape, lanes: lanes.name }], () => emitPack(module, shape)));
      if (operands === undefined) return;
      f.get(target).get(target);
      this.#times("terms", padded * lineBytes).op("i32.add");
      f.call(once(module, ["round", lanes.name, operands], () => emitRoundPanel(module, lanes, operands)));
    };
    f.range(this.#at(inner), this.#at(count), full, () => {
      f.i32(this.#scratch + scratch[side]);
      this.#times(inner, lineBytes).get(this.#at("terms")).op("i32.mul").op("i32.add").set(target);
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
    this.#f.get(this.#at(count)).get(this.#at(inner)).op("i32.sub").i32(full).op("i32.ge_u");
    this.#f.if(
      () => use(full),
      () => use(rest),
    );
  }

  #tiles(): void {
    const f = this.#f;
    f.range(this.#at("j"), this.#at("columns"), this.#width, () =>
      this.#edge("j", "columns", this.#loop.n, this.#width, (columns) => {
        f.range(this.#at("i"), this.#at("rows"), tileRows, () =>
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
    f.get(this.#at("row")).get(this.#at("i")).op("i32.add").i32(n).op("i32.mul");
    f.get(this.#at("column")).op("i32.add").get(this.#at("j")).op("i32.add").i32(this.#bytes).op("i32.mul").set(place);
    const call = (terms: () => void, mode: () => void): void => {
      f.get(this.#at("panelA")).get(this.#at("panelB")).get(this.#at("panelA"));
      terms();
      f.i32(rowBytes).op("i32.mul").op("i32.add");
      f.get(this.#at("from")).get(place).op("i32.add").get(this.#at("to")).get(place).op("i32.add");
      f.i32(n * this.#bytes);
      mode();
      f.call(tile);
    };
    if (block >= chunk) {
      call(
        () => f.get(this.#at("terms")),
        () => f.get(this.#at("mode")),
      );
      return;
    }
    f.range(this.#at("k"), this.#at("terms"), block, () => {
      this.#blockEnd();
      call(
        () => f.get(this.#at("kEnd")).get(this.#at("k")).op("i32.sub"),
        () => f.i32(2).get(this.#at("mode")).get(this.#at("k")).op("select"),
      );
      f.increment(this.#at("panelA"), block * rowBytes).increment(this.#at("panelB"), block * vectors * 16);
    });
  }

  /** kEnd = min(k + block, terms). */
  #blockEnd(): void {
    const f = this.#f;
    const [k, kEnd, terms] = (["k", "kEnd", "terms"] as const).map((name) => this.#at(name));
    f.get(k).i32(this.#plan.block).op("i32.add").set(kEnd);
    f.get(kEnd).get(terms).get(kEnd).get(terms).op("i32.lt_u").op("select").set(kEnd);
  }

  /** Address of the panel of the current tile. */
  #panel(name: "panelA" | "panelB", inner: "i" | "j", region: number, lineBytes: number): void {
    this.#times(inner, lineBytes).get(this.#at("terms")).op("i32.mul");
    this.#f
      .i32(this.#scratch + region)
      .op("i32.add")
      .set(this.#at(name));
  }

  /** Finishes the current rows and columns. */
  #result(): void {
    const f = this.#f;
    const { n, output } = this.#loop;
    const { lanes, scratch } = this.#plan;
    const { module, precision } = this.#context;
    const result = emitResult(module, this.#plan, precision.flush, n, n % lanes.count);
    const place = f.local("i32");
    this.#times("row", n).get(this.#at("column")).op("i32.add").set(place);
    f.get(this.#at("sums")).get(place).i32(this.#bytes).op("i32.mul").op("i32.add");
    f.i32(this.#scratch + scratch.bias);
    this.#times("column", this.#bytes).op("i32.add");
    f.get(this.#at("results")).get(place).i32(this.#carrierBytes(output)).op("i32.mul").op("i32.add");
    f.get(this.#at("rows")).get(this.#at("columns"));
    f.get(this.#at("columns")).i32(-lanes.count).op("i32.and").call(result);
  }
}

/**
 * Writes a contraction into `f`; `scratch` is the byte address of `contractScratch` bytes. Returns false, having written
 * nothing, where the precision needs the plain loop (`planContract`).
 */
export function emitContract(context: Context, f: FunctionBuilder, loop: ContractLoop, scratch: number): boolean {
  const plan = planContract(loop, (value) => context.format(value), context.precision, probe().fused);
  if (plan === undefined) return false;
  new Driver(context, f, loop, plan, scratch).emit();
  return true;
}
