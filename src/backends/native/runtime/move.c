/* Copies between boxes, table look-up, and the adjoint of the look-up. */

struct piece {
  i64 rank, bytes, from, to;
  const i64 *extents, *from_strides, *to_strides;
};

static void copy_axis(const struct piece *piece, i64 axis, const char *from, char *to) {
  i64 from_stride = piece->from_strides[axis], to_stride = piece->to_strides[axis];
  if (axis == piece->rank - 1) {
    copy_strided(to, to_stride, from, from_stride, piece->bytes, piece->extents[axis]);
    return;
  }
  for (i64 i = 0; i < piece->extents[axis]; i++) copy_axis(piece, axis + 1, from + i * from_stride, to + i * to_stride);
}

/* words: bytes of an element; address and bytes to clear; pieces, each: rank, from, to, extents, strides from, strides to. */
static void run_move(char *base, const i64 *words) {
  if (words[2] > 0) memset(base + words[1], 0, (size_t)words[2]);
  const i64 *at = words + 4;
  for (i64 i = 0; i < words[3]; i++) {
    i64 rank = at[0];
    struct piece piece = {rank, words[0], at[1], at[2], at + 3, at + 3 + rank, at + 3 + 2 * rank};
    copy_axis(&piece, 0, base + piece.from, base + piece.to);
    at += 3 + 3 * rank;
  }
}

/* The position of the first index outside the table, or -1. */
static i64 outside(const int *indices, i64 count, i64 rows) {
  for (i64 i = 0; i < count; i++)
    if (indices[i] < 0 || indices[i] >= rows) return i;
  return -1;
}

/* words: outer, rows, count, bytes of a row, table, indices, output. The place of a bad index, or -1. */
static i64 run_gather(char *base, const i64 *w) {
  i64 outer = w[0], rows = w[1], count = w[2], row = w[3];
  const int *indices = (const int *)(base + w[5]);
  i64 bad = outside(indices, count, rows);
  if (bad >= 0) return bad;
  char *to = base + w[6];
  for (i64 p = 0; p < outer; p++)
    for (i64 i = 0; i < count; i++, to += row) memcpy(to, base + w[4] + (p * rows + indices[i]) * row, (size_t)row);
  return -1;
}

struct scatter {
  i64 inner, padded, acc_bytes, block;
  line *step, *add;
};

/* Adds one row of terms to a row of running block sums; `partial` becomes part of `total` at the end of each block. */
static void scatter_row(const struct scatter *s, char *term, char *partial, char *total, i64 hits) {
  char *step[3] = {term, partial, partial}, *add[3] = {total, partial, total};
  s->step(step, s->padded);
  if (hits % s->block != 0) return;
  if (hits == s->block) memcpy(total, partial, (size_t)(s->padded * s->acc_bytes));
  else s->add(add, s->padded);
  memset(partial, 0, (size_t)(s->padded * s->acc_bytes));
}

/*
 * words: outer, rows, count, inner, table and bytes of an element, indices, output and its bytes, block, bytes of an
 * accumulator, functions (step, add, finish), lanes of the widest. The place of a bad index, or -1.
 */
static i64 run_scatter(struct crew *crew, char *base, const i64 *w) {
  i64 outer = w[0], rows = w[1], count = w[2], inner = w[3], table = w[4], table_bytes = w[5], out_bytes = w[8];
  const int *indices = (const int *)(base + w[6]);
  i64 bad = outside(indices, count, rows);
  if (bad >= 0) return bad;
  line *finish = (line *)w[13];
  struct scatter scatter = {inner, up_to(inner, w[14]), w[10], w[9], (line *)w[11], (line *)w[12]};
  i64 row_bytes = scatter.padded * scatter.acc_bytes, advance[2] = {scatter.acc_bytes, out_bytes};
  i64 room = rows * row_bytes;
  char *partials = reserve(&crew->members[0].space, crew, (size_t)(2 * room + rows * 8));
  if (partials == 0) return -1;
  char *totals = partials + room;
  i64 *hits = (i64 *)(totals + room);
  for (i64 p = 0; p < outer; p++) {
    memset(partials, 0, (size_t)(2 * room + rows * 8));
    for (i64 i = 0; i < count; i++) {
      i64 row = indices[i];
      char *term = base + table + (p * count + i) * inner * table_bytes;
      scatter_row(&scatter, term, partials + row * row_bytes, totals + row * row_bytes, ++hits[row]);
    }
    for (i64 row = 0; row < rows; row++) {
      char *partial = partials + row * row_bytes, *total = totals + row * row_bytes, *sum = total;
      char *add[3] = {total, partial, total};
      if (hits[row] < scatter.block) sum = partial;
      else if (hits[row] % scatter.block != 0) scatter.add(add, scatter.padded);
      char *pointers[2] = {sum, base + w[7] + (p * rows + row) * inner * out_bytes};
      run_line(finish, w[14], pointers, 1, 1, advance, inner);
    }
  }
  return -1;
}
