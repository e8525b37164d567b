/** What `nonsmooth doctor` says of printed C. */
import { cacheContents, cacheFolder } from "./cache.ts";
import { whyNot } from "./library.ts";
import { compilerHere, processorHere } from "./machine.ts";

export interface NativeFacts {
  /** One line on why the backend cannot be used here; null where it can. */
  readonly unavailable: string | null;
  /** First line of the compiler's `--version`; null where there is none. */
  readonly compiler: string | null;
  /** Bits of the vectors that code is printed for. */
  readonly width: number;
  readonly cache: { readonly folder: string; readonly units: number; readonly bytes: number };
}

export function nativeFacts(): NativeFacts {
  const compiler = compilerHere();
  return {
    unavailable: whyNot() ?? null,
    compiler: "missing" in compiler ? null : compiler.version,
    width: processorHere().width,
    cache: { folder: cacheFolder(), ...cacheContents() },
  };
}
