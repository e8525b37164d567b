/** Hashes over finite inputs with many kinks, ties and subnormals: no NaN hides the order of a sum. */
import type { Backend, Carrier } from "../../src/backends/backend.ts";
import { stream } from "../../src/base/random.ts";
import { formats, type PrecisionSpec, precision } from "../../src/formats/index.ts";
import { lower } from "../../src/ops/lower.ts";
import { fill } from "../ops/samples.ts";
import { type Case, cases } from "./cases.ts";
import { digest } from "./digest.ts";

const numbers = stream(1, "golden, finite");
/** Kinks, zeros of both signs, and values that are subnormal in some format. */
const points = [0, 1, -1, 3, -3, 6, -0, 1e-40, 0.7, 6e-8, -2e-5, -0.5, 5e-324];
const draw = (i: number): number => (i % 3 === 0 ? points[(i / 3) % points.length] : 4 * numbers.uniformAt(i) - 2);

type Arithmetics = Readonly<Record<string, PrecisionSpec>>;

const stores = [...formats.map(({ name }) => name), "custom(6,9)"];
const strict: Arithmetics = Object.fromEntries(stores.map((store) => [store, { store }]));
const fused: Arithmetics = Object.fromEntries(
  stores.map((store) => [`${store} fused`, { store, arithmetic: "fused" } as const]),
);
const further: Arithmetics = {
  "float16 summed in float16": { store: "float16", accumulate: "float16", bias: "rounded" },
  "bfloat16 summed in bfloat16": { store: "bfloat16", accumulate: "bfloat16", block: 16 },
  "float32 with tfloat32 operands": { store: "float32", operands: "tfloat32" },
  "float32 in one chain": { store: "float32", block: Infinity },
  "float16 flushed": { store: "float16", flush: true },
  "float16 upwards": { store: "float16", rounding: "up" },
  "float64 toward zero": { store: "float64", rounding: "zero" },
  "float16 stochastically": { store: "float16", rounding: "stochastic", seed: 3 },
};

/** Every format; fused as well where there are contractions. */
function arithmeticsOf(subject: Case): Arithmetics {
  const loops = Object.values(subject.programs).flatMap((program) => lower(program).loops);
  const contracts = loops.some(({ loop }) => loop === "contract");
  return { ...strict, ...(contracts ? fused : {}), ...(subject.further ? further : {}) };
}

/** Outputs of all programs of a case, which share one arena. */
function outputs({ programs }: Case, backend: Backend, spec: PrecisionSpec): Carrier[] {
  const kernels = Object.entries(programs).map(([name, program]) => [name, lower(program)] as const);
  const engine = backend.compile(Object.fromEntries(kernels), precision(spec));
  const values = Object.entries(programs).flatMap(([name, program]) => {
    for (const [input, data] of Object.entries(fill(program, draw))) engine.write(input, data);
    engine.run(name);
    return program.outputs.map((output) => engine.buffer(output.name).slice());
  });
  engine.dispose();
  return values;
}

/** "finite <case> in <arithmetic>" to a hash over values, census and the adjoints under every choice, on one backend. */
export async function finiteHashes(backend: Backend): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const subject of cases()) {
    for (const [name, spec] of Object.entries(arithmeticsOf(subject))) {
      found[`finite ${subject.name} in ${name}`] = await digest(outputs(subject, backend, spec));
    }
  }
  return found;
}
