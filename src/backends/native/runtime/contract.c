/*
 * Contractions, packed (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008). Operands are
 * read through tables: the place of element (line, term) is lines[line] + terms[term], whatever the strides and axes were.
 * A chunk of packed terms holds whole blocks of the sum, or a part of a long one. Columns that are vectors in memory may be read in place.
 */

/* One operand and its tables. Groups of `line_run` lines, of `term_run` terms, are neighbors in memory. */
struct operand {
  i64 address, bytes, line_run, term_run, round_lanes;
  const int *lines, *terms, *batch;
  line *round;
};

struct contract {
  struct crew *crew;
  char *base;
  const struct tiles *tiles;
  i64 m, n, k, block, chunk, batches, direct, direct_row, in_place;
  struct operand a, b;
  i64 out, out_bytes, out_run;
  const int *out_rows, *out_columns, *out_batch;
  line *finish;
  i64 finish_lanes, bias_kind, bias, bias_bytes;
  const int *bias_table, *bias_batch;
  /* Units: parts of the rows and of the columns. */
  i64 row_parts, column_parts;
};

enum { NO_BIAS, BIAS_OF_ROWS, BIAS_OF_COLUMNS };
/* Rows packed at a time, and summed before they are finished. Columns: bytes of a row of sums. */
enum { PACKED_ROWS = 192, SUMMED_ROWS = 768, COLUMN_BYTES = 3072 };

static char *place(const struct contract *job, const struct operand *x, i64 batch) { return job->base + x->address + x->batch[batch] * x->bytes; }

/* Elements of panels, as they are stored. */
#define DEFINE_PACK(name, from_type, to_type)                                                                           \
  /* Groups of `run` lines are contiguous. */                                                                           \
  INLINE void name##_runs(to_type *restrict to, i64 width, const from_type *restrict from, const int *restrict lines, i64 count, const int *terms, \
                          i64 k, i64 run) {                                                                             \
    for (i64 t = 0; t < k; t++, to += width) {                                                                          \
      i64 line = 0;                                                                                                     \
      for (; line + run <= count; line += run) {                                                                        \
        const from_type *source = from + terms[t] + lines[line];                                                        \
        for (i64 i = 0; i < run; i++) to[line + i] = (to_type)source[i];                                                \
      }                                                                                                                 \
      for (; line < count; line++) to[line] = (to_type)from[terms[t] + lines[line]];                                    \
    }                                                                                                                   \
  }                                                                                                                     \
  static void name(to_type *restrict to, i64 width, const from_type *restrict from, const int *restrict lines, i64 count, const int *terms, i64 k, \
                   i64 run) {                                                                                           \
    if (count < width) memset(to, 0, (size_t)(k * width) * sizeof *to);                                                 \
    if (run == 16) name##_runs(to, width, from, lines, count, terms, k, 16);                                            \
    else if (run == 8) name##_runs(to, width, from, lines, count, terms, k, 8);                                         \
    else if (run == 4) name##_runs(to, width, from, lines, count, terms, k, 4);                                         \
    else if (run == 2) name##_runs(to, width, from, lines, count, terms, k, 2);                                         \
    else name##_runs(to, width, from, lines, count, terms, k, 1);                                                       \
  }
DEFINE_PACK(pack_32, float, float)
DEFINE_PACK(pack_64, double, double)
DEFINE_PACK(pack_wide, float, double)

enum { MOST_WIDTH = 64 };

/* Terms follow one another in runs of `term_run`: panels by transposition. */
static void pack_turned(char *to, i64 width, const char *from, const int *lines, i64 count, const int *terms, i64 first, i64 k, i64 term_run, i64 bytes) {
  const char *sources[MOST_WIDTH];
  if (count < width) memset(to, 0, (size_t)(k * width * bytes));
  for (i64 t = 0; t < k;) {
    i64 steps = least(term_run - (first + t) % term_run, k - t);
    for (i64 i = 0; i < count; i++) sources[i] = from + (lines[i] + terms[t]) * bytes;
    transpose(to + t * width * bytes, width, sources, count, steps, bytes);
    t += steps;
  }
}

/* The largest of 16, 8, 4, 2, 1 into which runs of lines can be cut, when panels are so wide. */
static i64 even_run(i64 run, i64 lines, i64 width) {
  for (i64 even = 16; even >= 2; even /= 2)
    if (width % even == 0 && (run >= lines || run % even == 0)) return even;
  return 1;
}

/* Packs lines first .. first + count - 1 of the terms from `term` on into panels of `width` lines; the last has `rest`. */
static void pack(const struct contract *job, const struct operand *x, i64 lines, const char *matrix, char *to, i64 width, i64 rest, i64 first, i64 count, i64 term, i64 terms) {
  i64 bytes = job->tiles->bytes, run = even_run(x->line_run, lines, width);
  i64 turned = run < 4 && x->term_run >= 4 && bytes == x->bytes;
  /* By lines a few terms at a time, so that what is read of each is read while it is near. */
  i64 some = turned ? terms : 32;
  for (i64 t = 0; t < terms; t += some)
    for (i64 line = 0; line < count; line += width) {
      i64 own = least(width, count - line), wide = own < width ? rest : width, steps = least(some, terms - t);
      const int *at = x->lines + first + line, *of = x->terms + term + t;
      char *panel = to + (line * terms + t * wide) * bytes;
      if (turned) pack_turned(panel, wide, matrix, at, own, of, term, steps, x->term_run, bytes);
      else if (bytes == 4) pack_32((float *)panel, wide, (const float *)matrix, at, own, of, steps, run);
      else if (x->bytes == 8) pack_64((double *)panel, wide, (const double *)matrix, at, own, of, steps, run);
      else pack_wide((double *)panel, wide, (const float *)matrix, at, own, of, steps, run);
    }
  if (x->round == 0) return;
  char *pointers[2] = {to, to};
  i64 advance[2] = {bytes, bytes}, last = count % width;
  run_line(x->round, x->round_lanes, pointers, 1, 1, advance, ((count - last) + (last > 0 ? rest : 0)) * terms);
}

/* The state of one unit. */
struct unit {
  const struct contract *job;
  char *a, *b, *sums, *partials, *edge, *row;
  i64 batch, sum_row, first_row, first_column;
};

/* The kind of micro-kernel for so many rows. */
static i64 kind_of(const struct tiles *tiles, i64 rows) {
  i64 kind = 0;
  while (kind + 1 < ROW_KINDS && tiles->rows[kind + 1] >= rows) kind++;
  return kind;
}

/*
 * Sums of one tile over the chunk: `rows` x `columns` of them exist. `b` is a panel, or, where columns are read in place, the matrix; the
 * tile is then at `column` of the unit and `term`.
 */
static void sum_tile(struct unit *u, const char *a, const char *b, i64 rows, i64 columns, i64 column, i64 term, i64 terms, char *from, char *to, i64 mode) {
  const struct contract *job = u->job;
  const struct tiles *tiles = job->tiles;
  i64 kind = kind_of(tiles, rows), width = up_to(columns, tiles->lanes), bytes = tiles->bytes;
  tile *kernel = tiles->kernels[kind][width / tiles->lanes - 1];
  i64 row = u->sum_row, whole = !job->direct || (rows == tiles->rows[kind] && columns == width);
  char *own_from = whole ? from : u->edge, *own_to = whole ? to : u->edge;
  if (!whole) {
    row = width;
    for (i64 i = 0; i < rows; i++)
      memcpy(u->edge + i * row * bytes, (mode & FROM ? from : to) + i * u->sum_row * bytes, (size_t)(columns * bytes));
  }
  i64 block = job->block < terms ? job->block : terms;
  const char *vectors[VECTOR_KINDS];
  for (i64 v = 0; job->in_place && v * tiles->lanes < columns; v++)
    vectors[v] = b + job->b.lines[u->first_column + column + v * tiles->lanes] * bytes;
  for (i64 done = 0; done < terms; done += block) {
    i64 count = least(block, terms - done), own_mode = done == 0 ? mode : ADD;
    const char *own_a = a + done * tiles->rows[kind] * bytes;
    if (job->in_place) tiles->in_place[width / tiles->lanes - 1](own_a, vectors, job->b.terms + term + done, count, own_from, own_to, row, row, own_mode);
    else kernel(own_a, b + done * width * bytes, count, own_from, own_to, row, row, own_mode);
  }
  if (whole) return;
  for (i64 i = 0; i < rows; i++) memcpy(to + i * u->sum_row * bytes, u->edge + i * row * bytes, (size_t)(columns * bytes));
}

/* Asks for the columns that are read in place next, from `column` of the unit on, at `count` terms. */
static void fetch_columns(const struct unit *u, const char *b, i64 column, i64 columns, i64 term, i64 count) {
  const struct contract *job = u->job;
  for (i64 v = 0; v < columns; v += job->tiles->lanes) {
    const char *from = b + job->b.lines[u->first_column + column + v] * job->tiles->bytes;
    for (i64 t = 0; t < count; t++) __builtin_prefetch(from + job->b.terms[term + t] * job->tiles->bytes, 0, 3);
  }
}

/* One row of finished sums to its places in the output. */
static void finish_row(struct unit *u, i64 row, i64 columns, char *out) {
  const struct contract *job = u->job;
  i64 bytes = job->tiles->bytes, ob = job->out_bytes;
  char *sums = u->sums + row * u->sum_row * bytes;
  const int *places = job->out_columns + u->first_column;
  i64 at = job->out_rows[u->first_row + row];
  i64 whole = job->out_run >= job->n;
  char *finished = whole ? out + (at + places[0]) * ob : u->row;
  char *pointers[3] = {sums, 0, finished};
  i64 advance[3] = {bytes, 0, ob}, inputs = 1;
  if (job->bias_kind == BIAS_OF_ROWS) {
    pointers[inputs++] = job->base + job->bias + (job->bias_table[u->first_row + row] + job->bias_batch[u->batch]) * job->bias_bytes;
  } else if (job->bias_kind == BIAS_OF_COLUMNS) {
    /* Collected once per unit and columns, after the row of results. */
    pointers[inputs] = u->row + COLUMN_BYTES * 2;
    advance[inputs++] = job->bias_bytes;
  }
  pointers[inputs] = finished;
  advance[inputs] = ob;
  if (job->finish == 0 && !whole) finished = sums;
  else if (job->finish == 0) memcpy(finished, sums, (size_t)(columns * ob));
  else run_line(job->finish, job->finish_lanes, pointers, inputs, 1, advance, columns);
  if (whole) return;
  for (i64 done = 0; done < columns;) {
    i64 run = job->out_run == 1 ? 1 : least(columns - done, job->out_run - (u->first_column + done) % job->out_run);
    char *to = out + (at + places[done]) * ob;
    if (run == 1 && ob == 4) *(int *)to = *(int *)(finished + done * 4);
    else memcpy(to, finished + done * ob, (size_t)(run * ob));
    done += run;
  }
}

/* Sums and finishes rows first .. first + rows - 1 of columns column .. column + columns - 1. */
static void sum_rows(struct unit *u, i64 rows, i64 columns) {
  const struct contract *job = u->job;
  i64 batch = u->batch;
  const struct tiles *tiles = job->tiles;
  i64 bytes = tiles->bytes, height = tiles->rows[0], width = tiles->vectors * tiles->lanes;
  const char *a = place(job, &job->a, batch), *b = place(job, &job->b, batch);
  char *out = job->base + job->out + job->out_batch[batch] * job->out_bytes;
  if (job->direct) {
    u->sums = out + (job->out_rows[u->first_row] + job->out_columns[u->first_column]) * bytes;
    u->sum_row = job->direct_row;
    if (job->block >= job->k) u->partials = u->sums;
  }
  i64 own_partials = u->partials != u->sums;
  i64 done_of_block = 0;
  for (i64 term = 0; term < job->k;) {
    i64 terms = least(job->chunk, job->k - term), mode = term == 0 ? 0 : ADD;
    char *from = u->partials, *to = u->sums;
    if (job->block > job->chunk) {
      terms = least(terms, job->block - done_of_block);
      mode = done_of_block > 0 ? FROM : 0;
      i64 first_block = term + terms <= job->block;
      done_of_block += terms;
      if (done_of_block == job->block || term + terms == job->k) {
        done_of_block = 0;
        if (!first_block && own_partials) mode |= ADD;
      } else to = u->partials;
    }
    if (!job->in_place) pack(job, &job->b, job->n, b, u->b, width, up_to(columns % width, tiles->lanes), u->first_column, columns, term, terms);
    for (i64 i0 = 0; i0 < rows; i0 += PACKED_ROWS) {
      i64 packed = least(PACKED_ROWS, rows - i0);
      pack(job, &job->a, job->m, a, u->a, height, tiles->rows[kind_of(tiles, packed % height)], u->first_row + i0, packed, term, terms);
      for (i64 j = 0; j < columns; j += width)
        for (i64 i = 0; i < packed; i += height) {
          i64 place = ((i0 + i) * u->sum_row + j) * bytes, next = j + width;
          if (job->in_place && i0 == 0 && next < columns) {
            i64 each = (terms * height + packed - 1) / packed, start = i / height * each;
            fetch_columns(u, b, next, least(width, columns - next), term + start, least(each, terms - start));
          }
          sum_tile(u, u->a + i * terms * bytes, job->in_place ? b : u->b + j * terms * bytes, least(height, packed - i), least(width, columns - j),
                   j, term, terms, from + place, to + place, mode);
        }
    }
    term += terms;
  }
  if (job->direct) return;
  if (job->k == 0) memset(u->sums, 0, (size_t)(up_to(rows, height) * u->sum_row * bytes));
  for (i64 i = 0; i < rows; i++) finish_row(u, i, columns, out);
}

static void contract_unit(const void *argument, i64 number, struct space *space) {
  const struct contract *job = argument;
  const struct tiles *tiles = job->tiles;
  i64 bytes = tiles->bytes, height = tiles->rows[0], width = tiles->vectors * tiles->lanes;
  i64 column_part = number % job->column_parts, rest = number / job->column_parts;
  i64 row_part = rest % job->row_parts, batch = rest / job->row_parts;
  /* Parts are whole tiles. */
  i64 rows = up_to((job->m + job->row_parts - 1) / job->row_parts, height), first_row = row_part * rows;
  i64 columns = up_to((job->n + job->column_parts - 1) / job->column_parts, width), first_column = column_part * columns;
  if (first_row >= job->m || first_column >= job->n) return;
  i64 last_row = least(job->m, first_row + rows), last_column = least(job->n, first_column + columns);
  i64 most_columns = COLUMN_BYTES / bytes / width * width;
  rows = up_to(last_row - first_row, height);
  if (!job->direct) rows = least(SUMMED_ROWS, rows);
  columns = least(most_columns, up_to(last_column - first_column, width));
  i64 a = least(PACKED_ROWS, rows) * job->chunk * bytes, b = job->in_place ? 0 : columns * job->chunk * bytes, sums = rows * columns * bytes;
  i64 edge = height * width * bytes, row = 4 * COLUMN_BYTES + 512;
  i64 partial = job->block > job->chunk && job->block < job->k;
  char *at = reserve(space, job->crew, (size_t)(up_to(a, 64) + up_to(b, 64) + (partial || !job->direct ? 2 : 0) * up_to(sums, 64) + edge + row + 256));
  if (at == 0) return;
  struct unit u = {.job = job, .a = at, .batch = batch, .sum_row = columns};
  u.b = u.a + up_to(a, 64);
  u.edge = u.b + up_to(b, 64);
  u.row = u.edge + up_to(edge, 64);
  u.sums = u.row + up_to(row, 64);
  u.partials = partial ? u.sums + up_to(sums, 64) : u.sums;
  char *scratch_partials = u.partials;
  for (u.first_column = first_column; u.first_column < last_column; u.first_column += columns) {
    i64 some = least(columns, last_column - u.first_column);
    if (job->bias_kind == BIAS_OF_COLUMNS)
      for (i64 j = 0; j < some; j++)
        memcpy(u.row + COLUMN_BYTES * 2 + j * job->bias_bytes, job->base + job->bias + (job->bias_table[u.first_column + j] + job->bias_batch[batch]) * job->bias_bytes, (size_t)job->bias_bytes);
    for (u.first_row = first_row; u.first_row < last_row; u.first_row += rows) {
      u.partials = scratch_partials;
      sum_rows(&u, least(rows, last_row - u.first_row), some);
    }
  }
}

static struct operand read_operand(const i64 *w, const int *tables) {
  return (struct operand){
      .address = w[0], .bytes = w[1], .line_run = w[2], .term_run = w[3], .round = (line *)w[4], .round_lanes = w[5],
      .lines = tables + w[6], .terms = tables + w[7], .batch = tables + w[8],
  };
}

/*
 * words: tiles, m, n, k, block, chunk, batches, direct, its row, in place; for a and b: address, bytes, runs of lines and of terms,
 * function that rounds, its lanes, tables of lines, terms, batch; output: address, bytes, run, tables of rows, columns,
 * batch; finish, its lanes; bias: kind, address, bytes, tables of lines, batch; row parts, column parts. Tables are places
 * in `tables`.
 */
static void run_contract(struct crew *crew, char *base, const int *tables, const i64 *w) {
  struct contract job = {
      .crew = crew, .base = base, .tiles = (const struct tiles *)w[0], .m = w[1], .n = w[2], .k = w[3], .block = w[4],
      .chunk = w[5], .batches = w[6], .direct = w[7], .direct_row = w[8], .in_place = w[9], .a = read_operand(w + 10, tables),
      .b = read_operand(w + 19, tables), .out = w[28], .out_bytes = w[29], .out_run = w[30], .out_rows = tables + w[31],
      .out_columns = tables + w[32], .out_batch = tables + w[33], .finish = (line *)w[34], .finish_lanes = w[35],
      .bias_kind = w[36], .bias = w[37], .bias_bytes = w[38], .bias_table = tables + w[39], .bias_batch = tables + w[40],
      .row_parts = w[41], .column_parts = w[42],
  };
  parallel(crew, job.batches * job.row_parts * job.column_parts, contract_unit, &job);
}
