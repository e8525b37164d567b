/** One convolution as every contender computes it. */

export interface ConvLayer {
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
  /** Height and width of the images. */
  readonly size: number;
  /** Height and width of the windows, with padding that keeps the size; default 3. */
  readonly kernel?: number;
  readonly stride?: number;
}

export type ConvWork = "forward" | "dx" | "dw";

/** Height and width of the results. */
export function outputExtent({ size, stride = 1 }: ConvLayer): number {
  return Math.ceil(size / stride);
}

/** Shapes of images, weights and results (or their gradient): NCHW and OIHW. */
export function shapesOf(layer: ConvLayer): Readonly<Record<"x" | "w" | "g", number[]>> {
  const { batch, channels, filters, size, kernel = 3 } = layer;
  const extent = outputExtent(layer);
  return {
    x: [batch, channels, size, size],
    w: [filters, channels, kernel, kernel],
    g: [batch, filters, extent, extent],
  };
}

/** Floating-point operations: two per product, taps in the padding among them. */
export function operations(layer: ConvLayer): number {
  const { batch, channels, filters, kernel = 3 } = layer;
  return 2 * batch * filters * outputExtent(layer) ** 2 * channels * kernel ** 2;
}
