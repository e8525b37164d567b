/** The portable peers, loaded only where they are installed. */
import type * as Jax from "@jax-js/jax";
import type * as Tf from "@tensorflow/tfjs-core";

type TensorFlow = typeof Tf;

export type { Jax, TensorFlow };

/** undefined where the package is absent; other failures are thrown. */
async function optional<T>(load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** TensorFlow.js on its WebAssembly backend (one thread, SIMD), or undefined. */
export async function tfjs(): Promise<TensorFlow | undefined> {
  return optional(async () => {
    const tf = await import("@tensorflow/tfjs-core");
    await import("@tensorflow/tfjs-backend-wasm");
    await tf.setBackend("wasm");
    await tf.ready();
    return tf;
  });
}

/** jax-js on its WebAssembly backend, or undefined. */
export async function jaxJs(): Promise<typeof Jax | undefined> {
  return optional(async () => {
    const jax = await import("@jax-js/jax");
    await jax.init("wasm");
    jax.defaultDevice("wasm");
    return jax;
  });
}
