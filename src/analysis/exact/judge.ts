/**
 * The exact judge of `bifurcates` (docs/numerics.md, Zones). The stored forward values and selections of a low-precision run
 * are data; a pullback on them is then a rational function of dyadic numbers. Two pullbacks are evaluated modulo primes: where
 * a residue differs the exact values differ, for certain; where all agree they are equal, unless a non-zero difference is a
 * multiple of every prime (for random residues about 1 / p per prime).
 */
import type { Engine } from "../../backends/backend.ts";
import { compileKernels } from "../../compile.ts";
import { formatNamed } from "../../formats/named.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Kernel } from "../../ir/loops.ts";
import type { Program } from "../../ir/program.ts";
import { lower } from "../../ops/lower.ts";
import { longestSum, type ResidueKernels, residueKernels, type Twin } from "./residue-kernel.ts";
import { type Field, fieldOf, primesFor } from "./residues.ts";

/** Reads a stored buffer of the run that is judged, by its name. */
export type Stored = (name: string) => ArrayLike<number>;

/** Primes that must agree before two gradients count as equal. */
const primeCount = 2;

export class ExactJudge {
  readonly primes: readonly number[];
  readonly #fields: readonly Field[];
  readonly #engine: Engine;
  readonly #outputs: readonly string[];
  readonly #translated: ReadonlyMap<string, readonly ResidueKernels[]>;

  /**
   * @param pullbacks Of one program, by name.
   * @param precision That of the run that is judged: its formats round options and choices, and the data that a pullback derives.
   * @throws UsageError where a pullback tests a gradient or puts it through a function that is not rational.
   */
  constructor(pullbacks: Readonly<Record<string, Program>>, precision: Precision, backend = "auto") {
    const lowered = Object.entries(pullbacks).map(([name, program]) => [name, lower(program)] as const);
    this.primes = primesFor(Math.max(...lowered.map(([, kernel]) => longestSum(kernel))), primeCount);
    this.#fields = this.primes.map(fieldOf);
    this.#translated = new Map(
      lowered.map(([name, kernel]) => [
        name,
        this.#fields.map((field) => residueKernels(kernel, field, precision, name)),
      ]),
    );
    this.#outputs = lowered[0][1].outputs.map(({ name }) => name);
    const kernels: Record<string, Kernel> = {};
    for (const [name, perPrime] of this.#translated) {
      if (perPrime[0].data !== undefined) kernels[`${name}:data`] = perPrime[0].data;
      perPrime.forEach(({ residues }, i) => {
        kernels[`${name}:${i}`] = residues;
      });
    }
    const float64 = formatNamed("float64");
    const exact: Precision = {
      ...precision,
      store: float64,
      operands: float64,
      accumulate: float64,
      arithmetic: "strict",
    };
    this.#engine = compileKernels(kernels, { precision: exact, backend });
  }

  /** Bytes of the arena. */
  get bytes(): number {
    return this.#engine.bytes;
  }

  /**
   * Whether two pullbacks differ over the reals on the stored values; null where only entries that are not finite might.
   * @param stored The buffers of the run, by the names under which its pullbacks read them.
   */
  differ(stored: Stored, first: string, second: string): boolean | null {
    const pair = [first, second];
    this.#load(stored, pair);
    let finite = true;
    for (const [i] of this.#fields.entries()) {
      for (const name of pair) this.#fill(stored, name, i);
      for (const name of pair) this.#engine.run(`${name}:${i}`);
      for (const output of this.#outputs) {
        const found = compare(this.#engine.buffer(`${first}/${output}`), this.#engine.buffer(`${second}/${output}`));
        if (found === "different") return true;
        if (found === "not finite") finite = false;
      }
    }
    return finite ? false : null;
  }

  dispose(): void {
    this.#engine.dispose();
  }

  /** Copies what the kernels read as it is, and derives the data. */
  #load(stored: Stored, pullbacks: readonly string[]): void {
    for (const name of pullbacks) {
      const [{ data, asStored }] = this.#kernels(name);
      for (const source of asStored) this.#engine.buffer(source).set(stored(source));
      if (data !== undefined) this.#engine.run(`${name}:data`);
    }
  }

  #fill(stored: Stored, pullback: string, prime: number): void {
    const derived = ({ source }: Twin): boolean => source.startsWith("data:");
    for (const twin of this.#kernels(pullback)[prime].twins) {
      const source = derived(twin) ? this.#engine.buffer(twin.source) : stored(twin.source);
      this.#fields[prime].fill(this.#engine.buffer(twin.twin) as Float64Array, source);
    }
  }

  #kernels(name: string): readonly ResidueKernels[] {
    return this.#translated.get(name) as readonly ResidueKernels[];
  }
}

function compare(a: ArrayLike<number>, b: ArrayLike<number>): "equal" | "different" | "not finite" {
  let finite = true;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    if (!Number.isNaN(a[i]) && !Number.isNaN(b[i])) return "different";
    finite = false;
  }
  return finite ? "equal" : "not finite";
}
