/** Crops of pictures, from pixels by place (height, width, channel) to planes (channel, height, width). */
import type { Rectangle } from "./augmentation.ts";
import type { Picture } from "./picture.ts";
import { resizeShorterSide } from "./resample.ts";

/** Copies the crop at (top, left) into `planes` [3, height, width], mirrored if `flip`; what lies outside the picture is 0. */
export function cropInto(
  picture: Picture,
  top: number,
  left: number,
  height: number,
  width: number,
  planes: Uint8Array,
  flip = false,
): void {
  const { pixels } = picture;
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [from, column] = [top + y, left + (flip ? width - 1 - x : x)];
        const inside = from >= 0 && from < picture.height && column >= 0 && column < picture.width;
        planes[(c * height + y) * width + x] = inside ? pixels[3 * (from * picture.width + column) + c] : 0;
      }
    }
  }
}

/** Half of an even or odd margin, ties to even as in the published pipelines. */
export function centered(outer: number, inner: number): number {
  const halves = outer - inner;
  const low = Math.floor(halves / 2);
  return halves % 2 === 0 ? low : low + (low & 1);
}

/** The pixels of a rectangle as a picture of its own. */
export function cut(picture: Picture, { top, left, height, width }: Rectangle): Picture {
  const pixels = new Uint8Array(3 * height * width);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * picture.width + left);
    pixels.set(picture.pixels.subarray(from, from + 3 * width), 3 * y * width);
  }
  return { height, width, pixels };
}

/** Resizes the shorter side to `side`, then takes the middle [height, width] into `planes` [3, height, width]. */
export function centerCrop(
  picture: Picture,
  side: number,
  height: number,
  width: number,
  planes: Uint8Array,
  flip = false,
): void {
  const resized = resizeShorterSide(picture, side);
  cropInto(resized, centered(resized.height, height), centered(resized.width, width), height, width, planes, flip);
}
