/** How pixels become inputs: v = pixel / 255 (floats as stored), then (v - mean) / std per channel, as the papers do. */
import { named, UsageError } from "../base/errors.ts";

export interface Normalisation {
  readonly name: string;
  /** One value per channel, or one for all channels. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly source: string;
}

export const normalisations: readonly Normalisation[] = [
  { name: "unit", mean: [0], std: [1], source: "relu0 3.2: MNIST, volumes and zero counts" },
  { name: "half", mean: [0.5], std: [0.5], source: "relu0 3.2, maxpool 3.3: MNIST training, SVHN" },
  {
    name: "cifar10",
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2023, 0.1994, 0.201],
    source: "relu0 3.2, maxpool 3.3: CIFAR10 and CIFAR100",
  },
  {
    name: "imagenet",
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    source: "relu0 3.2, maxpool 3.3: ImageNet",
  },
];

/** @throws UsageError with the near name on a typo. */
export function normalisationNamed(name: string): Normalisation {
  return named("normalisation", name, normalisations);
}

/**
 * The normalised value of `v` in a channel, in float32 with one rounding per operation (subtract, divide) on constants
 * rounded to float32: the bits of the papers' ToTensor and Normalize.
 */
export function normaliser(normalisation: Normalisation, channels: number): (v: number, channel: number) => number {
  const { name } = normalisation;
  const [mean, std] = [normalisation.mean, normalisation.std].map((values) => {
    if (values.length !== 1 && values.length !== channels) {
      throw new UsageError(`normalisation ${name} has ${values.length} channels; the images have ${channels}`);
    }
    return Float32Array.from({ length: channels }, (_, channel) => values[values.length === 1 ? 0 : channel]);
  });
  return (v, channel) => Math.fround(Math.fround(Math.fround(v) - mean[channel]) / std[channel]);
}

/** Per channel: the input that each of 256 bytes becomes. */
export function byteTables(normalisation: Normalisation, channels: number): readonly Float64Array[] {
  const normalise = normaliser(normalisation, channels);
  return Array.from({ length: channels }, (_, channel) =>
    Float64Array.from({ length: 256 }, (_, byte) => normalise(byte / 255, channel)),
  );
}
