/** What every contender trains: the same network on the same mini-batch. */

export interface MlpData {
  /** Units per layer, inputs first. */
  readonly sizes: readonly number[];
  readonly batch: number;
  /** [batch, sizes[0]] in [0, 1). */
  readonly x: Float32Array;
  readonly labels: Int32Array;
  /** w1 [out, in], b1 [out], w2, ... */
  readonly parameters: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>>;
  /** Learning rate. */
  readonly rate: number;
}
