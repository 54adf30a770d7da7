// CRC-32C (RFC 3720 §12.1, reflected polynomial 0x82F63B78), which TensorFlow's bundles, OCDBT and zarr
// keep; by the CPU's own instruction where it has it.
#ifndef CKERNELS_CRC32C_H
#define CKERNELS_CRC32C_H
#include <stddef.h>
#include <stdint.h>

// Continues a checksum over n more bytes; the checksum of nothing is 0.
uint32_t ck_crc32c(uint32_t checksum, const void *bytes, size_t n);
// The same by a table, without special instructions.
uint32_t ck_crc32c_portable(uint32_t checksum, const void *bytes, size_t n);

#endif
