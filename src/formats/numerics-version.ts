/** Stored in every row: rows of different versions are not comparable bit for bit (docs/numerics.md). */
export const numericsVersion = 1;
