/* Transposes of small tiles of 4- or 8-byte elements. */
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

/* The lower and the upper halves of two vectors, elements in turn. */
#if WIDTH == 64
#define LOWER32(a, b) SHUFFLE(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UPPER32(a, b) SHUFFLE(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define LOWER64(a, b) SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define UPPER64(a, b) SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#elif WIDTH == 32
#define LOWER32(a, b) SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define UPPER32(a, b) SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOWER64(a, b) SHUFFLE(a, b, 0, 4, 1, 5)
#define UPPER64(a, b) SHUFFLE(a, b, 2, 6, 3, 7)
#else
#define LOWER32(a, b) SHUFFLE(a, b, 0, 4, 1, 5)
#define UPPER32(a, b) SHUFFLE(a, b, 2, 6, 3, 7)
#define LOWER64(a, b) SHUFFLE(a, b, 0, 2)
#define UPPER64(a, b) SHUFFLE(a, b, 1, 3)
#endif

/*
 * to[step * width + line] = from[line][step] for eight lines and a vector of steps. An element's number has bits [line, step]; taking
 * vectors i and i + 4 in turn rotates them by one, so three times make it [step, line].
 */
#define DEFINE_TURN(name, type, vector, vector_at, lanes, lower, upper)                                    \
  INLINE void name##_pass(vector *to, const vector *from) {                                                \
    _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) to[2 * i] = lower(from[i], from[i + 4]), to[2 * i + 1] = upper(from[i], from[i + 4]); \
  }                                                                                                        \
  INLINE void name(type *to, i64 width, const type *const *from, i64 step) {                               \
    enum { EACH = lanes < 8 ? lanes : 8 };                                                                 \
    vector a[8], b[8];                                                                                     \
    _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) a[i] = *(const vector_at *)(from[i] + step);                               \
    name##_pass(b, a), name##_pass(a, b), name##_pass(b, a);                                               \
    _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++)                                                    \
      _Pragma("GCC unroll 2") for (int part = 0; part < lanes; part += EACH) {                                                     \
        int flat = i * lanes + part;                                                                       \
        memcpy(to + flat / 8 * width + flat % 8, (const char *)&b[i] + part * sizeof *to, EACH * sizeof *to); \
      }                                                                                                    \
  }
DEFINE_TURN(turn_32, int, i32v, i32v_at, LANES32, LOWER32, UPPER32)
#if WIDTH == 64
/* Eight lines of eight steps: LOWER64 and UPPER64 take eight elements in turn. */
DEFINE_TURN(turn_half, int, i32x, i32x_at, LANES64, LOWER64, UPPER64)
#endif
DEFINE_TURN(turn_64, i64, i64v, i64v_at, LANES64, LOWER64, UPPER64)

/* to[step * width + line] = from[line][step] for `lines` lines of `steps` elements of 4 or 8 bytes. */
static void transpose(char *to, i64 width, const char *const *from, i64 lines, i64 steps, i64 bytes) {
  i64 line = 0;
  if (bytes == 4) {
    const int *const *rows = (const int *const *)from;
    int *out = (int *)to;
    i64 whole = steps / LANES32 * LANES32, most = whole;
#if WIDTH == 64
    if (steps - whole >= LANES64) most = whole + LANES64;
#endif
    for (; line + 8 <= lines && most > 0; line += 8) {
      for (i64 step = 0; step < whole; step += LANES32) turn_32(out + step * width + line, width, rows + line, step);
#if WIDTH == 64
      if (most > whole) turn_half(out + whole * width + line, width, rows + line, whole);
#endif
    }
    i64 turned = line;
    for (line = 0; line + 4 <= lines; line += 4) {
      i64 step = line < turned ? most : 0;
      for (; step + 4 <= steps; step += 4) transpose_4x4(out + step * width + line, width, rows + line, step);
      for (; step < steps; step++)
        for (i64 i = 0; i < 4; i++) out[step * width + line + i] = rows[line + i][step];
    }
    for (; line < lines; line++)
      for (i64 step = 0; step < steps; step++) out[step * width + line] = rows[line][step];
    return;
  }
  const i64 *const *rows = (const i64 *const *)from;
  i64 *out = (i64 *)to, whole = steps / LANES64 * LANES64;
  for (; line + 8 <= lines && whole > 0; line += 8)
    for (i64 step = 0; step < whole; step += LANES64) turn_64(out + step * width + line, width, rows + line, step);
  i64 turned = line;
  for (line = 0; line + 2 <= lines; line += 2) {
    i64 step = line < turned ? whole : 0;
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
