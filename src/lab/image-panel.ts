/** An image with dots on some of its pixels. */
import { dot, image } from "@observablehq/plot";
import { marks, type Panel } from "./figure.ts";
import { encodePng } from "./png.ts";

export interface PixelDot {
  readonly series: string;
  /** Place in pixels of the image; fractions are between pixels. */
  readonly row: number;
  readonly column: number;
  /** Share of the full size, in (0, 1]. */
  readonly size: number;
}

export interface ImagePanelOptions {
  readonly title?: string;
  readonly height: number;
  readonly width: number;
  /** [channels, height, width] with one or three channels, bytes. */
  readonly pixels: ArrayLike<number>;
  readonly dots: readonly PixelDot[];
}

export function imagePanel(options: ImagePanelOptions): Panel {
  const { height, width, pixels, dots } = options;
  const plane = height * width;
  const grey = pixels.length === plane;
  const rgb = Uint8Array.from(
    { length: 3 * plane },
    (_, i) => pixels[(grey ? 0 : (i % 3) * plane) + Math.floor(i / 3)],
  );
  const picture = `data:image/png;base64,${encodePng(width, height, rgb).toString("base64")}`;
  return {
    ...(options.title === undefined ? {} : { title: options.title }),
    series: [...new Set(dots.map(({ series }) => series))],
    hasPublished: false,
    hasInterval: false,
    aspect: height / width,
    draw({ color, width: panel, height: tall }) {
      const radius = 0.32 * Math.min(panel / width, tall / height);
      return {
        margin: 0,
        x: { domain: [-0.5, width - 0.5], axis: null },
        y: { domain: [height - 0.5, -0.5], axis: null },
        marks: marks(
          image([0], {
            x: (width - 1) / 2,
            y: (height - 1) / 2,
            width: panel,
            height: tall,
            preserveAspectRatio: "none",
            imageRendering: "pixelated",
            src: () => picture,
          }),
          dot(dots, {
            x: "column",
            y: "row",
            r: (d: PixelDot) => radius * Math.sqrt(d.size),
            fill: (d: PixelDot) => color(d.series),
            stroke: "#ffffff",
            strokeWidth: 0.4,
          }),
        ),
        r: { type: "identity" },
      };
    },
  };
}
