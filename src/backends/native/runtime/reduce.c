/*
 * Reductions. COLUMNS: vectors run over results, whose operands are contiguous, or (packed) collected term by term.
 * RESULTS: one result a lane, its terms collected in rows and transposed. BLOCKS: one block of a sum a lane (blocks are independent), in
 * the order in which they lie in memory.
 * In all of them each block is summed in order from its start, and block sums are added in order (docs/numerics.md).
 */
enum { COLUMNS, RESULTS, BLOCKS };
enum { MOST_LANES = 16, TERMS = 256, ROW = TERMS + MOST_LANES, TURNED = 64, MOST_WIDE = 64 };

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
  /* BLOCKS: results of a unit; blocks of one result before those of the next. */
  i64 wide, span;
  const i64 *extents, *scalar_addresses;
  struct stream streams[MOST_STREAMS];
};

static void identities(const struct reduce *reduce, char *acc, i64 count) {
  if (*reduce->identity == 0) memset(acc, 0, (size_t)(count * reduce->acc_bytes));
  else if (reduce->acc_bytes == 8)
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

/* Before term `k` of result `result`. */
static void walk_to_term(const struct reduce *reduce, struct walk *walk, i64 result, i64 k) {
  for (i64 axis = reduce->outer_rank - 1; axis >= 0; axis--) {
    walk->index[axis] = result % reduce->extents[axis];
    result /= reduce->extents[axis];
  }
  walk_to(walk, reduce->outer_rank, k);
}

/* Asks for a run of operands `ahead` elements on: the processor does so itself, but only to the end of a page. */
INLINE void fetch(const struct reduce *reduce, char *const *pointers, i64 run, i64 ahead) {
  for (i64 s = 0; s < reduce->inputs; s++) {
    i64 bytes = reduce->streams[s].bytes;
    if (reduce->streams[s].kind != MEMORY) continue;
    for (i64 byte = 0; byte < run * bytes; byte += 64) __builtin_prefetch(pointers[s] + ahead * bytes + byte, 0, 3);
  }
}

/*
 * Where the next `count` terms are: computed into `row`, or in place. Leaves the walk behind them, unless operands are packed. With `ahead`
 * the operands that lie so many elements on are fetched.
 */
static const char *terms_at(const struct reduce *reduce, struct walk *walk, i64 count, char *row, char *buffers, i64 ahead) {
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
  if (reduce->term == 0 && walk->index[last] + count <= reduce->extents[last]) {
    const char *terms = reduce->base + reduce->streams[0].address + walk->offset[0];
    walk_on(walk, reduce->outer_rank, last, count);
    return terms;
  }
  for (char *to = row; count > 0;) {
    i64 run = least(count, reduce->extents[last] - walk->index[last]);
    for (i64 s = 0; s < reduce->inputs; s++) pointers[s] = reduce->base + reduce->streams[s].address + walk->offset[s];
    pointers[reduce->inputs] = to;
    if (ahead > 0) fetch(reduce, pointers, run, ahead);
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

/*
 * Takes the next `steps` terms of every lane, of `lines` of them from sources, in order: a few at a time, so that they stay near. Fetches
 * operands that are terms, as terms_at does.
 */
static void chain_terms(const struct reduce *reduce, const struct rows *at, const char **sources, i64 lines, i64 steps, i64 ahead) {
  char *chain[2] = {at->acc, at->turned};
  for (i64 done = 0; done < steps; done += TURNED) {
    i64 some = least(TURNED, steps - done);
    if (reduce->term == 0 && ahead > 0)
      for (i64 line = 0; line < lines; line++) fetch(reduce, (char *const *)&sources[line], some, ahead);
    transpose(at->turned, reduce->lanes, sources, lines, some, reduce->acc_bytes);
    reduce->chain(chain, some);
    for (i64 line = 0; line < lines; line++) sources[line] += some * reduce->acc_bytes;
  }
}

static int lay_rows(const struct reduce *reduce, struct space *space, struct rows *rows) {
  i64 tile = MOST_LANES * ROW * 8, acc = MOST_LANES * 8, total = MOST_WIDE * 8;
  char *bytes = reserve(space, reduce->crew, (size_t)(2 * tile + (reduce->inputs + 1) * ROW * 8 + acc + total));
  if (bytes == 0) return 0;
  *rows = (struct rows){bytes, bytes + tile, bytes + 2 * tile + acc + total, bytes + 2 * tile, bytes + 2 * tile + acc};
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
  char *add[2] = {at.total, at.acc};
  memset(at.turned, 0, (size_t)(lanes * TURNED * reduce->acc_bytes));
  identities(reduce, at.total, lanes);
  for (i64 k = 0; k < reduce->count;) {
    i64 end = k + least(reduce->block, reduce->count - k), start_of_block = k;
    identities(reduce, at.acc, lanes);
    while (k < end) {
      i64 count = least(TERMS, end - k);
      for (i64 lane = 0; lane < active; lane++) {
        walk_to_term(reduce, &walk, first + lane, k);
        sources[lane] = terms_at(reduce, &walk, count, at.rows + lane * ROW * 8, at.buffers, 0);
      }
      chain_terms(reduce, &at, sources, active, count, 0);
      k += count;
    }
    if (start_of_block == 0) memcpy(at.total, at.acc, (size_t)(lanes * reduce->acc_bytes));
    else reduce->chain(add, 1);
  }
  finish_results(reduce, at.total, first, active);
}

/* Moves a walk to the place of another one. */
static void walk_like(struct walk *walk, const struct walk *other) {
  for (i64 axis = 0; axis < other->rank; axis++) walk->index[axis] = other->index[axis];
  for (i64 s = 0; s < other->streams; s++) walk->offset[s] = other->offset[s];
}

/* A place among the blocks of a unit, and the walks there: before the current span of the result, and before term `next` of it. */
struct blocks {
  i64 result, row, next;
  struct walk start, walk;
};

/* The block after this one: of the same result in the same span, else of the next result, if there is one. */
INLINE void next_block(const struct reduce *reduce, struct blocks *at, i64 results, i64 span, i64 span_start) {
  if (++at->row < span || at->result + 1 == results) return;
  at->row = 0;
  at->result++;
  walk_on(&at->start, 0, reduce->outer_rank - 1, 1);
  walk_like(&at->walk, &at->start);
  at->next = span_start;
}

/* Adds block sums, one a lane, to the totals of their results, in order. */
static void add_blocks(const struct reduce *reduce, const struct rows *at, const i64 *results, const i64 *block_rows, i64 active, i64 span) {
  i64 lanes = reduce->lanes;
  for (i64 first = results[0] / lanes * lanes; first <= results[active - 1]; first += lanes) {
    char *add[2] = {at->total + first * reduce->acc_bytes, at->turned};
    identities(reduce, at->turned, lanes * span);
    for (i64 lane = 0; lane < active; lane++) {
      i64 place = block_rows[lane] * lanes + results[lane] - first;
      if (results[lane] < first || results[lane] >= first + lanes) continue;
      if (reduce->acc_bytes == 8) ((i64 *)at->turned)[place] = ((i64 *)at->acc)[lane];
      else ((int *)at->turned)[place] = ((int *)at->acc)[lane];
    }
    reduce->chain(add, span);
  }
}

/*
 * A unit is `wide` results. Lanes without a block, and steps past the end of one, hold the identity: it changes no sum, as no sum
 * is -0.
 */
static void reduce_blocks(const void *job, i64 unit, struct space *space) {
  const struct reduce *reduce = job;
  struct rows at;
  if (!lay_rows(reduce, space, &at)) return;
  i64 lanes = reduce->lanes, block = reduce->block, bytes = reduce->acc_bytes, count = reduce->count;
  i64 first = unit * reduce->wide, results = least(reduce->wide, reduce->results - first), blocks = (count + block - 1) / block;
  i64 is_sequence = !reduce->packed && (reduce->wide > 1 || reduce->extents[reduce->rank - 1] >= 2 * lanes * block);
  i64 ahead = is_sequence ? lanes * block : 0, result_of[MOST_LANES], row_of[MOST_LANES];
  struct blocks place = {0, 0, 0, walk_of(reduce), walk_of(reduce)};
  const char *sources[MOST_LANES];
  identities(reduce, at.total, up_to(results, lanes));
  for (i64 s = 0; s < blocks; s += reduce->span) {
    i64 span = least(reduce->span, blocks - s), tasks = results * span;
    walk_to_term(reduce, &place.start, first, s * block);
    walk_like(&place.walk, &place.start);
    place.result = place.row = 0, place.next = s * block;
    for (i64 task = 0; task < tasks; task += lanes) {
      i64 active = least(lanes, tasks - task), longest = active > 1 ? block : least(block, count - (s + place.row) * block);
      i64 row_of_first = place.row;
      longest = least(longest, count);
      identities(reduce, at.acc, lanes);
      for (i64 done = 0; done < longest; done += TERMS) {
        i64 steps = least(TERMS, longest - done);
        /* Blocks in several parts are of one result. */
        if (done > 0) place.row = row_of_first;
        for (i64 lane = 0; lane < lanes; lane++) {
          i64 k = (s + place.row) * block + done, own = lane < active ? least(steps, count - k) : 0;
          char *row = at.rows + lane * ROW * 8;
          sources[lane] = row;
          if (own > 0) {
            if (k != place.next) walk_to_term(reduce, &place.walk, first + place.result, k);
            sources[lane] = terms_at(reduce, &place.walk, own, row, at.buffers, ahead);
            place.next = reduce->packed ? -1 : k + own;
          }
          if (lane < active) {
            result_of[lane] = place.result, row_of[lane] = place.row;
            next_block(reduce, &place, results, span, s * block);
          }
          if (own == steps) continue;
          if (own > 0 && sources[lane] != row) memcpy(row, sources[lane], (size_t)(own * bytes));
          sources[lane] = row;
          own = own > 0 ? own : 0;
          identities(reduce, row + own * bytes, steps - own);
        }
        chain_terms(reduce, &at, sources, lanes, steps, ahead);
      }
      add_blocks(reduce, &at, result_of, row_of, active, span);
    }
  }
  finish_results(reduce, at.total, first, results);
}

/*
 * words: layout, packed, functions (term, its lanes, step, its lanes, add, chain, finish, its lanes), bytes and lanes of
 * the accumulator, identity, block, outer rank, rank, inputs, scalars of the finish, output and its bytes, results and blocks of a unit,
 * extents, addresses of the scalars, streams.
 */
static void run_reduce(struct crew *crew, char *base, const i64 *w) {
  struct reduce reduce = {
      .crew = crew, .base = base, .layout = w[0], .packed = w[1], .term = (line *)w[2], .term_lanes = w[3],
      .step = (line *)w[4], .step_lanes = w[5], .add = (line *)w[6], .chain = (line *)w[7], .finish = (line *)w[8],
      .finish_lanes = w[9], .acc_bytes = w[10], .lanes = w[11], .identity = w + 12, .block = w[13], .outer_rank = w[14],
      .rank = w[15], .inputs = w[16], .results = 1, .count = 1, .scalars = w[17], .out = w[18], .out_bytes = w[19],
      .wide = w[20], .span = w[21], .extents = w + 22,
  };
  reduce.scalar_addresses = reduce.extents + reduce.rank;
  read_streams(reduce.scalar_addresses + reduce.scalars, reduce.inputs, reduce.rank, reduce.streams);
  for (i64 axis = 0; axis < reduce.outer_rank; axis++) reduce.results *= reduce.extents[axis];
  for (i64 axis = reduce.outer_rank; axis < reduce.rank; axis++) reduce.count *= reduce.extents[axis];
  if (reduce.results == 0) return;
  /* More results a unit are read in longer runs. */
  if (reduce.wide > 1) reduce.wide = least(MOST_WIDE, up_to((reduce.results + crew->threads - 1) / crew->threads, reduce.lanes));
  if (reduce.layout == COLUMNS) {
    i64 n = reduce.packed ? reduce.results : reduce.extents[reduce.outer_rank - 1];
    parallel(crew, reduce.results / n * ((n + PACKED - 1) / PACKED), reduce_columns, &reduce);
  } else if (reduce.layout == RESULTS) {
    parallel(crew, (reduce.results + reduce.lanes - 1) / reduce.lanes, reduce_results, &reduce);
  } else parallel(crew, (reduce.results + reduce.wide - 1) / reduce.wide, reduce_blocks, &reduce);
}
