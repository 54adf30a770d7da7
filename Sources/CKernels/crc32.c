// CRC-32 by folding (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ",
// Intel 2009, constants of the reflected polynomial), and by one 8-bit table.
#include "crc32.h"

#include "nibble_table.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

uint32_t ck_crc32_portable(uint32_t checksum, const void *bytes, size_t n) {
  static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                     0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                     0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  return ck_by_nibbles(table, checksum, bytes, n);
}

#if defined(__x86_64__)
// n is a multiple of 16 and at least 64; `crc` is the inverted checksum.
__attribute__((target("pclmul,sse4.1"))) static uint32_t fold(
    uint32_t crc, const uint8_t *bytes, size_t n) {
  const __m128i *from = (const __m128i *)bytes;
  const __m128i by_four = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i by_one = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  __m128i x0 = _mm_xor_si128(_mm_loadu_si128(from), _mm_cvtsi32_si128((int)crc));
  __m128i x1 = _mm_loadu_si128(from + 1), x2 = _mm_loadu_si128(from + 2);
  __m128i x3 = _mm_loadu_si128(from + 3);
  from += 4;
  n -= 64;
#define FOLD(x, k, next)                                             \
  _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00),      \
                              _mm_clmulepi64_si128(x, k, 0x11)),     \
                next)
  for (; n >= 64; n -= 64, from += 4) {
    x0 = FOLD(x0, by_four, _mm_loadu_si128(from));
    x1 = FOLD(x1, by_four, _mm_loadu_si128(from + 1));
    x2 = FOLD(x2, by_four, _mm_loadu_si128(from + 2));
    x3 = FOLD(x3, by_four, _mm_loadu_si128(from + 3));
  }
  x0 = FOLD(x0, by_one, x1);
  x0 = FOLD(x0, by_one, x2);
  x0 = FOLD(x0, by_one, x3);
  for (; n >= 16; n -= 16, from++) x0 = FOLD(x0, by_one, _mm_loadu_si128(from));
#undef FOLD
  // What is left is a 16-byte message with the same remainder: the table finishes it.
  uint8_t remainder[16];
  _mm_storeu_si128((__m128i *)remainder, x0);
  return ~ck_crc32_portable(~0u, remainder, sizeof remainder);
}
#endif

uint32_t ck_crc32(uint32_t checksum, const void *bytes, size_t n) {
#if defined(__x86_64__)
  if (n >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
    size_t folded = n / 16 * 16;
    checksum = ~fold(~checksum, bytes, folded);
    bytes = (const uint8_t *)bytes + folded;
    n -= folded;
  }
#endif
  return ck_crc32_portable(checksum, bytes, n);
}
