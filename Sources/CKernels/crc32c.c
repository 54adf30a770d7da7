// CRC-32C: the instruction of SSE 4.2, or one table of 16 entries.
#include "crc32c.h"

#include <string.h>

#include "nibble_table.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

uint32_t ck_crc32c_portable(uint32_t checksum, const void *bytes, size_t n) {
  static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
                                     0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
                                     0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                     0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
  return ck_by_nibbles(table, checksum, bytes, n);
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(
    uint32_t checksum, const uint8_t *from, size_t n) {
  uint64_t crc = ~checksum;
  for (; n >= 8; n -= 8, from += 8) {
    uint64_t word;
    memcpy(&word, from, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  uint32_t rest = (uint32_t)crc;
  for (; n > 0; n--) rest = _mm_crc32_u8(rest, *from++);
  return ~rest;
}
#endif

uint32_t ck_crc32c(uint32_t checksum, const void *bytes, size_t n) {
#if defined(__x86_64__)
  if (n > 0 && __builtin_cpu_supports("sse4.2")) return by_instruction(checksum, bytes, n);
#endif
  return ck_crc32c_portable(checksum, bytes, n);
}
