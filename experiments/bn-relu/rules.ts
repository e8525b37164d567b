/** The rules that E8 compares, each with its tuning candidates: four per rule, chosen before any run. */

export interface Contestant {
  readonly name: string;
  /** Rule and hyperparameters that all its trials share. */
  readonly optimizer: string;
  /** Share of the steps in which the learning rate rises. */
  readonly warmUp: number;
  /** The learning rates are for a batch of 256 and grow with the batch (Goyal et al. 2017). */
  readonly scaled?: boolean;
  /** "scaling": a published way to scale learning rates; "candidate": LALC-like; "other": a baseline of ours. */
  readonly kind: "scaling" | "candidate" | "other";
  readonly candidates: readonly { readonly lr: number; readonly more?: string }[];
}

const sgd = "sgd:weightDecay=5e-4";

/** lr and bound, two values each. */
const bounded = (name: string, rates: readonly [number, number], bounds: readonly [number, number]) =>
  rates.flatMap((lr) => bounds.map((bound) => ({ lr, more: `${name}=${bound}` })));
const rates = (...list: readonly number[]) => list.map((lr) => ({ lr }));

export const contestants: readonly Contestant[] = [
  { name: "sgd", optimizer: sgd, warmUp: 0, kind: "scaling", candidates: rates(0.02, 0.1, 0.5, 2) },
  { name: "sgd + warm-up", optimizer: sgd, warmUp: 0.2, kind: "scaling", candidates: rates(0.1, 0.5, 2, 8) },
  {
    ...{ name: "sgd + linear scaling", optimizer: sgd, warmUp: 0.2, scaled: true, kind: "scaling" },
    candidates: rates(0.01, 0.03, 0.1, 0.3),
  },
  {
    name: "lars",
    optimizer: "lars:weightDecay=5e-4,eta=0.02",
    warmUp: 0,
    kind: "scaling",
    candidates: rates(0.1, 0.4, 1.6, 6.4),
  },
  {
    ...{ name: "lars + warm-up", optimizer: "lars:weightDecay=5e-4,eta=0.02", warmUp: 0.2, kind: "scaling" },
    candidates: rates(0.1, 0.4, 1.6, 6.4),
  },
  {
    name: "larc",
    optimizer: "larc:weightDecay=5e-4",
    warmUp: 0,
    kind: "scaling",
    candidates: bounded("eta", [0.5, 3.2], [0.005, 0.02]),
  },
  {
    name: "lamb",
    optimizer: "lamb:weightDecay=5e-4",
    warmUp: 0,
    kind: "scaling",
    candidates: rates(0.002, 0.006, 0.02, 0.06),
  },
  {
    name: "sgd-clip",
    optimizer: "sgd-clip:weightDecay=5e-4",
    warmUp: 0,
    kind: "other",
    candidates: bounded("bound", [0.1, 0.5], [0.1, 1]),
  },
  {
    name: "lalc-like-a",
    optimizer: "lalc-like-a:weightDecay=5e-4",
    warmUp: 0,
    kind: "candidate",
    candidates: bounded("tau", [0.5, 3.2], [0.005, 0.02]),
  },
  {
    name: "lalc-like-b",
    optimizer: "lalc-like-b:weightDecay=5e-4",
    warmUp: 0,
    kind: "candidate",
    candidates: bounded("tau", [0.5, 3.2], [0.005, 0.02]),
  },
  {
    name: "lalc-like-c",
    optimizer: "lalc-like-c:weightDecay=5e-4",
    warmUp: 0,
    kind: "candidate",
    candidates: bounded("tau", [0.5, 3.2], [0.01, 0.1]),
  },
  {
    name: "lalc-like-d",
    optimizer: "lalc-like-d:weightDecay=5e-4",
    warmUp: 0,
    kind: "candidate",
    candidates: bounded("c", [0.1, 0.5], [1, 4]),
  },
  {
    name: "lambc",
    optimizer: "lambc:weightDecay=5e-4",
    warmUp: 0,
    kind: "scaling",
    candidates: bounded("bound", [0.01, 0.05], [0.05, 0.2]),
  },
  {
    name: "adam",
    optimizer: "adam:weightDecay=5e-4",
    warmUp: 0,
    kind: "other",
    candidates: rates(0.0003, 0.001, 0.003, 0.01),
  },
  {
    name: "adamw",
    optimizer: "adamw:weightDecay=0.01",
    warmUp: 0,
    kind: "other",
    candidates: rates(0.0003, 0.001, 0.003, 0.01),
  },
];

export const contestantNames: readonly string[] = contestants.map(({ name }) => name);

/** The toy grid of papers/bn-relu E8: eta = tau = 0.02, and the published rates. */
export const toyRates: Readonly<Record<string, readonly number[]>> = {
  sgd: [0.05, 0.2, 0.8, 3.2],
  "sgd + warm-up": [0.05, 0.2, 0.8, 3.2],
  larc: [0.05, 0.2, 0.8, 3.2],
  "lalc-like-b": [0.05, 0.2, 0.8, 3.2],
  lars: [0.2, 0.8, 3.2, 12.8],
};

/** Mean test accuracies of the toy grid, rates as above (papers/bn-relu E8). */
export const toyPublished: Readonly<Record<string, readonly number[]>> = {
  sgd: [0.24, 0.258, 0.16, 0.102],
  "sgd + warm-up": [0.223, 0.291, 0.39, 0.265],
  larc: [0.249, 0.336, 0.371, 0.438],
  "lalc-like-b": [0.26, 0.482, 0.534, 0.548],
  lars: [0.374, 0.419, 0.142, 0.105],
};

export const contestantNamed = (name: string): Contestant =>
  contestants.find((contestant) => contestant.name === name) as Contestant;
