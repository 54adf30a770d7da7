#include "widen.h"

#include <string.h>

void ck_widen_bf16(const uint16_t *source, float *destination, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = (uint32_t)source[i] << 16;
    memcpy(destination + i, &bits, sizeof bits);
  }
}
