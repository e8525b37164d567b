/*
 * Contractions, packed (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008). Operands are
 * read through tables: the place of element (line, term) is lines[line] + terms[term], whatever the strides and axes were.
 * A chunk of terms holds whole blocks of the sum, or a part of a long one. One side may be read in place: columns that are
 * vectors in memory, or rows whose terms follow one another.
 */

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

enum { PANELS, COLUMNS_IN_PLACE, ROWS_IN_PLACE };
enum { NO_BIAS, BIAS_OF_ROWS, BIAS_OF_COLUMNS };
/* Rows packed at a time. Bytes of a row of sums, and of sums that are kept before they are finished. */
enum { PACKED_ROWS = 192, COLUMN_BYTES = 3072, SUM_BYTES = 768 * COLUMN_BYTES };
/* Results side by side that repay a call. */
enum { LONG_RUN = 128 };

/* The state of one unit. Direct sums are formed in the output `out`, else in `sums` by rows of `sum_row`. */
struct unit {
  const struct contract *job;
  char *a, *b, *out, *sums, *partials, *edge, *row, *bias;
  i64 batch, width, sum_row, first_row, first_column;
};

static char *matrix_of(const struct contract *job, const struct operand *x, i64 batch) {
  return job->base + x->address + x->batch[batch] * x->bytes;
}

/* The kind of micro-kernel for so many rows: least of those that read so. */
static i64 kind_of(const struct contract *job, i64 rows) {
  i64 kind = 0, last = job->in_place == ROWS_IN_PLACE ? 0 : job->in_place == COLUMNS_IN_PLACE ? IN_PLACE_KINDS - 1 : ROW_KINDS - 1;
  while (kind < last && job->tiles->rows[kind + 1] >= rows) kind++;
  return kind;
}

/* A tile of the unit: its place and how much of it exists. */
struct part {
  i64 row, column, rows, columns;
};

/* Where the sums of vector `v` of a tile begin. */
static char *sums_of(const struct unit *u, char *sums, struct part part, i64 v) {
  const struct contract *job = u->job;
  i64 bytes = job->tiles->bytes, column = part.column + v * job->tiles->lanes;
  if (!job->direct) return sums + (part.row * u->sum_row + column) * bytes;
  return u->out + (job->out_rows[u->first_row + part.row] + job->out_columns[u->first_column + column]) * bytes;
}

/* Copies what exists of a tile to or from the edge tile, whose rows are of `width` sums. */
static void copy_edge(const struct unit *u, struct part part, char *const *sums, i64 width, int to_edge) {
  i64 bytes = u->job->tiles->bytes, lanes = u->job->tiles->lanes;
  for (i64 i = 0; i < part.rows; i++)
    for (i64 v = 0; v * lanes < part.columns; v++) {
      char *edge = u->edge + (i * width + v * lanes) * bytes, *own = sums[v] + i * u->job->direct_row * bytes;
      size_t size = (size_t)(least(lanes, part.columns - v * lanes) * bytes);
      if (to_edge) memcpy(edge, own, size);
      else memcpy(own, edge, size);
    }
}

/* Sums of one tile over terms term .. term + terms - 1. `a` and `b` are panels, or matrices that are read in place. */
static void sum_tile(struct unit *u, const char *a, const char *b, struct part part, i64 term, i64 terms, char *from, char *to, i64 mode) {
  const struct contract *job = u->job;
  const struct tiles *tiles = job->tiles;
  i64 kind = kind_of(job, part.rows), height = tiles->rows[kind], lanes = tiles->lanes, bytes = tiles->bytes;
  i64 vectors = (part.columns + lanes - 1) / lanes, width = vectors * lanes, row = job->direct ? job->direct_row : u->sum_row;
  i64 whole = !job->direct || (part.rows == height && part.columns == width);
  char *own_from[VECTOR_KINDS], *own_to[VECTOR_KINDS];
  for (i64 v = 0; v < vectors; v++) own_from[v] = sums_of(u, from, part, v), own_to[v] = sums_of(u, to, part, v);
  char *edges[VECTOR_KINDS], **sources = own_from, **sums = own_to;
  if (!whole) {
    if (mode) copy_edge(u, part, own_to, width, 1);
    for (i64 v = 0; v < vectors; v++) edges[v] = u->edge + v * lanes * bytes;
    sources = sums = edges;
    row = width;
  }
  const char *columns[VECTOR_KINDS], *rows[MOST_HEIGHT];
  if (job->in_place == COLUMNS_IN_PLACE)
    for (i64 v = 0; v < vectors; v++) columns[v] = b + job->b.lines[u->first_column + part.column + v * lanes] * bytes;
  if (job->in_place == ROWS_IN_PLACE)
    for (i64 i = 0; i < height; i++) rows[i] = a + job->a.lines[u->first_row + part.row + least(i, part.rows - 1)] * bytes;
  i64 block = least(job->block, terms);
  for (i64 done = 0; done < terms; done += block) {
    i64 count = least(block, terms - done), own_mode = done == 0 ? mode : ADD;
    const char *own_a = a + done * height * bytes, *own_b = b + done * width * bytes;
    const int *a_terms = job->a.terms + term + done, *b_terms = job->b.terms + term + done;
    if (job->in_place == COLUMNS_IN_PLACE) tiles->columns_in_place[kind][vectors - 1](own_a, columns, b_terms, count, sources, sums, row, own_mode);
    else if (job->in_place == ROWS_IN_PLACE) tiles->rows_in_place[vectors - 1](rows, a_terms, own_b, count, sources, sums, row, own_mode);
    else tiles->kernels[kind][vectors - 1](own_a, own_b, count, sources, sums, row, own_mode);
  }
  if (!whole) copy_edge(u, part, own_to, width, 0);
}

/* Asks for the columns that are read in place next, from `column` of the unit on, at `count` terms. */
static void fetch_columns(const struct unit *u, const char *b, i64 column, i64 columns, i64 term, i64 count) {
  const struct contract *job = u->job;
  for (i64 v = 0; v < columns; v += job->tiles->lanes) {
    const char *from = b + job->b.lines[u->first_column + column + v] * job->tiles->bytes;
    for (i64 t = 0; t < count; t++) __builtin_prefetch(from + job->b.terms[term + t] * job->tiles->bytes, 0, 3);
  }
}

/* Finishes `count` sums of a row from column `done` on. */
static void finish_sums(const struct unit *u, i64 row, i64 done, i64 count, char *sums, char *finished) {
  const struct contract *job = u->job;
  char *pointers[3] = {sums};
  i64 advance[3] = {job->tiles->bytes}, inputs = 1;
  if (job->finish == 0) {
    if (finished != sums) memcpy(finished, sums, (size_t)(count * job->out_bytes));
    return;
  }
  if (job->bias_kind == BIAS_OF_ROWS)
    pointers[inputs++] = job->base + job->bias + (job->bias_table[u->first_row + row] + job->bias_batch[u->batch]) * job->bias_bytes;
  if (job->bias_kind == BIAS_OF_COLUMNS) {
    pointers[inputs] = u->bias + done * job->bias_bytes;
    advance[inputs++] = job->bias_bytes;
  }
  pointers[inputs] = finished;
  advance[inputs] = job->out_bytes;
  run_line(job->finish, job->finish_lanes, pointers, inputs, 1, advance, count);
}

/* One row of sums, finished, to its places in the output. */
static void finish_row(struct unit *u, i64 row, i64 columns) {
  const struct contract *job = u->job;
  i64 bytes = job->out_bytes, has_runs = job->direct || job->out_run >= least(job->n, LONG_RUN);
  char *sums = u->sums + row * u->sum_row * job->tiles->bytes, *finished = job->finish ? u->row : sums;
  char *out = u->out + job->out_rows[u->first_row + row] * bytes;
  const int *places = job->out_columns + u->first_column;
  if (!has_runs) finish_sums(u, row, 0, columns, sums, finished);
  if (!has_runs && job->out_run == 1 && bytes == 4) {
    for (i64 j = 0; j < columns; j++) ((int *)out)[places[j]] = ((const int *)finished)[j];
    return;
  }
  for (i64 done = 0, run; done < columns; done += run) {
    char *to = out + places[done] * bytes;
    run = least(columns - done, job->out_run - (u->first_column + done) % job->out_run);
    if (has_runs) finish_sums(u, row, done, run, job->direct ? to : sums + done * job->tiles->bytes, to);
    else memcpy(to, finished + done * bytes, (size_t)(run * bytes));
  }
}

/* Sums and finishes rows first .. first + rows - 1 of columns column .. column + columns - 1. */
static void sum_rows(struct unit *u, i64 rows, i64 columns) {
  const struct contract *job = u->job;
  const struct tiles *tiles = job->tiles;
  i64 bytes = tiles->bytes, height = tiles->rows[0], width = u->width;
  const char *a = matrix_of(job, &job->a, u->batch), *b = matrix_of(job, &job->b, u->batch);
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
        if (!first_block && u->partials != u->sums) mode |= ADD;
      } else to = u->partials;
    }
    if (job->in_place != COLUMNS_IN_PLACE)
      pack(&job->b, bytes, job->n, b, u->b, width, up_to(columns % width, tiles->lanes), u->first_column, columns, term, terms);
    for (i64 i0 = 0; i0 < rows; i0 += PACKED_ROWS) {
      i64 packed = least(PACKED_ROWS, rows - i0);
      if (job->in_place != ROWS_IN_PLACE)
        pack(&job->a, bytes, job->m, a, u->a, height, tiles->rows[kind_of(job, packed % height)], u->first_row + i0, packed, term, terms);
      for (i64 j = 0; j < columns; j += width)
        for (i64 i = 0; i < packed; i += height) {
          i64 next = j + width;
          if (job->in_place == COLUMNS_IN_PLACE && i0 == 0 && next < columns) {
            i64 each = (terms * height + packed - 1) / packed, start = i / height * each;
            fetch_columns(u, b, next, least(width, columns - next), term + start, least(each, terms - start));
          }
          const char *own_a = job->in_place == ROWS_IN_PLACE ? a : u->a + i * terms * bytes;
          const char *own_b = job->in_place == COLUMNS_IN_PLACE ? b : u->b + j * terms * bytes;
          struct part part = {i0 + i, j, least(height, packed - i), least(width, columns - j)};
          sum_tile(u, own_a, own_b, part, term, terms, from, to, mode);
        }
    }
    term += terms;
  }
  if (job->direct && job->finish == 0) return;
  if (job->k == 0) memset(u->sums, 0, (size_t)(up_to(rows, height) * u->sum_row * bytes));
  for (i64 i = 0; i < rows; i++) finish_row(u, i, columns);
}

/* Vectors of a tile, of so many that there are: four are two and two, not three and one that cannot fill the pipelines. */
static i64 vectors_of(const struct tiles *tiles, i64 vectors) { return tiles->vectors == 3 && vectors == 4 ? 2 : tiles->vectors; }

static void contract_unit(const void *argument, i64 number, struct space *space) {
  const struct contract *job = argument;
  const struct tiles *tiles = job->tiles;
  i64 bytes = tiles->bytes, height = tiles->rows[0], widest = tiles->vectors * tiles->lanes;
  i64 column_part = number % job->column_parts, rest = number / job->column_parts;
  i64 row_part = rest % job->row_parts, batch = rest / job->row_parts;
  /* Parts are whole tiles. */
  i64 rows = up_to((job->m + job->row_parts - 1) / job->row_parts, height), first_row = row_part * rows;
  i64 columns = up_to((job->n + job->column_parts - 1) / job->column_parts, widest), first_column = column_part * columns;
  if (first_row >= job->m || first_column >= job->n) return;
  i64 last_row = least(job->m, first_row + rows), last_column = least(job->n, first_column + columns);
  i64 own_vectors = (last_column - first_column + tiles->lanes - 1) / tiles->lanes, width = vectors_of(tiles, own_vectors) * tiles->lanes;
  /* In even groups: what is left over would cost another packing of the rows. */
  i64 own = own_vectors * tiles->lanes, most = COLUMN_BYTES / bytes / width * width, groups = (own + most - 1) / most;
  columns = least(own, up_to((own + groups - 1) / groups, width));
  rows = up_to(last_row - first_row, height);
  if (!job->direct) rows = least(SUM_BYTES / (columns * bytes) / height * height, rows);
  i64 a = job->in_place == ROWS_IN_PLACE ? 0 : least(PACKED_ROWS, rows) * job->chunk * bytes;
  i64 b = job->in_place == COLUMNS_IN_PLACE ? 0 : columns * job->chunk * bytes, sums = job->direct ? 0 : rows * columns * bytes;
  i64 edge = height * widest * bytes, row = 2 * COLUMN_BYTES, bias = 2 * COLUMN_BYTES + 128;
  i64 partials = job->block > job->chunk && job->block < job->k ? sums : 0;
  char *at = reserve(space, job->crew, (size_t)(up_to(a, 64) + up_to(b, 64) + up_to(sums, 64) + up_to(partials, 64) + up_to(edge, 64) + row + bias));
  if (at == 0) return;
  struct unit u = {.job = job, .batch = batch, .width = width, .sum_row = columns, .a = at};
  u.out = job->base + job->out + job->out_batch[batch] * job->out_bytes;
  u.b = u.a + up_to(a, 64);
  u.edge = u.b + up_to(b, 64);
  u.row = u.edge + up_to(edge, 64);
  u.bias = u.row + row;
  u.sums = u.bias + bias;
  u.partials = partials ? u.sums + up_to(sums, 64) : u.sums;
  for (u.first_column = first_column; u.first_column < last_column; u.first_column += columns) {
    i64 some = least(columns, last_column - u.first_column);
    if (job->bias_kind == BIAS_OF_COLUMNS)
      for (i64 j = 0; j < some; j++)
        memcpy(u.bias + j * job->bias_bytes, job->base + job->bias + (job->bias_table[u.first_column + j] + job->bias_batch[batch]) * job->bias_bytes, (size_t)job->bias_bytes);
    for (u.first_row = first_row; u.first_row < last_row; u.first_row += rows) sum_rows(&u, least(rows, last_row - u.first_row), some);
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
