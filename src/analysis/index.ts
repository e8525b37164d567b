/** Measurements, free of any paper. */

export { ExactJudge } from "./exact/judge.ts";
export { type Picture, zonePicture } from "./separation/picture.ts";
export { type Separation, type SeparationOptions, separate } from "./separation/separation.ts";
export {
  binomialTest,
  clopperPearson,
  fisherExact,
  fiveNumbers,
  hoeffding,
  type Interval,
  median,
  quantile,
} from "./statistics.ts";
export { checkCell, type ZoneCell } from "./zone/cell.ts";
export { type Comparison, comparisonOf, type KinkSetting, parseSetting } from "./zone/comparison.ts";
export type { Distance } from "./zone/difference.ts";
export type { Change, Hit } from "./zone/hit.ts";
export { ZoneMeter } from "./zone/meter.ts";
export { modelNamed, type ZoneModel } from "./zone/model.ts";
export { cellOf, type ZoneParameters } from "./zone/parameters.ts";
export { type LayerShare, type ZoneRow, zoneRow } from "./zone/rows.ts";
export type { LayerCount, Scan } from "./zone/scan.ts";
