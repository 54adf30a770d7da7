// The CRC-32 of zip archives (ISO 3309, reflected polynomial 0xEDB88320), by carry-less products
// where the CPU has them.
#ifndef CKERNELS_CRC32_H
#define CKERNELS_CRC32_H
#include <stddef.h>
#include <stdint.h>

// Continues a checksum over n more bytes; the checksum of nothing is 0.
uint32_t ck_crc32(uint32_t checksum, const void *bytes, size_t n);
// The same by a table, without special instructions.
uint32_t ck_crc32_portable(uint32_t checksum, const void *bytes, size_t n);

#endif
