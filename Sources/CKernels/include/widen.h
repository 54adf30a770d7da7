// Widening of stored element types to float32, byte-order swaps, strided gathers, and the sums that
// a report prints about a tensor; with run-time CPU dispatch.
#ifndef CKERNELS_WIDEN_H
#define CKERNELS_WIDEN_H
#include <stddef.h>
#include <stdint.h>

// Each widens n values to float32, rounding to nearest even where float32 cannot hold the value.
void ck_widen_bf16(const uint16_t *source, float *destination, size_t n);
void ck_widen_f16(const uint16_t *source, float *destination, size_t n);
void ck_widen_f16_portable(const uint16_t *source, float *destination, size_t n);
void ck_widen_f64(const double *source, float *destination, size_t n);
void ck_widen_i64(const int64_t *source, float *destination, size_t n);
void ck_widen_i32(const int32_t *source, float *destination, size_t n);
void ck_widen_i16(const int16_t *source, float *destination, size_t n);
void ck_widen_i8(const int8_t *source, float *destination, size_t n);
void ck_widen_u64(const uint64_t *source, float *destination, size_t n);
void ck_widen_u32(const uint32_t *source, float *destination, size_t n);
void ck_widen_u16(const uint16_t *source, float *destination, size_t n);
void ck_widen_u8(const uint8_t *source, float *destination, size_t n);
// Any byte but zero is true, 1.
void ck_widen_bool(const uint8_t *source, float *destination, size_t n);

// Looks n 8-bit patterns up in their 256 values.
void ck_widen_f8(const uint8_t *source, const float *values, float *destination, size_t n);

// Reverses the bytes of n values in place.
void ck_swap16(uint16_t *values, size_t n);
void ck_swap32(uint32_t *values, size_t n);
void ck_swap64(uint64_t *values, size_t n);

// destination[i] = source[i * stride] for n values of `width` bytes (1, 2, 4 or 8); the stride counts
// values. Neither pointer needs to be aligned.
void ck_gather(const void *source, size_t stride, void *destination, size_t n, size_t width);

// Sums over the finite values seen so far, in float64, and counts of the others.
typedef struct {
  double sum, sum_absolute, sum_squares;
  uint64_t nan_count, infinite_count;
} ck_sums;

// Each adds n values to the sums.
void ck_sum_f32(const float *values, size_t n, ck_sums *sums);
void ck_sum_f64(const double *values, size_t n, ck_sums *sums);
void ck_sum_i64(const int64_t *values, size_t n, ck_sums *sums);
void ck_sum_u64(const uint64_t *values, size_t n, ck_sums *sums);
void ck_sum_i32(const int32_t *values, size_t n, ck_sums *sums);
void ck_sum_u32(const uint32_t *values, size_t n, ck_sums *sums);

#endif
