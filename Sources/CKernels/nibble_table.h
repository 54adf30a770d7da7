// A reflected CRC of 32 bits by one table, half a byte at a time: 16 entries, nothing to initialise at
// run time.
#ifndef CKERNELS_NIBBLE_TABLE_H
#define CKERNELS_NIBBLE_TABLE_H
#include <stddef.h>
#include <stdint.h>

// Continues a checksum over n more bytes; table[i] is the remainder of i.
static inline uint32_t ck_by_nibbles(
    const uint32_t table[16], uint32_t checksum, const void *bytes, size_t n) {
  const uint8_t *from = bytes;
  uint32_t crc = ~checksum;
  for (size_t i = 0; i < n; i++) {
    crc ^= from[i];
    crc = crc >> 4 ^ table[crc & 15];
    crc = crc >> 4 ^ table[crc & 15];
  }
  return ~crc;
}

#endif
