/** The arena: shared names, liveness, donation of aliased inputs. */
import { describe, expect, it } from "vitest";
import { plan } from "../../src/backends/planner.ts";
import { compile } from "../../src/compile.ts";
import { precision } from "../../src/formats/precision.ts";
import { trace, update } from "../../src/ir/trace.ts";
import { add, exp, mul, neg, relu, sub, sum, transpose } from "../../src/ops/index.ts";
import { lower } from "../../src/ops/lower.ts";

const float32 = precision("float32");
const size = 1024;

describe("plan", () => {
  it("reuses the memory of values that are dead", () => {
    const chain = (length: number) =>
      lower(
        trace(
          ({ x }) => {
            let y = x;
            for (let i = 0; i < length; i++) y = neg(y);
            return y;
          },
          { x: [size] },
        ),
      );
    const bytes = [3, 30].map((length) => plan({ chain: chain(length) }, float32).bytes);
    expect(bytes[1]).toBe(bytes[0]);
    expect(bytes[0]).toBeLessThanOrEqual(4 * 4 * size);
  });

  it("never gives two live values the same bytes", () => {
    const program = trace(
      ({ x, y }) => {
        const [a, b, c] = [add(x, y), mul(x, y), sub(x, y)];
        return { p: add(mul(a, b), c), q: mul(sub(b, c), a), r: sum(add(a, add(b, c))) };
      },
      { x: [7, 5], y: [5] },
    );
    const values = { x: Array.from({ length: 35 }, (_, i) => i - 17), y: [1, -2, 3, 0.5, 4] };
    const engine = compile(program, { backend: "js" });
    engine.write("x", values.x);
    engine.write("y", values.y);
    engine.run("program");
    const expected = values.x.map((x, i) => {
      const y = values.y[i % 5];
      return { p: (x + y) * (x * y) + (x - y), q: (x * y - (x - y)) * (x + y) };
    });
    expect([...engine.buffer("p")]).toEqual(expected.map(({ p }) => p));
    expect([...engine.buffer("q")]).toEqual(expected.map(({ q }) => q));
  });

  it("shares a name between kernels and refuses two types for one name", () => {
    const forward = lower(trace(({ x }) => ({ h: exp(x) }), { x: [4] }));
    const after = lower(trace(({ h }) => ({ y: neg(h) }), { h: [4] }));
    const planned = plan({ forward, after }, float32);
    expect([...planned.named.keys()].sort()).toEqual(["h", "x", "y"]);
    const other = lower(trace(({ h }) => ({ z: neg(h) }), { h: [5] }));
    expect(() => plan({ forward, other }, float32)).toThrow(
      /'h' is store\[4\] in one program and store\[5\] in another/,
    );
  });

  for (const backend of ["js", "wasm"]) {
    it(`updates in place and keeps what is still read (${backend})`, () => {
      const program = trace(({ w, g }) => ({ w1: update("w", sub(w, g)), old: mul(w, w) }), { w: [3], g: [3] });
      const engine = compile(program, { backend });
      engine.write("w", [1, 2, 3]);
      engine.write("g", [0.5, 0.5, 0.5]);
      engine.run("program");
      expect([...engine.buffer("w")]).toEqual([0.5, 1.5, 2.5]);
      expect([...engine.buffer("old")]).toEqual([1, 4, 9]);
      engine.run("program");
      expect([...engine.buffer("w")]).toEqual([0, 1, 2]);
    });

    it(`copies where an update cannot be done in place (${backend})`, () => {
      const program = trace(({ w }) => ({ w1: update("w", transpose(w)) }), { w: [2, 2] });
      const engine = compile(program, { backend });
      engine.write("w", [1, 2, 3, 4]);
      engine.run("program");
      expect([...engine.buffer("w")]).toEqual([1, 3, 2, 4]);
    });

    it(`an input that is also an output is copied (${backend})`, () => {
      const program = trace(({ x }) => ({ same: x, twice: x, y: relu(x) }), { x: [2] });
      const engine = compile(program, { backend });
      engine.write("x", [-1, 2]);
      engine.run("program");
      for (const name of ["x", "same", "twice"]) expect([...engine.buffer(name)]).toEqual([-1, 2]);
      expect([...engine.buffer("y")]).toEqual([0, 2]);
    });
  }
});
