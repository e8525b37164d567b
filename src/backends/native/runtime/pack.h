/* Operands of contractions, and panels of them. */

/* One operand and its tables. Groups of `line_run` lines, of `term_run` terms, are neighbors in memory. */
struct operand {
  i64 address, bytes, line_run, term_run, round_lanes;
  const int *lines, *terms, *batch;
  line *round;
};

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

/*
 * Packs lines first .. first + count - 1 of the terms from `term` on into panels of `width` lines; the last has `rest`. `bytes`: of an
 * element of a panel.
 */
static void pack(const struct operand *x, i64 bytes, i64 lines, const char *matrix, char *to, i64 width, i64 rest, i64 first, i64 count, i64 term, i64 terms) {
  i64 run = even_run(x->line_run, lines, width);
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
