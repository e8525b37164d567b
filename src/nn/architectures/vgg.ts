/** VGG for small images (papers/relu0 3.1, papers/maxpool 3.1): 3x3 convolutions with bias, one linear layer. */
import { activatedPool, activation, conv, dense, flattened, type Layer, norm, type Variant } from "../layer.ts";

/** Convolutions per stage. */
const stages: Readonly<Record<string, readonly number[]>> = {
  vgg11: [1, 1, 2, 2, 2],
  vgg13: [2, 2, 2, 2, 2],
  vgg16: [2, 2, 3, 3, 3],
  vgg19: [2, 2, 4, 4, 4],
};

const widths = [64, 128, 256, 512, 512];

export const vggNames: readonly string[] = Object.keys(stages);

export function vgg(name: string, variant: Variant, classes: number): readonly Layer[] {
  const body = stages[name].flatMap((count, stage) =>
    Array.from({ length: count }, (_, i): readonly Layer[] => [
      conv(widths[stage], 3, { padding: 1, bias: true }),
      ...norm(variant),
      ...(i < count - 1 ? [activation(variant)] : activatedPool(variant, 2)),
    ]).flat(),
  );
  return [...body, flattened, dense(classes)];
}
