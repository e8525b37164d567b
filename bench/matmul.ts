/** Square matrix products in three layouts: `matmul.<format>.<size>.<nn|nt|tn>.<strict|fused>`. */
import { compile } from "../src/compile.ts";
import { trace } from "../src/ir/trace.ts";
import { matmul } from "../src/ops/index.ts";
import { type BenchBackend, nameOn } from "./backends.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { numbers } from "./numbers.ts";
import { type PythonLibrary, python } from "./peers/python.ts";
import { type Arithmetic, roofPeers } from "./peers/roofs.ts";
import { jaxJs, tfjs } from "./peers/web.ts";

type Peer = TimedBench["peers"][number];

/** Which operand is stored transposed: a tn product reads `a` as [k, m], an nt product `b` as [n, k]. */
type Layout = "nn" | "nt" | "tn";

interface Product {
  readonly size: number;
  readonly layout: Layout;
}

const formats: Readonly<Record<string, string>> = {
  f32: "float32",
  f64: "float64",
  f16: "float16",
  bf16: "bfloat16",
  f8: "float8_e4m3",
};
const sizes: readonly number[] = [256, 512, 1024];
const layouts: readonly Layout[] = ["nn", "nt", "tn"];

function operands({ size }: Product): { readonly a: Float64Array; readonly b: Float64Array } {
  return { a: numbers("a", size * size), b: numbers("b", size * size) };
}

function ours(
  format: string,
  arithmetic: Arithmetic,
  product: Product,
  backend: BenchBackend,
  name = "ours",
): Contender {
  const { size, layout } = product;
  const shape = [size, size];
  const options = { transposeA: layout === "tn", transposeB: layout === "nt" };
  const program = trace(({ a, b }) => ({ c: matmul(a, b, options) }), { a: shape, b: shape });
  const engine = compile(program, { precision: { store: formats[format], arithmetic }, backend });
  for (const [operand, values] of Object.entries(operands(product))) engine.write(operand, values);
  return timed(
    name,
    () => engine.run("program"),
    () => engine.dispose(),
  );
}

/** The library's own transposed form, or (explicit) a transposition and the plain form. */
async function tensorFlow(product: Product, explicit: boolean): Promise<Contender | undefined> {
  const tf = await tfjs();
  if (tf === undefined) return undefined;
  const { size, layout } = product;
  const [a, b] = Object.values(operands(product)).map((x) => tf.tensor2d(Float32Array.from(x), [size, size]));
  const [tn, nt] = [layout === "tn", layout === "nt"];
  const run = explicit
    ? () => tf.tidy(() => tf.matMul(tn ? tf.transpose(a) : a, nt ? tf.transpose(b) : b))
    : () => tf.matMul(a, b, tn, nt);
  const name = explicit ? "tfjs-explicit" : "tfjs";
  return timed(
    name,
    () => run().dispose(),
    () => tf.dispose([a, b]),
  );
}

async function jax(product: Product): Promise<Contender | undefined> {
  const library = await jaxJs();
  if (library === undefined) return undefined;
  const { numpy: np, jit } = library;
  const { size, layout } = product;
  const [a, b] = Object.values(operands(product)).map((x) => np.array(Float32Array.from(x)).reshape([size, size]));
  const run = jit((x: typeof a, y: typeof a) =>
    np.matmul(layout === "tn" ? np.transpose(x) : x, layout === "nt" ? np.transpose(y) : y),
  );
  return timed(
    "jax-js",
    async () => {
      const result = run(a.ref, b.ref);
      await result.blockUntilReady();
      result.dispose();
    },
    () => {
      a.dispose();
      b.dispose();
    },
  );
}

/** Written into a result that is there already, as ours is. */
function native(format: string, { size, layout }: Product): readonly Peer[] {
  const [a, b] = [layout === "tn" ? "a.T" : "a", layout === "nt" ? "b.T" : "b"];
  const type = formats[format];
  const peer = (peerName: PythonLibrary, library: string, uniform: string): Peer => ({
    peerName,
    start: () =>
      python(
        peerName,
        `import ${library}\na, b = [${uniform} - 0.5 for _ in "ab"]\nc = ${library}.empty_like(a)`,
        `${library}.matmul(${a}, ${b}, out=c)`,
      ),
  });
  return [
    peer("NumPy", "numpy", `numpy.random.rand(${size}, ${size}).astype("${type}")`),
    peer("PyTorch", "torch", `torch.rand(${size}, ${size}, dtype=torch.${type})`),
  ];
}

function portable(product: Product): readonly Peer[] {
  const explicit: Peer = { peerName: "tfjs-explicit", start: () => tensorFlow(product, true) };
  return [
    { peerName: "tfjs", start: () => tensorFlow(product, false) },
    ...(product.layout === "nn" ? [] : [explicit]),
    { peerName: "jax-js", start: () => jax(product) },
  ];
}

function bench(format: string, arithmetic: Arithmetic, product: Product, backend: BenchBackend): TimedBench {
  const { size, layout } = product;
  const flops = 2 * size ** 3;
  const lanes = format === "f64" ? "f64" : "f32";
  const narrow = lanes === "f32" && format !== "f32";
  const own: Peer = { peerName: "f32", start: () => ours("f32", "strict", product, backend, "f32") };
  const inWasm = format === "f32" && backend === "wasm" ? portable(product) : [];
  const others = narrow ? [own] : [...inWasm, ...native(format, product)];
  return {
    name: nameOn(`matmul.${format}.${size}.${layout}.${arithmetic}`, backend),
    unit: "GFLOP/s",
    work: flops / 1e9,
    ours: () => ours(format, arithmetic, product, backend),
    peers: [...roofPeers(lanes, arithmetic, flops, backend), ...others],
  };
}

/** Narrow formats are strict only: products of their operands are exact in float32, so fused gives the same bits. */
const benchesOn = (backend: BenchBackend): readonly TimedBench[] =>
  Object.keys(formats).flatMap((format) =>
    sizes.flatMap((size) =>
      layouts.flatMap((layout) =>
        (format === "f32" || format === "f64" ? (["strict", "fused"] as const) : (["strict"] as const)).map(
          (arithmetic) => bench(format, arithmetic, { size, layout }, backend),
        ),
      ),
    ),
  );

export const matmulBenches: readonly TimedBench[] = benchesOn("wasm");
export const nativeMatmulBenches: readonly TimedBench[] = benchesOn("native");
