/*
 * Reductions. COLUMNS: vectors run over results, whose operands are contiguous, or (packed) collected term by term.
 * RESULTS: one result a lane, its terms collected in rows and transposed. BLOCKS: few results, and one block of the same
 * sum a lane (blocks are independent).
 * In all of them each block is summed in order from its start, and block sums are added in order (docs/numerics.md).
 */
enum { COLUMNS, RESULTS, BLOCKS };
enum { MOST_LANES = 16, TERMS = 256, ROW = TERMS + MOST_LANES };

struct reduce {
  struct crew *crew;
  char *base;
  i64 layout, packed;
  /* Of a term from the operands (null: it is the operand); of acc, term -> acc; of total, acc -> total; of the result. */
  line *term, *step, *add, *chain, *finish;
  i64 term_lanes, step_lanes, finish_lanes;
  /* Bytes of an accumulator, and accumulators of a vector. */
  i64 acc_bytes, lanes;
  const i64 *identity;
  i64 block, outer_rank, rank, inputs, results, count, scalars, out, out_bytes;
  const i64 *extents, *scalar_addresses;
  struct stream streams[MOST_STREAMS];
};

static void identities(const struct reduce *reduce, char *acc, i64 count) {
  if (reduce->acc_bytes == 8)
    for (i64 i = 0; i < count; i++) ((i64 *)acc)[i] = *reduce->identity;
  else
    for (i64 i = 0; i < count; i++) ((int *)acc)[i] = (int)*reduce->identity;
}

/* Stores n finished results from `first` on. */
static void finish_results(const struct reduce *reduce, char *combined, i64 first, i64 n) {
  char *pointers[MOST_STREAMS];
  i64 advance[MOST_STREAMS] = {reduce->acc_bytes};
  pointers[0] = combined;
  for (i64 s = 0; s < reduce->scalars; s++) {
    pointers[1 + s] = reduce->base + reduce->scalar_addresses[s];
    advance[1 + s] = 0;
  }
  pointers[1 + reduce->scalars] = reduce->base + reduce->out + first * reduce->out_bytes;
  advance[1 + reduce->scalars] = reduce->out_bytes;
  run_line(reduce->finish, reduce->finish_lanes, pointers, 1 + reduce->scalars, 1, advance, n);
}

static struct walk walk_of(const struct reduce *reduce) {
  return (struct walk){reduce->rank, reduce->inputs, reduce->extents, reduce->streams, {0}, {0}};
}

/* Sums or extremes of `count` results side by side: `locate` sets the pointers of the operands of the current term. */
struct columns {
  const struct reduce *reduce;
  /* At the first of the results; the axes that are reduced move. */
  struct walk walk;
  char *acc, *total, *buffers;
  i64 count;
  /* Collected operands that are the same for every term, once they are there. */
  char kept[MOST_STREAMS];
};

/* Whether the operand does not move along the axes that are reduced. */
static int is_fixed(const struct reduce *reduce, const struct stream *stream) {
  if (stream->kind == INDEX) return stream->address < reduce->outer_rank;
  for (i64 axis = reduce->outer_rank; axis < reduce->rank; axis++)
    if (stream->strides[axis] != 0) return 0;
  return 1;
}

static void locate_term(struct columns *c, char **pointers) {
  const struct reduce *reduce = c->reduce;
  for (i64 s = 0; s < reduce->inputs; s++) {
    const struct stream *stream = &reduce->streams[s];
    pointers[s] = reduce->base + (stream->kind == INDEX ? 0 : stream->address + c->walk.offset[s]);
    if (!reduce->packed || stream->kind == SCALAR) continue;
    pointers[s] = c->buffers + s * (PACKED + MOST_LANES) * 8;
    if (c->kept[s]) continue;
    c->kept[s] = (char)is_fixed(reduce, stream);
    fill(&c->walk, 0, reduce->outer_rank - 1, s, reduce->base, pointers[s], c->count);
  }
}

static void combine_terms(struct columns *c) {
  const struct reduce *reduce = c->reduce;
  i64 padded = up_to(c->count, reduce->step_lanes);
  char *pointers[MOST_STREAMS], *add[3] = {c->total, c->acc, c->total};
  for (i64 k = 0; k < reduce->count;) {
    i64 end = k + least(reduce->block, reduce->count - k), start_of_block = k;
    identities(reduce, c->acc, padded);
    for (; k < end; k++) {
      locate_term(c, pointers);
      pointers[reduce->inputs] = pointers[reduce->inputs + 1] = c->acc;
      reduce->step(pointers, padded);
      if (reduce->rank > reduce->outer_rank) walk_on(&c->walk, reduce->outer_rank, reduce->rank - 1, 1);
    }
    if (start_of_block == 0) memcpy(c->total, c->acc, (size_t)(padded * reduce->acc_bytes));
    else reduce->add(add, padded);
  }
  if (reduce->count == 0) identities(reduce, c->total, padded);
}

/* A unit is a part of a line of results; packed, a part of all results. */
static void reduce_columns(const void *job, i64 unit, struct space *space) {
  const struct reduce *reduce = job;
  i64 n = reduce->packed ? reduce->results : reduce->extents[reduce->outer_rank - 1], parts = (n + PACKED - 1) / PACKED;
  i64 start = unit % parts * PACKED, first = unit / parts * n + start, room = (PACKED + MOST_LANES) * 8;
  char *acc = reserve(space, reduce->crew, (size_t)((2 + reduce->inputs) * room));
  if (acc == 0) return;
  struct columns columns = {reduce, walk_of(reduce), acc, acc + room, acc + 2 * room, least(PACKED, n - start)};
  for (i64 axis = reduce->outer_rank - 1, rest = first; axis >= 0; axis--) {
    columns.walk.index[axis] = rest % reduce->extents[axis];
    rest /= reduce->extents[axis];
  }
  if (reduce->count > 0) walk_to(&columns.walk, reduce->outer_rank, 0);
  combine_terms(&columns);
  finish_results(reduce, columns.total, first, columns.count);
}

/* Where the `count` terms of result `result` from term `k` on are: computed into `row`, or in place. */
static const char *terms_of(const struct reduce *reduce, struct walk *walk, i64 result, i64 k, i64 count, char *row, char *buffers) {
  for (i64 axis = reduce->outer_rank - 1; axis >= 0; axis--) {
    walk->index[axis] = result % reduce->extents[axis];
    result /= reduce->extents[axis];
  }
  walk_to(walk, reduce->outer_rank, k);
  char *pointers[MOST_STREAMS];
  if (reduce->packed) {
    for (i64 s = 0; s < reduce->inputs; s++) {
      pointers[s] = buffers + s * ROW * 8;
      if (reduce->streams[s].kind == SCALAR) pointers[s] = reduce->base + reduce->streams[s].address;
      else if (reduce->term == 0) pointers[s] = row;
      if (reduce->streams[s].kind != SCALAR) fill(walk, reduce->outer_rank, reduce->rank - 1, s, reduce->base, pointers[s], count);
    }
    pointers[reduce->inputs] = row;
    if (reduce->term) reduce->term(pointers, up_to(count, reduce->term_lanes));
    return row;
  }
  i64 last = reduce->rank - 1;
  if (reduce->term == 0 && walk->index[last] + count <= reduce->extents[last])
    return reduce->base + reduce->streams[0].address + walk->offset[0];
  for (char *to = row; count > 0;) {
    i64 run = least(count, reduce->extents[last] - walk->index[last]);
    for (i64 s = 0; s < reduce->inputs; s++) pointers[s] = reduce->base + reduce->streams[s].address + walk->offset[s];
    pointers[reduce->inputs] = to;
    if (reduce->term) reduce->term(pointers, up_to(run, reduce->term_lanes));
    else memcpy(to, pointers[0], (size_t)(run * reduce->acc_bytes));
    to += run * reduce->acc_bytes;
    count -= run;
    walk_on(walk, reduce->outer_rank, last, run);
  }
  return row;
}

struct rows {
  char *rows, *turned, *buffers, *acc, *total;
};

static int lay_rows(const struct reduce *reduce, struct space *space, struct rows *rows) {
  i64 tile = MOST_LANES * ROW * 8, accs = MOST_LANES * 8;
  char *bytes = reserve(space, reduce->crew, (size_t)(2 * tile + (reduce->inputs + 1) * ROW * 8 + 2 * accs));
  if (bytes == 0) return 0;
  *rows = (struct rows){bytes, bytes + tile, bytes + 2 * tile + 2 * accs, bytes + 2 * tile, bytes + 2 * tile + accs};
  return 1;
}

/* A unit is a vector of results. */
static void reduce_results(const void *job, i64 unit, struct space *space) {
  const struct reduce *reduce = job;
  struct rows at;
  if (!lay_rows(reduce, space, &at)) return;
  struct walk walk = walk_of(reduce);
  i64 lanes = reduce->lanes, first = unit * lanes, active = least(lanes, reduce->results - first);
  const char *sources[MOST_LANES];
  char *chain[2] = {at.acc, at.turned}, *add[2] = {at.total, at.acc};
  memset(at.turned, 0, (size_t)(lanes * TERMS * reduce->acc_bytes));
  identities(reduce, at.total, lanes);
  for (i64 k = 0; k < reduce->count;) {
    i64 end = k + least(reduce->block, reduce->count - k), start_of_block = k;
    identities(reduce, at.acc, lanes);
    while (k < end) {
      i64 count = least(TERMS, end - k);
      for (i64 lane = 0; lane < active; lane++)
        sources[lane] = terms_of(reduce, &walk, first + lane, k, count, at.rows + lane * ROW * 8, at.buffers);
      transpose(at.turned, lanes, sources, active, count, reduce->acc_bytes);
      reduce->chain(chain, count);
      k += count;
    }
    if (start_of_block == 0) memcpy(at.total, at.acc, (size_t)(lanes * reduce->acc_bytes));
    else reduce->chain(add, 1);
  }
  finish_results(reduce, at.total, first, active);
}

/* A unit is one result. Lanes past the last block, and steps past its end, hold the identity: it changes no sum, as no sum is -0. */
static void reduce_blocks(const void *job, i64 unit, struct space *space) {
  const struct reduce *reduce = job;
  struct rows at;
  if (!lay_rows(reduce, space, &at)) return;
  struct walk walk = walk_of(reduce);
  i64 lanes = reduce->lanes, blocks = (reduce->count + reduce->block - 1) / reduce->block, bytes = reduce->acc_bytes;
  const char *sources[MOST_LANES];
  char *chain[2] = {at.acc, at.turned}, *add[2] = {at.total, at.turned};
  identities(reduce, at.total, lanes);
  for (i64 group = 0; group < blocks; group += lanes) {
    i64 active = least(lanes, blocks - group), longest = least(reduce->block, reduce->count - group * reduce->block);
    identities(reduce, at.acc, lanes);
    for (i64 done = 0; done < longest; done += TERMS) {
      i64 steps = least(TERMS, longest - done);
      for (i64 lane = 0; lane < lanes; lane++) {
        i64 k = (group + lane) * reduce->block + done;
        i64 own = lane < active ? least(steps, reduce->count - k) : 0;
        char *row = at.rows + lane * ROW * 8;
        sources[lane] = row;
        if (own > 0) sources[lane] = terms_of(reduce, &walk, unit, k, own, row, at.buffers);
        if (own == steps) continue;
        if (own > 0 && sources[lane] != row) memcpy(row, sources[lane], (size_t)(own * bytes));
        sources[lane] = row;
        own = own > 0 ? own : 0;
        identities(reduce, row + own * bytes, steps - own);
      }
      transpose(at.turned, lanes, sources, lanes, steps, bytes);
      reduce->chain(chain, steps);
    }
    /* Block sums one below the other in lane 0. */
    identities(reduce, at.turned, lanes * active);
    for (i64 lane = 0; lane < active; lane++) memcpy(at.turned + lane * lanes * bytes, at.acc + lane * bytes, (size_t)bytes);
    i64 taken = group == 0;
    if (taken) memcpy(at.total, at.acc, (size_t)bytes);
    add[1] = at.turned + taken * lanes * bytes;
    if (active > taken) reduce->chain(add, active - taken);
  }
  finish_results(reduce, at.total, unit, 1);
}

/*
 * words: layout, packed, functions (term, its lanes, step, its lanes, add, chain, finish, its lanes), bytes and lanes of
 * the accumulator, identity, block, outer rank, rank, inputs, scalars of the finish, output and its bytes, extents,
 * addresses of the scalars, streams.
 */
static void run_reduce(struct crew *crew, char *base, const i64 *w) {
  struct reduce reduce = {
      .crew = crew, .base = base, .layout = w[0], .packed = w[1], .term = (line *)w[2], .term_lanes = w[3],
      .step = (line *)w[4], .step_lanes = w[5], .add = (line *)w[6], .chain = (line *)w[7], .finish = (line *)w[8],
      .finish_lanes = w[9], .acc_bytes = w[10], .lanes = w[11], .identity = w + 12, .block = w[13], .outer_rank = w[14],
      .rank = w[15], .inputs = w[16], .results = 1, .count = 1, .scalars = w[17], .out = w[18], .out_bytes = w[19],
      .extents = w + 20,
  };
  reduce.scalar_addresses = reduce.extents + reduce.rank;
  read_streams(reduce.scalar_addresses + reduce.scalars, reduce.inputs, reduce.rank, reduce.streams);
  for (i64 axis = 0; axis < reduce.outer_rank; axis++) reduce.results *= reduce.extents[axis];
  for (i64 axis = reduce.outer_rank; axis < reduce.rank; axis++) reduce.count *= reduce.extents[axis];
  if (reduce.results == 0) return;
  if (reduce.layout == COLUMNS) {
    i64 n = reduce.packed ? reduce.results : reduce.extents[reduce.outer_rank - 1];
    parallel(crew, reduce.results / n * ((n + PACKED - 1) / PACKED), reduce_columns, &reduce);
  } else if (reduce.layout == RESULTS) {
    parallel(crew, (reduce.results + reduce.lanes - 1) / reduce.lanes, reduce_results, &reduce);
  } else parallel(crew, reduce.results, reduce_blocks, &reduce);
}
