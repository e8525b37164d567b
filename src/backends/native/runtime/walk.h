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

/* Rows of a few elements: `count` of them, `each` long. */
static void copy_rows(char *to, const char *from, i64 row, i64 stride, i64 each, i64 bytes, i64 count) {
  if (bytes == 4 && each == 2)
    for (i64 i = 0; i < count; i++) {
      ((int *)to)[2 * i] = *(const int *)(from + i * row);
      ((int *)to)[2 * i + 1] = *(const int *)(from + i * row + stride);
    }
  else
    for (i64 i = 0; i < count; i++) copy_strided(to + i * each * bytes, bytes, from + i * row, stride, bytes, each);
}

enum { SHORT_AXIS = 8 };

/* The next `count` elements of stream s along axes from .. last, contiguous at `to`; `walk` is not changed. */
static void fill(const struct walk *start, i64 from, i64 last, i64 s, const char *base, char *to, i64 count) {
  struct walk walk = {start->rank, 1, start->extents, start->of + s, {0}, {start->offset[s]}};
  memcpy(walk.index, start->index, (size_t)start->rank * sizeof *walk.index);
  const struct stream *stream = walk.of;
  while (count > 0) {
    i64 length = walk.extents[last], run = least(count, length - walk.index[last]);
    const char *source = base + stream->address + walk.offset[0];
    if (stream->kind == INDEX)
      for (i64 i = 0; i < run; i++) ((int *)to)[i] = (int)(walk.index[stream->address] + (stream->address == last ? i : 0));
    else if (last > from && length < SHORT_AXIS && run == length) {
      i64 rows = least(count / length, walk.extents[last - 1] - walk.index[last - 1]);
      copy_rows(to, source, stream->strides[last - 1], stream->strides[last], length, stream->bytes, rows);
      to += rows * length * stream->bytes;
      count -= rows * length;
      walk_on(&walk, from, last - 1, rows);
      continue;
    } else copy_strided(to, stream->bytes, source, stream->strides[last], stream->bytes, run);
    to += run * stream->bytes;
    count -= run;
    walk_on(&walk, from, last, run);
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
