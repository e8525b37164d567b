/** The kinds of panels that a figure is made of. */
export { type Bar, type BarPanelOptions, barPanel, barPanels } from "./bar-panel.ts";
export { type HeatmapOptions, heatmap } from "./heatmap.ts";
export { type ImagePanelOptions, imagePanel, type PixelDot } from "./image-panel.ts";
export { type LinePanelOptions, lineWithBand, type Point, type ScaleType } from "./line-panel.ts";
