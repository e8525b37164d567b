/** What the zone command takes where nothing is said: the settings of the paper that asked about the kink. */
import { parseSetting } from "../src/analysis/zone/comparison.ts";
import { networkNamed } from "../src/nn/architectures/index.ts";

export interface ZoneDefaults {
  readonly model: string;
  readonly data: string;
  readonly batch: number;
  readonly init: string;
  /** Undefined: as the data set's own papers do. */
  readonly normalisation: string | undefined;
}

/** Data sets by the shape of the samples that a network takes in its papers. */
const dataByInput: Readonly<Record<string, string>> = {
  "784": "mnist",
  "1,28,28": "mnist",
  "3,32,32": "cifar10",
  "3,224,224": "imagenet",
};

const poolKinks: readonly string[] = ["maxpool.tie", "normPool.zero"];

/**
 * Pools are asked about by papers/maxpool: the init of its volume notebook, mini-batches of 128, MNIST as (x - 0.5) / 0.5 (3.2,
 * 3.3). Everything else by papers/relu0: default init (3.1), MNIST / 255, mini-batches of 256 on perceptrons and of 128 on the others.
 * @throws UsageError on an unknown model or kink setting
 */
export function zoneDefaults(kinks: readonly string[], givenModel?: string, givenData?: string): ZoneDefaults {
  const pools = kinks.some((text) => poolKinks.includes(parseSetting(text).kink.split("@")[0]));
  const model = givenModel ?? (pools ? "lenet" : "784-256x3-10");
  const { input } = networkNamed(model);
  const data = givenData ?? dataByInput[input.join()] ?? "mnist";
  return {
    model,
    data,
    batch: !pools && input.length === 1 ? 256 : 128,
    init: pools ? "maxpool" : "default",
    normalisation: pools && data === "mnist" ? "half" : undefined,
  };
}
