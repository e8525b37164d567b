/** Gram spectra: kernel matrices, streamed widths and eigenvalues beside NumPy doing the same formula. */
import { activationNamed, activationNames } from "../src/analysis/spectra/activations.ts";
import { infiniteGram } from "../src/analysis/spectra/infinite.ts";
import { halfCircle, sphere, unitRows } from "../src/analysis/spectra/points.ts";
import { infiniteSpectrum } from "../src/analysis/spectra/spectrum.ts";
import { symmetricEigenvalues } from "../src/analysis/spectra/tridiagonal.ts";
import type { WeightSource } from "../src/analysis/spectra/weights.ts";
import { widthGram } from "../src/analysis/spectra/width.ts";
import { type Bench, type BenchRow, type TimedBench, timed } from "./bench.ts";
import { now } from "./clock.ts";
import { numbers } from "./numbers.ts";
import { python } from "./peers/python.ts";

const relu = activationNamed("relu");

/** H = rho k'(rho) of random points; ours keeps the digits near rho = 1 that arccos loses. */
function kernelMatrix(name: string, formula: string): TimedBench {
  const [n, d] = [2000, 10];
  const activation = activationNamed(name);
  const points = sphere(n, d);
  const setup = `
import numpy as np
x = np.random.default_rng(0).standard_normal((${n}, ${d}))
x /= np.linalg.norm(x, axis=1, keepdims=True)
`;
  const run = `rho = np.clip(x @ x.T, -1, 1); h = rho * ${formula}`;
  return {
    name: `spectra.kernel.${name}.2000`,
    unit: "ms",
    work: 1,
    ours: () => timed("ours", () => infiniteGram(points, activation)),
    peers: [{ peerName: "NumPy", start: () => python("NumPy", setup, run) }],
  };
}

const [units, wide, block] = [1_000_000, { n: 50, d: 10 }, 2048];

/** The same block of weights again and again: drawing them is not what is measured. */
function repeatedWeights(d: number): WeightSource {
  const w = numbers("spectra/w", block * d);
  return {
    m: units,
    d,
    fill: (into, _, rows) => into.set(w.subarray(0, rows * d)),
    output: (k) => ((k & 1) === 0 ? 1 : -1),
  };
}

function widthMatrix(name: string, slope: string): TimedBench {
  const { n, d } = wide;
  const points = unitRows("bench", numbers("spectra/x", n * d), n, d);
  const layer = { activation: activationNamed(name), points, weights: repeatedWeights(d) };
  const setup = `
import numpy as np
r = np.random.default_rng(0)
x = r.standard_normal((${n}, ${d})); x /= np.linalg.norm(x, axis=1, keepdims=True)
block = 8192
w = r.standard_normal((block, ${d})); a = np.where(r.random(block) < 0.5, -1.0, 1.0)[:, None]
xt = np.ascontiguousarray(x.T)
def gram():
    k = np.zeros((${n}, ${n}))
    left = ${units}
    while left > 0:
        rows = min(block, left)
        z = w[:rows] @ xt
        s = ${slope}
        s *= a[:rows]
        k += s.T @ s
        left -= rows
    return k * (x @ x.T) / ${units}
`;
  return {
    name: `spectra.width.${name}.1e6`,
    unit: "s",
    work: 1,
    long: true,
    ours: () => timed("ours", () => widthGram(layer)),
    peers: [{ peerName: "NumPy", start: () => python("NumPy", setup, "gram()") }],
  };
}

function eigenvalueBench(): TimedBench {
  const n = 1000;
  const matrix = infiniteGram(sphere(n, 10), relu).high;
  const setup = `
import numpy as np
x = np.random.default_rng(0).standard_normal((${n}, 10)); x /= np.linalg.norm(x, axis=1, keepdims=True)
rho = np.clip(x @ x.T, -1, 1); h = rho * (np.pi - np.arccos(rho)) / (2 * np.pi)
`;
  return {
    name: "spectra.eigenvalues.1000",
    unit: "s",
    work: 1,
    long: true,
    ours: () => timed("ours", () => symmetricEigenvalues(matrix.slice(), n)),
    peers: [{ peerName: "NumPy", start: () => python("NumPy", setup, "np.linalg.eigvalsh(h)") }],
  };
}

/** E1 at n = 100 for all activations, tables included, against 10 s. */
const circleBench: Bench = {
  name: "spectra.circle.100",
  rows: async (): Promise<readonly BenchRow[]> => {
    const start = now();
    for (const name of activationNames) {
      infiniteSpectrum(halfCircle(100), activationNamed(name === "poly" ? "poly:0,1,0.5" : name));
    }
    const seconds = now() - start;
    return [{ name: "spectra.circle.100", ours: seconds, peer: 10, peerName: "goal", ratio: 10 / seconds, unit: "s" }];
  },
};

export const spectraBenches: readonly Bench[] = [
  circleBench,
  kernelMatrix("relu", "(np.pi - np.arccos(rho)) / (2 * np.pi)"),
  kernelMatrix("erf", "4 / np.pi / np.sqrt(9 - 4 * rho * rho)"),
  widthMatrix("relu", "(z > 0).astype(float)"),
  widthMatrix("tanh", "1 - np.tanh(z) ** 2"),
  eigenvalueBench(),
];
