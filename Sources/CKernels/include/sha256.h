// SHA-256 (FIPS 180-4), with the CPU's SHA instructions where it has them.
#ifndef CKERNELS_SHA256_H
#define CKERNELS_SHA256_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t state[8];
  uint64_t byte_count;
  uint8_t pending[64];
} ck_sha256;

void ck_sha256_start(ck_sha256 *hash);
void ck_sha256_add(ck_sha256 *hash, const void *bytes, size_t n);
// Writes the 32 bytes of the digest; the hash must be started again before further use.
void ck_sha256_finish(ck_sha256 *hash, uint8_t digest[32]);

// Whether this CPU's own instructions are used.
int ck_sha256_is_accelerated(void);
// The two compression functions, over n blocks of 64 bytes, so that a test can compare them. The
// accelerated one may be called only where ck_sha256_is_accelerated says so.
void ck_sha256_blocks_portable(uint32_t state[8], const uint8_t *bytes, size_t n);
void ck_sha256_blocks_accelerated(uint32_t state[8], const uint8_t *bytes, size_t n);

#endif
