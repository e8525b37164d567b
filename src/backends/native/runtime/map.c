/*
 * Maps. Along lines of the last axis where every operand is contiguous or constant there; else packed: elements are
 * collected in a buffer, whatever their strides, and results put back.
 */
enum { PACKED = 512, GRAIN = 8192 };

struct map {
  struct crew *crew;
  char *base;
  line *function;
  i64 lanes, packed, rank, inputs, outputs, lines, n, per_unit, chunk;
  const i64 *extents;
  struct stream streams[MOST_STREAMS];
};

static const i64 *read_streams(const i64 *words, i64 count, i64 rank, struct stream *streams) {
  for (i64 s = 0; s < count; s++) {
    streams[s] = (struct stream){words[0], words[1], words[2], words + 3};
    words += 3 + rank;
  }
  return words;
}

/* A unit is a part of one line, or several whole lines. */
static void map_lines(const void *job, i64 unit, struct space *space) {
  const struct map *map = job;
  (void)space;
  struct walk walk = {map->rank, map->inputs + map->outputs, map->extents, map->streams, {0}, {0}};
  i64 parts = map->n <= map->chunk ? 1 : (map->n + map->chunk - 1) / map->chunk;
  i64 first = unit / parts * map->per_unit, start = unit % parts * map->chunk;
  i64 lines = least(map->per_unit, map->lines - first), n = least(map->chunk, map->n - start);
  i64 advance[MOST_STREAMS];
  char *pointers[MOST_STREAMS];
  for (i64 s = 0; s < walk.streams; s++) advance[s] = map->streams[s].kind == SCALAR ? 0 : map->streams[s].bytes;
  walk_to(&walk, 0, first * map->n + start);
  for (i64 i = 0; i < lines; i++) {
    for (i64 s = 0; s < walk.streams; s++) pointers[s] = map->base + map->streams[s].address + walk.offset[s];
    run_line(map->function, map->lanes, pointers, map->inputs, map->outputs, advance, n);
    if (i + 1 < lines) walk_on(&walk, 0, map->rank - 1, map->n);
  }
}

static void map_packed(const void *job, i64 unit, struct space *space) {
  const struct map *map = job;
  struct walk walk = {map->rank, map->inputs + map->outputs, map->extents, map->streams, {0}, {0}};
  char *buffers = reserve(space, map->crew, (size_t)walk.streams * (PACKED + 16) * 8);
  if (buffers == 0) return;
  i64 start = unit * PACKED, n = least(PACKED, map->lines * map->n - start);
  i64 advance[MOST_STREAMS];
  char *pointers[MOST_STREAMS];
  walk_to(&walk, 0, start);
  for (i64 s = 0; s < walk.streams; s++) {
    const struct stream *stream = &map->streams[s];
    advance[s] = stream->kind == SCALAR ? 0 : stream->bytes;
    pointers[s] = buffers + s * (PACKED + 16) * 8;
    if (stream->kind == SCALAR) pointers[s] = map->base + stream->address;
    else if (is_flat(stream, map->extents, map->rank)) pointers[s] = map->base + stream->address + start * stream->bytes;
    else if (s < map->inputs) fill(&walk, 0, walk.rank - 1, s, map->base, pointers[s], n);
  }
  run_line(map->function, map->lanes, pointers, map->inputs, map->outputs, advance, n);
  for (i64 s = map->inputs; s < walk.streams; s++)
    if (!is_flat(&map->streams[s], map->extents, map->rank)) spill(walk, s, map->base, pointers[s], n);
}

/* words: function, lanes, packed, rank, inputs, outputs, extents, streams. */
static void run_map(struct crew *crew, char *base, const i64 *words) {
  struct map map = {crew, base, (line *)words[0], words[1], words[2], words[3], words[4], words[5], 1, 1, 1, 0, words + 6, {{0}}};
  read_streams(words + 6 + map.rank, map.inputs + map.outputs, map.rank, map.streams);
  for (i64 axis = 0; axis + 1 < map.rank; axis++) map.lines *= map.extents[axis];
  map.n = map.extents[map.rank - 1];
  if (map.lines * map.n == 0) return;
  if (map.packed) {
    parallel(crew, (map.lines * map.n + PACKED - 1) / PACKED, map_packed, &map);
    return;
  }
  map.chunk = GRAIN;
  if (map.n < GRAIN) map.per_unit = (GRAIN + map.n - 1) / map.n;
  i64 parts = (map.n + GRAIN - 1) / GRAIN;
  parallel(crew, (map.lines + map.per_unit - 1) / map.per_unit * parts, map_lines, &map);
}
