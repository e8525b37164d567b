/** The laboratory: experiments, runs, the store, figures, claims. */

export { writeOutput } from "../base/files.ts";
export { type ClaimResult, collectClaims, rowsForFigure, rowsOfScale } from "./claims.ts";
export {
  type Claim,
  type DataUse,
  type Evaluation,
  type Experiment,
  experiment,
  type RowIdentity,
  type Scale,
  type StoredRow,
  scales,
  type TrialContext,
  type Verdict,
} from "./experiment.ts";
export {
  type ExportedRow,
  type ExportFormat,
  exportedRows,
  exportFormats,
  exportStore,
  toCsv,
  toParquet,
} from "./export.ts";
export { drawFigure, type FigureSpec, type Panel, type PanelContext } from "./figure.ts";
export { canonicalJson, decodeJson, decodeNumber, encodeJson } from "./json.ts";
export { darkInk, darkPaper, lightInk, lightPaper, seriesColor, seriesColors } from "./palette.ts";
export {
  type Bar,
  type BarPanelOptions,
  barPanel,
  barPanels,
  type HeatmapOptions,
  heatmap,
  type LinePanelOptions,
  lineWithBand,
  type MatrixOptions,
  matrixPanel,
  type Point,
  type ScaleType,
} from "./panels.ts";
export {
  type Parameter,
  type ParameterRecord,
  type Plain,
  readParameter,
  readParameters,
  resolveParameters,
  trialParameters,
} from "./parameters.ts";
export { type Progress, type ProgressOptions, progress, showDuration } from "./progress.ts";
export { type Provenance, packageVersion, provenance } from "./provenance.ts";
export { claimsTable, replaceSection } from "./report.ts";
export { howToContinue, type RunOptions, type RunResult, runExperiment } from "./run.ts";
export { type Failure, readStatus, type Status } from "./status.ts";
export { findRun, listRuns, type OpenRun, openRun, type RunParameters, type StoredRun } from "./store.ts";
export { columnsOf, markdownTable, showCell, table } from "./table.ts";
export { runId, type Trial, trialId } from "./trial.ts";
