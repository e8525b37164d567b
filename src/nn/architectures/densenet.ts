/**
 * DenseNet121 with a 2x2/2 pool in its stem (papers/maxpool 3.1). In "densenet121-quirk" the norms of blocks and
 * transitions are the identity, as published under the name of batch norm (flaw F5 of papers/maxpool 5.2).
 */
import {
  activatedPool,
  activation,
  averaged,
  conv,
  dense,
  flattened,
  type Layer,
  norm,
  type Variant,
} from "../layer.ts";

const blocks = [6, 12, 24, 16];
const growth = 32;
const bottleneck = 4;
const initial = 64;

export const densenetNames: readonly string[] = ["densenet121", "densenet121-quirk"];

export function densenet(name: string, variant: Variant, classes: number): readonly Layer[] {
  const isQuirk = name.endsWith("-quirk");
  const outer: Variant = { ...variant, norm: variant.norm || isQuirk };
  const inner: Variant = { ...variant, norm: variant.norm && !isQuirk };
  const active = activation(variant);
  const unit: Layer = {
    layer: "dense",
    body: [
      ...norm(inner),
      active,
      conv(bottleneck * growth, 1),
      ...norm(inner),
      active,
      conv(growth, 3, { padding: 1 }),
    ],
  };
  let channels = initial;
  const body = blocks.flatMap((count, i): readonly Layer[] => {
    channels += count * growth;
    const units = Array.from({ length: count }, () => unit);
    if (i === blocks.length - 1) return units;
    channels /= 2;
    const halved: Layer = { layer: "avgPool", window: 2, stride: 2, padding: 0 };
    return [...units, ...norm(inner), active, conv(channels, 1), halved];
  });
  const stem = [conv(initial, 7, { stride: 2, padding: 3 }), ...norm(outer), ...activatedPool(variant, 2)];
  return [...stem, ...body, ...norm(outer), active, averaged, flattened, dense(classes)];
}
