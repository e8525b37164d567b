/** Measurements, free of any paper. */

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
export { ZoneMeter } from "./zone/meter.ts";
export { cellOf, type ZoneParameters } from "./zone/parameters.ts";
export { type ZoneRow, zoneRow } from "./zone/rows.ts";
export type { Change, Hit, Scan, ScanRecord } from "./zone/scan.ts";
