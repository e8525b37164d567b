/**
 * Random fused multiply-adds by printed C beside the exact emulation: `node scripts/random-fma.mjs [float32 cases] [float64 cases]`, after
 * `npm run build`. A third of the cases has any bits, a third exponents near one another, a third sums that cancel.
 */
import { native } from "../dist/src/backends/native/index.js";
import { fmaFloat32, fmaFloat64 } from "../dist/src/formats/exact.js";
import { precision } from "../dist/src/formats/precision.js";

const count = 1 << 18;
let [s0, s1] = [123456789, 362436069];

function word() {
  s0 ^= s0 << 13;
  s0 ^= s0 >>> 17;
  s0 ^= s0 << 5;
  s1 = (Math.imul(s1, 1664525) + 1013904223) | 0;
  return (s0 + s1) >>> 0;
}

/** 1 * c + x * y: a sum of two terms for each case. */
function kernel() {
  const value = (shape) => ({ shape, type: "store" });
  const access = (of, strides) => ({ value: of, strides, offset: 0 });
  const loop = {
    ...{ loop: "contract", node: 0, batch: [count], m: [1], n: [1], k: [2] },
    ...{ a: access(0, [2, 2, 1]), b: access(1, [2, 1, 1]), output: access(2, [1, 1, 1]) },
  };
  const values = [
    [count, 1, 2],
    [count, 2, 1],
    [count, 1, 1],
  ].map(value);
  const inputs = ["a", "b"].map((name, i) => ({ name, value: i }));
  return { values, inputs, outputs: [{ name: "out", value: 2 }], choices: [], loops: [loop] };
}

function check(store, total, { round, fma, view, ulp, low }) {
  const engine = native.compile({ k: kernel() }, precision({ store, arithmetic: "fused" }));
  const [a, b, out] = ["a", "b", "out"].map((name) => engine.buffer(name));
  const bits = new Uint32Array(view.buffer);
  const any = () => {
    for (let i = 0; i < bits.length; i++) bits[i] = word();
    return view[0];
  };
  const near = () => round((1 + word() / 2 ** 32 + word() * low) * 2 ** ((word() % 41) - 20) * (word() & 1 ? 1 : -1));
  let [different, done] = [0, 0];
  for (; done < total; done += count) {
    for (let i = 0; i < count; i++) {
      const draw = i % 3 === 0 ? any : near;
      const [x, y] = [draw(), draw()];
      a[2 * i] = i % 3 === 2 ? round(-x * y * (1 + ((word() % 5) - 2) * ulp)) : draw();
      b[2 * i] = 1;
      a[2 * i + 1] = x;
      b[2 * i + 1] = y;
    }
    engine.run("k");
    for (let i = 0; i < count; i++) {
      const expected = fma(a[2 * i + 1], b[2 * i + 1], a[2 * i] + 0);
      if (Object.is(expected, out[i])) continue;
      if (different++ < 5) console.log(store, a[2 * i + 1], b[2 * i + 1], a[2 * i], out[i], expected);
    }
  }
  engine.dispose();
  console.log(`${store}: ${done} cases, ${different} differences`);
}

const [singles = 1e8, doubles = 2e7] = process.argv.slice(2).map(Number);
const single = { round: Math.fround, fma: fmaFloat32, view: new Float32Array(1), ulp: 2 ** -23, low: 0 };
const double = { round: (x) => x, fma: fmaFloat64, view: new Float64Array(1), ulp: 2 ** -52, low: 2 ** -64 };
check("float32", singles, single);
check("float64", doubles, double);
