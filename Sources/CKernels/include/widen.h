// Widening of stored element types to float32 and float64, with run-time CPU dispatch.
#ifndef CKERNELS_WIDEN_H
#define CKERNELS_WIDEN_H
#include <stddef.h>
#include <stdint.h>

// Widens n bfloat16 values (the upper half of a float32) to float32.
void ck_widen_bf16(const uint16_t *source, float *destination, size_t n);

#endif
