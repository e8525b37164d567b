/** Where values live: the machine type of each element type. */
import type { Format } from "../formats/format.ts";
import { formatOf, type Precision } from "../formats/precision.ts";
import type { ElementType } from "../ir/loops.ts";

export type CarrierName = "float32" | "float64" | "int32";

export function isFloat(type: ElementType): boolean {
  return type !== "int32" && type !== "bool";
}

/** The format of a float type; undefined for int32 and bool. */
export function formatOfType(type: ElementType, precision: Precision): Format | undefined {
  return isFloat(type) ? formatOf(precision, type) : undefined;
}

export function carrierOf(type: ElementType, precision: Precision): CarrierName {
  return formatOfType(type, precision)?.carrier ?? "int32";
}

export function bytesPerElement(carrier: CarrierName): number {
  return carrier === "float64" ? 8 : 4;
}
