/** nonsmooth: programs, their kinks, the choice of a derivative there, and number formats. */
export * from "./autodiff/index.ts";
export type { Backend, Carrier, Engine } from "./backends/index.ts";
export { DataError, ShapeError, UsageError } from "./base/errors.ts";
export { type Stream, stream } from "./base/random.ts";
export type { Shape } from "./base/shape.ts";
export { backends, type CompileOptions, compile } from "./compile.ts";
export * from "./conventions/index.ts";
export * from "./formats/index.ts";
export * from "./ir/index.ts";
export * from "./ops/index.ts";
