/** LeNet-5 as in papers/maxpool 3.1: norms come after the pools and after the activations of linear layers. */
import { activatedPool, activation, conv, dense, flattened, type Layer, norm, type Variant } from "../layer.ts";

export function lenet(variant: Variant, classes: number): readonly Layer[] {
  const block = (filters: number): readonly Layer[] => [
    conv(filters, 5, { bias: true }),
    ...activatedPool(variant, 2),
    ...norm(variant),
  ];
  const hidden = (units: number): readonly Layer[] => [dense(units), activation(variant), ...norm(variant)];
  return [...block(6), ...block(16), flattened, ...hidden(120), ...hidden(84), dense(classes)];
}
