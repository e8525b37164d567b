/**
 * ResNet18 and ResNet50: convolutions without bias. The stem is 3x3 on small images and 7x7/2 on large ones; its pool is
 * 3x3/2 (papers/relu0 3.1) or, in names with "-2x2", 2x2/2 (papers/maxpool 3.1).
 */
import type { Shape } from "../../base/shape.ts";
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

interface Form {
  readonly blocks: readonly number[];
  readonly bottleneck: boolean;
}

const forms: Readonly<Record<string, Form>> = {
  resnet18: { blocks: [2, 2, 2, 2], bottleneck: false },
  resnet50: { blocks: [3, 4, 6, 3], bottleneck: true },
};

export const resnetNames: readonly string[] = Object.keys(forms).flatMap((name) => [name, `${name}-2x2`]);

const expansion = 4;
/** Images of at least this height have the stem of ImageNet. */
const largeImage = 64;

function residual(form: Form, variant: Variant, width: number, stride: number, changes: boolean): readonly Layer[] {
  const normed = (...[filters, kernel, spec]: Parameters<typeof conv>): readonly Layer[] => [
    conv(filters, kernel, spec),
    ...norm(variant),
  ];
  const out = form.bottleneck ? width * expansion : width;
  const active = activation(variant);
  const body = form.bottleneck
    ? [...normed(width, 1), active, ...normed(width, 3, { stride, padding: 1 }), active, ...normed(out, 1)]
    : [...normed(width, 3, { stride, padding: 1 }), active, ...normed(out, 3, { padding: 1 })];
  const shortcut = changes ? normed(out, 1, { stride }) : [];
  return [{ layer: "residual", body, shortcut }, active];
}

export function resnet(name: string, variant: Variant, input: Shape, classes: number): readonly Layer[] {
  const form = forms[name.replace("-2x2", "")];
  const stem = input[1] >= largeImage ? conv(64, 7, { stride: 2, padding: 3 }) : conv(64, 3, { padding: 1 });
  const pool = name.endsWith("-2x2") ? activatedPool(variant, 2) : activatedPool(variant, 3, 2, 1);
  const stages = form.blocks.flatMap((count, stage) =>
    Array.from({ length: count }, (_, block) => {
      const first = block === 0;
      return residual(
        form,
        variant,
        64 * 2 ** stage,
        first && stage > 0 ? 2 : 1,
        first && (stage > 0 || form.bottleneck),
      );
    }).flat(),
  );
  return [stem, ...norm(variant), ...pool, ...stages, averaged, flattened, dense(classes)];
}
