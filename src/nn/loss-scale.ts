/**
 * Loss scales: a factor on the loss that carries gradients into a format's range, fixed, or dynamic by the state machine of
 * PyTorch's `torch.cuda.amp.GradScaler` (1.13): a step whose gradients hold an infinity or NaN is skipped and backs off.
 */
import { UsageError } from "../base/errors.ts";
import { complete, type Hyperparameters, parseNamed } from "./optimizers/hyperparameter.ts";

export type LossScale =
  | { readonly kind: "fixed"; readonly scale: number }
  | {
      readonly kind: "dynamic";
      readonly init: number;
      readonly growth: number;
      readonly backoff: number;
      /** Steps in a row without a skip after which the scale grows. */
      readonly interval: number;
    };

const dynamic: Hyperparameters = {
  init: { default: 65536, doc: "the first scale", is: "a finite number above 0" },
  growth: { default: 2, doc: "factor after `interval` steps in a row", is: "a finite number above 1" },
  backoff: { default: 0.5, doc: "factor after a skipped step", is: "a number between 0 and 1" },
  interval: { default: 2000, doc: "steps in a row that must be finite", is: "a whole number from 1" },
};

/** "2^10", "1024", "dynamic", "dynamic:init=1024,interval=200". @throws UsageError on anything else */
export function lossScaleNamed(text: string): LossScale {
  if (text.split(":")[0] === "dynamic") {
    const { init, growth, backoff, interval } = complete("loss scale dynamic", dynamic, parseNamed(text).values);
    if (!Number.isFinite(Math.fround(init))) {
      throw new UsageError(`loss scale dynamic: init is ${init}, expected a number of float32`);
    }
    return { kind: "dynamic", init: Math.fround(init), growth, backoff, interval };
  }
  const power = /^2\^(-?\d+)$/.exec(text);
  const scale = power === null ? Number(text || Number.NaN) : 2 ** Number(power[1]);
  // The scale and its inverse are normal numbers of float32.
  if (!(Number.isInteger(Math.log2(scale)) && Math.abs(Math.log2(scale)) <= 126)) {
    throw new UsageError(`loss scale: found '${text}', expected dynamic or a power of two from 2^-126 to 2^126`);
  }
  return { kind: "fixed", scale };
}

/** What a resumed training needs of it. */
export interface LossScaleState {
  readonly scale: number;
  /** Steps without a skip since the scale last changed. */
  readonly streak: number;
  /** Steps skipped so far. */
  readonly skipped: number;
}

/** Below it no scale helps: the least normal number of float32. */
const least = 2 ** -126;

export class LossScaler {
  readonly #spec: LossScale;
  #state: LossScaleState;

  constructor(spec: LossScale) {
    this.#spec = spec;
    this.#state = { scale: spec.kind === "fixed" ? spec.scale : spec.init, streak: 0, skipped: 0 };
  }

  get state(): LossScaleState {
    return this.#state;
  }

  resume(state: LossScaleState): void {
    this.#state = state;
  }

  /** Whether it backed off until nothing is left. */
  get exhausted(): boolean {
    return this.#state.scale < least;
  }

  /** After every step. @param skipped Whether some gradient was not finite. */
  update(skipped: boolean): void {
    const { scale, streak, skipped: count } = this.#state;
    if (this.#spec.kind === "fixed") {
      this.#state = { scale, streak: skipped ? 0 : streak + 1, skipped: count + (skipped ? 1 : 0) };
      return;
    }
    const { growth, backoff, interval } = this.#spec;
    if (skipped) {
      this.#state = { scale: Math.fround(scale * backoff), streak: 0, skipped: count + 1 };
    } else if (streak + 1 < interval) {
      this.#state = { scale, streak: streak + 1, skipped: count };
    } else {
      const grown = Math.fround(scale * growth);
      this.#state = { scale: Number.isFinite(grown) ? grown : scale, streak: 0, skipped: count };
    }
  }
}
