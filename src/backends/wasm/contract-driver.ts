/** The loops around the micro-kernel: which panels are packed when, and where each tile's sums come from and go to. */
import type { Access, ContractLoop } from "../../ir/loops.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Context } from "./context.ts";
import { Frame, type Name } from "./contract-frame.ts";
import { emitPanels } from "./contract-panels.ts";
import type { BiasWalk, ContractPlan } from "./contract-plan.ts";
import { emitBiases, emitResult, isPlainResult } from "./contract-result.ts";
import { carrierBytes, isLocal, type Site, sumBytes } from "./contract-site.ts";
import { emitTiles } from "./contract-tiles.ts";
import type { Steps } from "./tile.ts";

export class Driver {
  readonly #site: Site;
  readonly #f: FunctionBuilder;
  readonly #frame: Frame;
  readonly #loop: ContractLoop;
  readonly #plan: ContractPlan;

  constructor(
    context: Context,
    f: FunctionBuilder,
    loop: ContractLoop,
    plan: ContractPlan,
    steps: Steps,
    scratch: number,
  ) {
    this.#f = f;
    this.#frame = new Frame(f);
    this.#loop = loop;
    this.#plan = plan;
    this.#site = { context, f, frame: this.#frame, loop, plan, steps, scratch };
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
      const offset = access.offset * carrierBytes(this.#site, access.value);
      f.i32(this.#site.context.address(access.value) + offset).set(this.#frame.at(name));
    }
    this.#eachMatrix(batch, 0, starts, () => {
      if (scratch.total === undefined) f.get(this.#frame.at("results")).set(this.#frame.at("sums"));
      else f.i32(this.#site.scratch + scratch.total).set(this.#frame.at("sums"));
      if (scratch.partial === undefined) f.get(this.#frame.at("sums")).set(this.#frame.at("partials"));
      else f.i32(this.#site.scratch + scratch.partial).set(this.#frame.at("partials"));
      if (k === 0)
        f.get(this.#frame.at("sums"))
          .i32(0)
          .i32(m * sumRow * sumBytes(this.#site))
          .fillMemory();
      if (bias !== undefined) this.#copyBias(bias);
      this.#matrix();
    });
  }

  #copyBias(bias: Access): void {
    const { m, n, biasWalk, scratch } = this.#plan;
    const { along, stride } = biasWalk as BiasWalk;
    const source = { pointer: this.#frame.at("bias"), bytes: carrierBytes(this.#site, bias.value), stride };
    emitBiases(this.#f, this.#plan, along === "columns" ? n : m, source, this.#site.scratch + scratch.bias);
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
      ([name, access]) => [name, access.strides[axis] * carrierBytes(this.#site, access.value)] as const,
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
    const plain = !isLocal(this.#site) && isPlainResult(plan, this.#site.steps, this.#site.context.precision.flush);
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
          if (!plan.inPlace) emitPanels(this.#site, "b");
          rows(() => {
            emitPanels(this.#site, "a");
            emitTiles(this.#site);
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

  /** Finishes the current rows and columns. */
  #result(): void {
    const f = this.#f;
    const { sumRow } = this.#plan;
    const { module, precision, tables } = this.#site.context;
    const bytes = carrierBytes(this.#site, this.#loop.output.value);
    const biases = this.#site.scratch + this.#plan.scratch.bias;
    const result = emitResult(module, this.#plan, this.#site.steps, precision.flush, biases, (walk) =>
      tables.address(walk, bytes),
    );
    f.get(this.#frame.at("sums"));
    this.#frame.times("row", sumRow);
    if (!isLocal(this.#site)) f.get(this.#frame.at("column")).op("i32.add");
    f.i32(sumBytes(this.#site)).op("i32.mul").op("i32.add").get(this.#frame.at("results"));
    for (const name of ["row", "rows", "column", "columns"] as const) f.get(this.#frame.at(name));
    f.call(result);
  }
}
