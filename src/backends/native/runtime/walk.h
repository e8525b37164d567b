/* Streams of elements over nests of static extents: places, copies of strided elements, copies of parts. */

/* A printed function: pointers of its inputs, then of its outputs; n is a multiple of its lanes. */
typedef void line(char *const *pointers, i64 n);

enum { MEMORY, SCALAR, INDEX };
enum { MOST_AXES = 24, MOST_STREAMS = 96 };

/*
 * One operand. MEMORY moves along the line axis, SCALAR does not; of INDEX `address` is the axis whose index it is, as
 * int32. Strides are in bytes, of all axes.
 */
struct stream {
  i64 kind, address, bytes;
  const i64 *strides;
};

/* The place in a nest: indices and the byte offset of every stream there. */
struct walk {
  i64 rank, streams;
  const i64 *extents;
  const struct stream *of;
  i64 index[MOST_AXES], offset[MOST_STREAMS];
};

/* To the row-major position `flat` of axes from .. rank - 1 (the indices of the axes before are kept). */
static void walk_to(struct walk *walk, i64 from, i64 flat) {
  for (i64 axis = walk->rank - 1; axis >= from; axis--) {
    walk->index[axis] = flat % walk->extents[axis];
    flat /= walk->extents[axis];
  }
  for (i64 s = 0; s < walk->streams; s++) {
    walk->offset[s] = 0;
    if (walk->of[s].kind == INDEX) continue;
    for (i64 axis = 0; axis < walk->rank; axis++) walk->offset[s] += walk->of[s].strides[axis] * walk->index[axis];
  }
}

/* `count` elements on along `axis`, carrying into the axes down to `from`; count may not pass the end of the axis. */
static void walk_on(struct walk *walk, i64 from, i64 axis, i64 count) {
  for (;; axis--, count = 1) {
    walk->index[axis] += count;
    for (i64 s = 0; s < walk->streams; s++)
      if (walk->of[s].kind != INDEX) walk->offset[s] += walk->of[s].strides[axis] * count;
    if (axis == from || walk->index[axis] < walk->extents[axis]) return;
    walk->index[axis] = 0;
    for (i64 s = 0; s < walk->streams; s++)
      if (walk->of[s].kind != INDEX) walk->offset[s] -= walk->of[s].strides[axis] * walk->extents[axis];
  }
}

INLINE i64 least(i64 a, i64 b) { return a < b ? a : b; }
INLINE i64 up_to(i64 n, i64 step) { return (n + step - 1) / step * step; }

static void copy_strided(char *to, i64 to_stride, const char *from, i64 from_stride, i64 bytes, i64 count) {
  if (to_stride == bytes && from_stride == bytes) memcpy(to, from, (size_t)(count * bytes));
  else if (bytes == 4)
    for (i64 i = 0; i < count; i++) *(int *)(to + i * to_stride) = *(const int *)(from + i * from_stride);
  else
    for (i64 i = 0; i < count; i++) *(i64 *)(to + i * to_stride) = *(const i64 *)(from + i * from_stride);
}

/*
 * Rows of n strided elements, one after the other at `to`, in chunks of 16 bytes: up to 12 bytes behind them are written too, and up
 * to 28 bytes behind the last element are read.
 */
static void gather_rows(char *to, const char *from, i64 rows, i64 row_stride, i64 n, i64 stride, i64 bytes) {
  i64 length = n * bytes;
  if (stride == bytes && (rows == 1 || row_stride == length)) memcpy(to, from, (size_t)(rows * length));
  else if (stride == bytes)
    for (i64 r = 0; r < rows; r++, to += length, from += row_stride) {
      i64 i = 0;
      for (; i + 64 <= length; i += 64) memcpy(to + i, from + i, 64);
      for (; i < length; i += 16) *(i32q_at *)(to + i) = *(const i32q_at *)(from + i);
    }
  else if (bytes == 8)
    for (i64 r = 0; r < rows; r++, to += length, from += row_stride)
      for (i64 i = 0; i < n; i++) *(i64 *)(to + i * 8) = *(const i64 *)(from + i * stride);
  else if (stride == 0 && n == 2 && row_stride == 4)
    for (i64 r = 0; r < rows; r += 4, to += 32, from += 16) {
      i32q four = *(const i32q_at *)from;
      *(i32q_at *)to = SHUFFLE(four, four, 0, 0, 1, 1);
      if (r + 2 < rows) *(i32q_at *)(to + 16) = SHUFFLE(four, four, 2, 2, 3, 3);
    }
  else if (stride == 0)
    for (i64 r = 0; r < rows; r++, to += length, from += row_stride) {
      int one = *(const int *)from;
      for (i64 i = 0; i < length; i += 16) *(i32q_at *)(to + i) = (i32q){one, one, one, one};
    }
  else if (stride == 8)
    for (i64 r = 0; r < rows; r++, to += length, from += row_stride)
      for (i64 i = 0; i < length; i += 16) {
        const char *eight = from + 2 * i;
        *(i32q_at *)(to + i) = SHUFFLE(*(const i32q_at *)eight, *(const i32q_at *)(eight + 16), 0, 2, 4, 6);
      }
  else
    for (i64 r = 0; r < rows; r++, to += length, from += row_stride)
      for (i64 i = 0; i < n; i++) *(int *)(to + i * 4) = *(const int *)(from + i * stride);
}

/* The next `count` indices along `axis` of a row-major walk over axes from .. last: runs, repeated with their period. */
static void fill_index(const struct walk *walk, i64 from, i64 last, i64 axis, int *to, i64 count) {
  i64 value = walk->index[axis], extent = walk->extents[axis], inner = 1, within = 0, made = 0;
  int moves = axis >= from && axis <= last;
  for (i64 a = axis + 1; a <= last; a++) {
    inner *= walk->extents[a];
    within = within * walk->extents[a] + walk->index[a];
  }
  i64 period = moves ? inner * extent : 1, run = moves ? inner - within : 1;
  while (made < least(count, period)) {
    run = least(run, count - made);
    for (i64 i = 0; i < run; i++) to[made + i] = (int)value;
    made += run;
    run = inner;
    value = value + 1 == extent ? 0 : value + 1;
  }
  while (made < count) {
    i64 whole = made / period * period, some = least(whole, count - made);
    memcpy(to + made, to + made - whole, (size_t)some * sizeof *to);
    made += some;
  }
}

/*
 * The next `count` elements of stream s along axes from .. last, contiguous at `to` (and up to 12 bytes more); `start` is not
 * changed.
 */
static void fill(const struct walk *start, i64 from, i64 last, i64 s, const char *base, char *to, i64 count) {
  const struct stream *stream = &start->of[s];
  const i64 *extents = start->extents, *strides = stream->strides;
  if (stream->kind == INDEX) {
    fill_index(start, from, last, stream->address, (int *)to, count);
    return;
  }
  i64 n = extents[last], index[MOST_AXES];
  const char *at = base + stream->address + start->offset[s];
  memcpy(index, start->index, (size_t)(last + 1) * sizeof *index);
  while (count > 0) {
    i64 axis = last, rows = 1, run = least(count, n - index[last]), steps = run;
    if (last > from && run == n) {
      axis = last - 1;
      steps = rows = least(count / n, extents[axis] - index[axis]);
    }
    gather_rows(to, at, rows, last > from ? strides[last - 1] : 0, run, strides[last], stream->bytes);
    to += rows * run * stream->bytes;
    count -= rows * run;
    index[axis] += steps;
    at += steps * strides[axis];
    for (; axis > from && index[axis] == extents[axis]; axis--) {
      at += strides[axis - 1] - extents[axis] * strides[axis];
      index[axis] = 0;
      index[axis - 1]++;
    }
  }
}

/* The inverse of `fill` over all axes: contiguous elements to their places. */
static void spill(struct walk walk, i64 s, char *base, const char *elements, i64 count) {
  const struct stream *stream = &walk.of[s];
  i64 last = walk.rank - 1;
  while (count > 0) {
    i64 run = least(count, walk.extents[last] - walk.index[last]);
    char *to = base + stream->address + walk.offset[s];
    copy_strided(to, stream->strides[last], elements, stream->bytes, stream->bytes, run);
    elements += run * stream->bytes;
    count -= run;
    walk_on(&walk, 0, last, run);
  }
}

/* Whether the elements of a stream follow one another along axes 0 .. rank - 1. */
static int is_flat(const struct stream *stream, const i64 *extents, i64 rank) {
  i64 stride = stream->bytes;
  if (stream->kind != MEMORY) return 0;
  for (i64 axis = rank - 1; axis >= 0; axis--) {
    if (extents[axis] != 1 && stream->strides[axis] != stride) return 0;
    stride *= extents[axis];
  }
  return 1;
}

/* Runs a line of one output over n elements of which only n are stored; inputs may be read up to a vector further. */
static void run_line(line *function, i64 lanes, char **pointers, i64 inputs, i64 outputs, const i64 *bytes, i64 n) {
  i64 whole = n / lanes * lanes;
  if (whole > 0) function(pointers, whole);
  if (whole == n) return;
  char rest[MOST_STREAMS / 4][WIDTH * 2] __attribute__((aligned(64)));
  char *part[MOST_STREAMS];
  for (i64 s = 0; s < inputs; s++) part[s] = pointers[s] + whole * bytes[s];
  for (i64 s = 0; s < outputs; s++) part[inputs + s] = rest[s];
  function(part, lanes);
  for (i64 s = inputs; s < inputs + outputs; s++)
    memcpy(pointers[s] + whole * bytes[s], rest[s - inputs], (size_t)((n - whole) * bytes[s]));
}
