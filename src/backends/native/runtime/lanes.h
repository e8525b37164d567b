/*
 * Vectors of WIDTH bytes in GNU C (gcc and clang), and the few operations that its operators do not have. Printed code and
 * the runtime share this header; nothing here rounds twice or reorders.
 */
typedef long long i64;
typedef unsigned long long u64;

#define LANES32 (WIDTH / 4)
#define LANES64 (WIDTH / 8)

/* f32x, i32x: as many lanes as there are of 8 bytes. The types with _at load and store at any element. */
typedef float f32v __attribute__((vector_size(WIDTH)));
typedef double f64v __attribute__((vector_size(WIDTH)));
typedef int i32v __attribute__((vector_size(WIDTH)));
typedef i64 i64v __attribute__((vector_size(WIDTH)));
typedef float f32x __attribute__((vector_size(WIDTH / 2)));
typedef int i32x __attribute__((vector_size(WIDTH / 2)));
typedef float f32v_at __attribute__((vector_size(WIDTH), aligned(4), may_alias));
typedef double f64v_at __attribute__((vector_size(WIDTH), aligned(8), may_alias));
typedef int i32v_at __attribute__((vector_size(WIDTH), aligned(4), may_alias));
typedef i64 i64v_at __attribute__((vector_size(WIDTH), aligned(8), may_alias));
typedef float f32x_at __attribute__((vector_size(WIDTH / 2), aligned(4), may_alias));
typedef int i32x_at __attribute__((vector_size(WIDTH / 2), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline, unused))

/* x - 0 is x, -0 and NaN included. */
INLINE f32v splat32(float x) { return x - (f32v){0}; }
INLINE f64v splat64(double x) { return x - (f64v){0}; }

INLINE f32v pick32(i32v test, f32v a, f32v b) { return (f32v)((test & (i32v)a) | (~test & (i32v)b)); }
INLINE f64v pick64(i64v test, f64v a, f64v b) { return (f64v)((test & (i64v)a) | (~test & (i64v)b)); }

/* max(x, c) and min(x, c) keep a NaN x; c is a number, and not the zero that would need its sign compared. */
INLINE f32v atleast32(f32v x, f32v c) { return pick32(x < c, c, x); }
INLINE f64v atleast64(f64v x, f64v c) { return pick64(x < c, c, x); }
INLINE f32v atmost32(f32v x, f32v c) { return pick32(c < x, c, x); }
INLINE f64v atmost64(f64v x, f64v c) { return pick64(c < x, c, x); }

/* IEEE 754-2019 maximum and minimum: NaN propagates, -0 < +0 (equal numbers: the sign bits together). */
#define EXTREMES(v, iv, pick, max, min)                                          \
  INLINE v max(v a, v b) {                                                       \
    v larger = pick(a == b, (v)((iv)a & (iv)b), pick(a < b, b, a));              \
    return pick(b != b, b, larger);                                              \
  }                                                                              \
  INLINE v min(v a, v b) {                                                       \
    v smaller = pick(a == b, (v)((iv)a | (iv)b), pick(b < a, b, a));             \
    return pick(b != b, b, smaller);                                             \
  }
EXTREMES(f32v, i32v, pick32, max32, min32)
EXTREMES(f64v, i64v, pick64, max64, min64)

/* gcc converts halves and joins them. */
#if defined(__AVX512F__) && WIDTH == 64 && !defined(__clang__)
INLINE f64v widen32(f32x x) { return __builtin_ia32_cvtps2pd512_mask(x, (f64v){0}, -1, 4); }
INLINE f64v whole64(i32x x) { return __builtin_ia32_cvtdq2pd512_mask(x, (f64v){0}, -1); }
#elif defined(__AVX__) && WIDTH == 32 && !defined(__clang__)
INLINE f64v widen32(f32x x) { return __builtin_ia32_cvtps2pd256(x); }
INLINE f64v whole64(i32x x) { return __builtin_ia32_cvtdq2pd256(x); }
#else
INLINE f64v widen32(f32x x) { return __builtin_convertvector(x, f64v); }
INLINE f64v whole64(i32x x) { return __builtin_convertvector(x, f64v); }
#endif
INLINE f32v whole32(i32v x) { return __builtin_convertvector(x, f32v); }
INLINE f32x narrow64(f64v x) { return __builtin_convertvector(x, f32x); }

/* To int32: truncated, saturated, NaN to 0 (C leaves these undefined). */
INLINE i32v integer32(f32v x) {
  f32v inside = pick32((i32v)((x < 0x1p31f) & (x >= -0x1p31f)), x, splat32(0));
  i32v whole = __builtin_convertvector(inside, i32v);
  i32v high = x >= 0x1p31f, low = x < -0x1p31f;
  return (high & 0x7fffffff) | (low & (i32v)(whole - 0x7fffffff - 1)) | (~(high | low) & whole);
}
INLINE i32x integer64(f64v x) {
  f64v inside = min64(max64(pick64(x == x, x, splat64(0)), splat64(-0x1p31)), splat64(0x1p31 - 1));
  return __builtin_convertvector(inside, i32x);
}

/* Functions of one lane at a time, where there is no instruction for all. */
#define EACH32(x, f) ({ f32v r_ = x; for (int i_ = 0; i_ < LANES32; i_++) r_[i_] = f(r_[i_]); r_; })
#define EACH64(x, f) ({ f64v r_ = x; for (int i_ = 0; i_ < LANES64; i_++) r_[i_] = f(r_[i_]); r_; })

#if defined(__AVX512F__) && WIDTH == 64
#define ROUND32(x, mode) (f32v)__builtin_ia32_rndscaleps_mask(x, mode, x, -1, 4)
#define ROUND64(x, mode) (f64v)__builtin_ia32_rndscalepd_mask(x, mode, x, -1, 4)
#if defined(__clang__)
INLINE f32v sqrt32(f32v x) { return EACH32(x, __builtin_sqrtf); }
INLINE f64v sqrt64(f64v x) { return EACH64(x, __builtin_sqrt); }
#else
INLINE f32v sqrt32(f32v x) { return __builtin_ia32_sqrtps512_mask(x, x, -1, 4); }
INLINE f64v sqrt64(f64v x) { return __builtin_ia32_sqrtpd512_mask(x, x, -1, 4); }
#endif
INLINE f32v fma32(f32v a, f32v b, f32v c) { return __builtin_ia32_vfmaddps512_mask(a, b, c, -1, 4); }
INLINE f64v fma64(f64v a, f64v b, f64v c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, -1, 4); }
#elif defined(__AVX2__) && defined(__FMA__) && WIDTH == 32
#define ROUND32(x, mode) __builtin_ia32_roundps256(x, mode)
#define ROUND64(x, mode) __builtin_ia32_roundpd256(x, mode)
INLINE f32v sqrt32(f32v x) { return __builtin_ia32_sqrtps256(x); }
INLINE f64v sqrt64(f64v x) { return __builtin_ia32_sqrtpd256(x); }
INLINE f32v fma32(f32v a, f32v b, f32v c) { return __builtin_ia32_vfmaddps256(a, b, c); }
INLINE f64v fma64(f64v a, f64v b, f64v c) { return __builtin_ia32_vfmaddpd256(a, b, c); }
#elif defined(__AVX2__) && defined(__FMA__) && WIDTH == 16
#define ROUND32(x, mode) __builtin_ia32_roundps(x, mode)
#define ROUND64(x, mode) __builtin_ia32_roundpd(x, mode)
INLINE f32v sqrt32(f32v x) { return __builtin_ia32_sqrtps(x); }
INLINE f64v sqrt64(f64v x) { return __builtin_ia32_sqrtpd(x); }
INLINE f32v fma32(f32v a, f32v b, f32v c) { return __builtin_ia32_vfmaddps(a, b, c); }
INLINE f64v fma64(f64v a, f64v b, f64v c) { return __builtin_ia32_vfmaddpd(a, b, c); }
#else
INLINE f32v sqrt32(f32v x) { return EACH32(x, __builtin_sqrtf); }
INLINE f64v sqrt64(f64v x) { return EACH64(x, __builtin_sqrt); }
INLINE f32v fma32(f32v a, f32v b, f32v c) {
  for (int i = 0; i < LANES32; i++) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
}
INLINE f64v fma64(f64v a, f64v b, f64v c) {
  for (int i = 0; i < LANES64; i++) c[i] = __builtin_fma(a[i], b[i], c[i]);
  return c;
}
#endif

#ifdef ROUND32
INLINE f32v nearest32(f32v x) { return ROUND32(x, 8); }
INLINE f32v floor32(f32v x) { return ROUND32(x, 9); }
INLINE f32v ceil32(f32v x) { return ROUND32(x, 10); }
INLINE f32v trunc32(f32v x) { return ROUND32(x, 11); }
INLINE f64v nearest64(f64v x) { return ROUND64(x, 8); }
INLINE f64v floor64(f64v x) { return ROUND64(x, 9); }
INLINE f64v ceil64(f64v x) { return ROUND64(x, 10); }
INLINE f64v trunc64(f64v x) { return ROUND64(x, 11); }
#else
INLINE f32v nearest32(f32v x) { return EACH32(x, __builtin_rintf); }
INLINE f32v floor32(f32v x) { return EACH32(x, __builtin_floorf); }
INLINE f32v ceil32(f32v x) { return EACH32(x, __builtin_ceilf); }
INLINE f32v trunc32(f32v x) { return EACH32(x, __builtin_truncf); }
INLINE f64v nearest64(f64v x) { return EACH64(x, __builtin_rint); }
INLINE f64v floor64(f64v x) { return EACH64(x, __builtin_floor); }
INLINE f64v ceil64(f64v x) { return EACH64(x, __builtin_ceil); }
INLINE f64v trunc64(f64v x) { return EACH64(x, __builtin_trunc); }
#endif

#define SIGN32 ((int)0x80000000)
#define SIGN64 ((i64)0x8000000000000000)
INLINE f32v abs32(f32v x) { return (f32v)((i32v)x & ~SIGN32); }
INLINE f64v abs64(f64v x) { return (f64v)((i64v)x & ~SIGN64); }
/* Not 0 - x, and a sign for zeros and NaN too. */
INLINE f32v neg32(f32v x) { return (f32v)((i32v)x ^ SIGN32); }
INLINE f64v neg64(f64v x) { return (f64v)((i64v)x ^ SIGN64); }
INLINE f32v copysign32(f32v x, f32v s) { return (f32v)(((i32v)x & ~SIGN32) | ((i32v)s & SIGN32)); }
INLINE f64v copysign64(f64v x, f64v s) { return (f64v)(((i64v)x & ~SIGN64) | ((i64v)s & SIGN64)); }
INLINE f32v binade32(f32v x) { return (f32v)((i32v)x & 0x7f800000); }
INLINE f64v binade64(f64v x) { return (f64v)((i64v)x & 0x7ff0000000000000); }
/* x + 2^52 + 1023 has the biased exponent of 2^x as the low bits of its fraction. */
INLINE f32v pow2of32(f32v x) { return (f32v)((i32v)(x + 0x1.0000fep23f) << 23); }
INLINE f64v pow2of64(f64v x) { return (f64v)((i64v)(x + 0x1.00000000003ffp52) << 52); }

/*
 * x + y rounded to odd: where the sum is inexact, the neighbor of the exact sum whose last bit is 1 (Boldo and Melquiond
 * 2008; the error by Knuth's two-sum). Rounding it once more to at most 51 bits is rounding the exact sum.
 */
INLINE f64v oddsum64(f64v x, f64v y) {
  f64v sum = x + y, part = sum - x, error = (x - (sum - part)) + (y - part);
  i64v toward = (i64v)((i64v)error ^ (i64v)sum) >> 63 | 1;
  i64v inexact = abs64(error) > 0, even = ((i64v)sum & 1) - 1;
  return (f64v)((i64v)sum + (toward & inexact & even));
}

/* One word of Philox 4x32-10 (src/base/philox.ts) and the next: uniform in [0, 1) with 53 bits, in every lane. */
INLINE f64v draw64(f64v a, f64v b, double step, unsigned stream, unsigned seed, unsigned high) {
  f64v drawn = {0};
  for (int i = 0; i < LANES64; i++) {
    unsigned c0 = (unsigned)(i64)a[i], c1 = (unsigned)(i64)b[i], c2 = (unsigned)(i64)step, c3 = high, k0 = seed, k1 = stream;
    for (int round = 0; round < 10; round++, k0 += 0x9e3779b9, k1 += 0xbb67ae85) {
      u64 p0 = (u64)0xd2511f53 * c0, p1 = (u64)0xcd9e8d57 * c2;
      unsigned next = (unsigned)(p1 >> 32) ^ c1 ^ k0;
      c2 = (unsigned)(p0 >> 32) ^ c3 ^ k1;
      c1 = (unsigned)p1, c3 = (unsigned)p0, c0 = next;
    }
    drawn[i] = ((double)(c0 >> 5) * 0x1p26 + (double)(c1 >> 6)) * 0x1p-53;
  }
  return drawn;
}
