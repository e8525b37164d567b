/** Measurements, free of any paper. */

export { ExactJudge } from "./exact/judge.ts";
export { type PropagationInputs, PropagationMeter, type PropagationOptions } from "./propagation/meter.ts";
export { type DeepNetwork, deepNetwork, drawWeights } from "./propagation/network.ts";
export { meanRates, type Rate, type Rates, ratesOf } from "./propagation/rate.ts";
export { measurePropagation, type PropagationReport, type PropagationRequest } from "./propagation/report.ts";
export { type LayerRow, meanRows } from "./propagation/rows.ts";
export { type TheoryRate, theoryRate } from "./propagation/theory/rate.ts";
export { type Picture, zonePicture } from "./separation/picture.ts";
export { type Separation, type SeparationOptions, separate } from "./separation/separation.ts";
export { type Activation, className, type Smoothness } from "./spectra/activation.ts";
export { activationNamed, activationNames } from "./spectra/activations.ts";
export { type Dual, dualOf } from "./spectra/dual.ts";
export { type Eigenvalues, eigenvalues, factoredEigenvalues } from "./spectra/eigenvalues.ts";
export type { SymmetricMatrix } from "./spectra/matrix.ts";
export { circle, halfCircle, hypercube, nearSpan, type Points, sphere, unitRows } from "./spectra/points.ts";
export { type Principal, principalComponents } from "./spectra/principal.ts";
export { genericRank, polynomialRank } from "./spectra/rank.ts";
export { measureSpectrum, type SpectrumReport, type SpectrumRequest } from "./spectra/report.ts";
export { type Spectrum, spectrumOf } from "./spectra/spectrum.ts";
export { jacobianRows, type TangentOptions, tangentKernel } from "./spectra/tangent-kernel.ts";
export { type TrainingOptions, type TrainingRecord, train } from "./spectra/training.ts";
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
export * from "./training/index.ts";
export { checkCell, type ZoneCell } from "./zone/cell.ts";
export { type Comparison, comparisonOf, type KinkSetting, parseSetting } from "./zone/comparison.ts";
export type { Distance } from "./zone/difference.ts";
export type { Change, Hit } from "./zone/hit.ts";
export { ZoneMeter } from "./zone/meter.ts";
export { modelNamed, type ZoneModel } from "./zone/model.ts";
export { cellOf, type ZoneParameters } from "./zone/parameters.ts";
export { type LayerShare, type ZoneRow, zoneRow } from "./zone/rows.ts";
export type { LayerCount, Scan } from "./zone/scan.ts";
