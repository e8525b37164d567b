/*
 * A micro-kernel over panels a [terms][rows] and b [terms][columns]: sums start from +0, or (mode FROM) from the tile at
 * `from`; they are stored at `to`, or (mode ADD) added to the tile there. Distances from row to row in elements.
 */
typedef void tile(const void *a, const void *b, i64 terms, const void *from, void *to, i64 from_row, i64 to_row, i64 mode);
/* The same, for the most rows, over columns in place: vector v of term k is at columns[v] + terms[k] elements. */
typedef void tile_in_place(const void *a, const char *const *columns, const int *terms, i64 count, const void *from, void *to, i64 from_row,
                           i64 to_row, i64 mode);
enum { FROM = 1, ADD = 2 };
enum { ROW_KINDS = 4, VECTOR_KINDS = 3 };

/* What a printed unit of micro-kernels exports: kernels by kind of rows (largest first) and vectors (1 ..). */
struct tiles {
  i64 bytes, lanes, vectors, rows[ROW_KINDS];
  tile *kernels[ROW_KINDS][VECTOR_KINDS];
  tile_in_place *in_place[VECTOR_KINDS];
};
