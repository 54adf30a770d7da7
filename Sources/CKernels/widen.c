// Widening, byte swaps, gathers and sums over blocks of stored elements. No kernel here allocates.
#include "widen.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define DISPATCHED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DISPATCHED
#endif

DISPATCHED void ck_widen_bf16(const uint16_t *source, float *destination, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = (uint32_t)source[i] << 16;
    memcpy(destination + i, &bits, sizeof bits);
  }
}

// IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits.
static float widen_one_f16(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 0x1F, fraction = half & 0x3FF, bits;
  if (exponent == 31) {
    bits = sign | 0x7F800000 | fraction << 13;
  } else if (exponent != 0) {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    // Subnormal halves are normal floats: fraction × 2^-24, exact.
    float magnitude = (float)fraction * 0x1p-24f;
    memcpy(&bits, &magnitude, sizeof bits);
    bits |= sign;
  }
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

void ck_widen_f16_portable(const uint16_t *source, float *destination, size_t n) {
  for (size_t i = 0; i < n; i++) destination[i] = widen_one_f16(source[i]);
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) static void widen_f16c(
    const uint16_t *source, float *destination, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    __m128i halves = _mm_loadu_si128((const __m128i *)(source + i));
    _mm256_storeu_ps(destination + i, _mm256_cvtph_ps(halves));
  }
  for (; i < n; i++) destination[i] = _cvtsh_ss(source[i]);
}
#endif

void ck_widen_f16(const uint16_t *source, float *destination, size_t n) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("f16c") && __builtin_cpu_supports("avx")) {
    widen_f16c(source, destination, n);
    return;
  }
#endif
  ck_widen_f16_portable(source, destination, n);
}

#define WIDEN(name, type)                                                        \
  DISPATCHED void ck_widen_##name(const type *source, float *destination, size_t n) { \
    for (size_t i = 0; i < n; i++) destination[i] = (float)source[i];            \
  }
WIDEN(f64, double)
WIDEN(i64, int64_t)
WIDEN(i32, int32_t)
WIDEN(i16, int16_t)
WIDEN(i8, int8_t)
WIDEN(u64, uint64_t)
WIDEN(u32, uint32_t)
WIDEN(u16, uint16_t)
WIDEN(u8, uint8_t)

DISPATCHED void ck_widen_bool(const uint8_t *source, float *destination, size_t n) {
  for (size_t i = 0; i < n; i++) destination[i] = source[i] ? 1.0f : 0.0f;
}

void ck_widen_f8(const uint8_t *source, const float *values, float *destination, size_t n) {
  for (size_t i = 0; i < n; i++) destination[i] = values[source[i]];
}

DISPATCHED void ck_swap16(uint16_t *values, size_t n) {
  for (size_t i = 0; i < n; i++) values[i] = __builtin_bswap16(values[i]);
}

DISPATCHED void ck_swap32(uint32_t *values, size_t n) {
  for (size_t i = 0; i < n; i++) values[i] = __builtin_bswap32(values[i]);
}

DISPATCHED void ck_swap64(uint64_t *values, size_t n) {
  for (size_t i = 0; i < n; i++) values[i] = __builtin_bswap64(values[i]);
}

#define GATHER(width)                                                     \
  case width:                                                             \
    for (size_t i = 0; i < n; i++) memcpy(to + i * width, from + i * stride * width, width); \
    break;

void ck_gather(const void *source, size_t stride, void *destination, size_t n, size_t width) {
  const char *from = source;
  char *to = destination;
  if (stride == 1) {
    memcpy(to, from, n * width);
    return;
  }
  switch (width) {
    GATHER(1)
    GATHER(2)
    GATHER(4)
    GATHER(8)
  }
}

// Eight independent accumulators: the order of additions is fixed, so the result does not depend on
// the CPU, and the compiler may keep them in vector registers.
#define SUM(name, type, is_finite, is_nan)                                        \
  DISPATCHED void ck_sum_##name(const type *values, size_t n, ck_sums *sums) {    \
    double sum[8] = {0}, absolute[8] = {0}, squares[8] = {0};                     \
    uint64_t unfinite = 0;                                                        \
    size_t i = 0;                                                                 \
    for (; i + 8 <= n; i += 8) {                                                  \
      for (size_t k = 0; k < 8; k++) {                                            \
        type raw = values[i + k];                                                 \
        int finite = is_finite;                                                   \
        double value = finite ? (double)raw : 0.0;                                \
        unfinite += !finite;                                                      \
        sum[k] += value;                                                          \
        absolute[k] += __builtin_fabs(value);                                     \
        squares[k] += value * value;                                              \
      }                                                                           \
    }                                                                             \
    for (size_t k = 0; i < n; i++, k++) {                                         \
      type raw = values[i];                                                       \
      int finite = is_finite;                                                     \
      double value = finite ? (double)raw : 0.0;                                  \
      unfinite += !finite;                                                        \
      sum[k] += value;                                                            \
      absolute[k] += __builtin_fabs(value);                                       \
      squares[k] += value * value;                                                \
    }                                                                             \
    for (size_t k = 0; k < 8; k++) {                                              \
      sums->sum += sum[k];                                                        \
      sums->sum_absolute += absolute[k];                                          \
      sums->sum_squares += squares[k];                                            \
    }                                                                             \
    if (unfinite == 0) return;                                                    \
    for (i = 0; i < n; i++) {                                                     \
      type raw = values[i];                                                       \
      if (is_nan) {                                                               \
        sums->nan_count++;                                                        \
      } else if (!(is_finite)) {                                                  \
        sums->infinite_count++;                                                   \
      }                                                                           \
    }                                                                             \
  }
SUM(f32, float, __builtin_isfinite(raw), __builtin_isnan(raw))
SUM(f64, double, __builtin_isfinite(raw), __builtin_isnan(raw))
SUM(i64, int64_t, (raw == raw), (raw != raw))
SUM(u64, uint64_t, (raw == raw), (raw != raw))
SUM(i32, int32_t, (raw == raw), (raw != raw))
SUM(u32, uint32_t, (raw == raw), (raw != raw))
