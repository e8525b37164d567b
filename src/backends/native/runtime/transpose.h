/* Transposes of small tiles of 4- or 8-byte elements, by 128-bit vectors. */
typedef int i32q __attribute__((vector_size(16)));
typedef int i32q_at __attribute__((vector_size(16), aligned(4), may_alias));
typedef i64 i64q __attribute__((vector_size(16)));
typedef i64 i64q_at __attribute__((vector_size(16), aligned(8), may_alias));

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE __builtin_shufflevector
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (__typeof__((a) == (a))){__VA_ARGS__})
#endif

/* to[step * width + line] = from[line][step], four lines and four steps. */
INLINE void transpose_4x4(int *to, i64 width, const int *const *from, i64 step) {
  i32q a = *(const i32q_at *)(from[0] + step), b = *(const i32q_at *)(from[1] + step);
  i32q c = *(const i32q_at *)(from[2] + step), d = *(const i32q_at *)(from[3] + step);
  i32q ab = SHUFFLE(a, b, 0, 4, 1, 5), cd = SHUFFLE(c, d, 0, 4, 1, 5);
  i32q AB = SHUFFLE(a, b, 2, 6, 3, 7), CD = SHUFFLE(c, d, 2, 6, 3, 7);
  *(i32q_at *)to = SHUFFLE(ab, cd, 0, 1, 4, 5);
  *(i32q_at *)(to + width) = SHUFFLE(ab, cd, 2, 3, 6, 7);
  *(i32q_at *)(to + 2 * width) = SHUFFLE(AB, CD, 0, 1, 4, 5);
  *(i32q_at *)(to + 3 * width) = SHUFFLE(AB, CD, 2, 3, 6, 7);
}

/* to[step * width + line] = from[line][step] for `lines` lines of `steps` elements of 4 or 8 bytes. */
static void transpose(char *to, i64 width, const char *const *from, i64 lines, i64 steps, i64 bytes) {
  i64 line = 0;
  if (bytes == 4) {
    const int *const *rows = (const int *const *)from;
    int *out = (int *)to;
    for (; line + 4 <= lines; line += 4) {
      i64 step = 0;
      for (; step + 4 <= steps; step += 4) transpose_4x4(out + step * width + line, width, rows + line, step);
      for (; step < steps; step++)
        for (i64 i = 0; i < 4; i++) out[step * width + line + i] = rows[line + i][step];
    }
    for (; line < lines; line++)
      for (i64 step = 0; step < steps; step++) out[step * width + line] = rows[line][step];
    return;
  }
  const i64 *const *rows = (const i64 *const *)from;
  i64 *out = (i64 *)to;
  for (; line + 2 <= lines; line += 2) {
    i64 step = 0;
    for (; step + 2 <= steps; step += 2) {
      i64q a = *(const i64q_at *)(rows[line] + step), b = *(const i64q_at *)(rows[line + 1] + step);
      *(i64q_at *)(out + step * width + line) = SHUFFLE(a, b, 0, 2);
      *(i64q_at *)(out + (step + 1) * width + line) = SHUFFLE(a, b, 1, 3);
    }
    for (; step < steps; step++)
      for (i64 i = 0; i < 2; i++) out[step * width + line + i] = rows[line + i][step];
  }
  for (; line < lines; line++)
    for (i64 step = 0; step < steps; step++) out[step * width + line] = rows[line][step];
}
