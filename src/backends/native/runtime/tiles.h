/*
 * Micro-kernels. Sums start from +0, or (mode FROM) from the tile at `from`; they are stored at `to`, or (mode ADD) added to the
 * tile there. A tile has a place for each vector of its first row; its rows are `row` elements apart.
 */

/* Over panels a [terms][rows] and b [terms][columns]. */
typedef void tile(const void *a, const void *b, i64 terms, char *const *from, char *const *to, i64 row, i64 mode);
/* Over columns in place: vector v of term k is at columns[v] + places[k] elements. */
typedef void tile_by_columns(const void *a, const char *const *columns, const int *places, i64 terms, char *const *from, char *const *to, i64 row,
                             i64 mode);
/* Over rows in place: element i of term k is at rows[i] + places[k] elements. */
typedef void tile_by_rows(const char *const *rows, const int *places, const void *b, i64 terms, char *const *from, char *const *to, i64 row, i64 mode);

enum { FROM = 1, ADD = 2 };
enum { ROW_KINDS = 4, IN_PLACE_KINDS = 2, VECTOR_KINDS = 3, MOST_HEIGHT = 8 };

/* What a printed unit of micro-kernels exports: kernels by kind of rows (largest first) and vectors (1 ..). */
struct tiles {
  i64 bytes, lanes, vectors, rows[ROW_KINDS];
  tile *kernels[ROW_KINDS][VECTOR_KINDS];
  tile_by_columns *columns_in_place[IN_PLACE_KINDS][VECTOR_KINDS];
  tile_by_rows *rows_in_place[VECTOR_KINDS];
};
