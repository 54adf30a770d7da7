// SHA-256 (FIPS 180-4 section 6.2); the accelerated rounds follow Intel's description of the SHA
// extensions (sha256rnds2 does two rounds on the state split as ABEF and CDGH).
#include "sha256.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

void ck_sha256_blocks_portable(uint32_t state[8], const uint8_t *bytes, size_t n) {
  for (; n > 0; n--, bytes += 64) {
    uint32_t w[64];
    for (int t = 0; t < 16; t++) {
      w[t] = (uint32_t)bytes[4 * t] << 24 | (uint32_t)bytes[4 * t + 1] << 16 |
             (uint32_t)bytes[4 * t + 2] << 8 | bytes[4 * t + 3];
    }
    for (int t = 16; t < 64; t++) {
      uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
      uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 64; t++) {
      uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[t] + w[t];
      uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
}

#if defined(__x86_64__)
int ck_sha256_is_accelerated(void) {
  // __builtin_cpu_supports does not know "sha" in every clang: leaf 7 EBX bit 29, with SSE4.1.
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  return (b >> 29 & 1) && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

__attribute__((target("sha,sse4.1,ssse3"))) void ck_sha256_blocks_accelerated(
    uint32_t state[8], const uint8_t *bytes, size_t n) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  // a b c d | e f g h  ->  ABEF, CDGH
  __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
  __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
  __m128i abef = _mm_alignr_epi8(low, high, 8);
  __m128i cdgh = _mm_blend_epi16(high, low, 0xF0);
  for (; n > 0; n--, bytes += 64) {
    __m128i abef_before = abef, cdgh_before = cdgh, w[4];
    for (int q = 0; q < 4; q++) {
      w[q] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * q)), big_endian);
    }
#pragma clang loop unroll(full)
    for (int q = 0; q < 16; q++) {
      __m128i current = w[q & 3];
      __m128i constants = _mm_loadu_si128((const __m128i *)(round_constants + 4 * q));
      __m128i sum = _mm_add_epi32(current, constants);
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
      if (q < 12) {
        // w[q + 4] from w[q], w[q + 1], w[q + 2] and w[q + 3]
        __m128i next = _mm_sha256msg1_epu32(current, w[(q + 1) & 3]);
        next = _mm_add_epi32(next, _mm_alignr_epi8(w[(q + 3) & 3], w[(q + 2) & 3], 4));
        w[q & 3] = _mm_sha256msg2_epu32(next, w[(q + 3) & 3]);
      }
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  low = _mm_shuffle_epi32(abef, 0x1B);
  high = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xF0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
}
#else
int ck_sha256_is_accelerated(void) { return 0; }

void ck_sha256_blocks_accelerated(uint32_t state[8], const uint8_t *bytes, size_t n) {
  ck_sha256_blocks_portable(state, bytes, n);
}
#endif

static void add_blocks(uint32_t state[8], const uint8_t *bytes, size_t n) {
  if (ck_sha256_is_accelerated()) {
    ck_sha256_blocks_accelerated(state, bytes, n);
  } else {
    ck_sha256_blocks_portable(state, bytes, n);
  }
}

void ck_sha256_start(ck_sha256 *hash) {
  static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memset(hash, 0, sizeof *hash);
  memcpy(hash->state, initial, sizeof initial);
}

void ck_sha256_add(ck_sha256 *hash, const void *bytes, size_t n) {
  const uint8_t *from = bytes;
  size_t filled = hash->byte_count % 64;
  hash->byte_count += n;
  if (filled > 0) {
    size_t taken = n < 64 - filled ? n : 64 - filled;
    memcpy(hash->pending + filled, from, taken);
    if (filled + taken < 64) return;
    add_blocks(hash->state, hash->pending, 1);
    from += taken;
    n -= taken;
  }
  if (n >= 64) add_blocks(hash->state, from, n / 64);
  if (n % 64 > 0) memcpy(hash->pending, from + n / 64 * 64, n % 64);
}

void ck_sha256_finish(ck_sha256 *hash, uint8_t digest[32]) {
  uint64_t bits = hash->byte_count * 8;
  uint8_t padding[128] = {0x80};
  size_t filled = hash->byte_count % 64;
  size_t n = (filled < 56 ? 56 : 120) - filled;
  for (int i = 0; i < 8; i++) padding[n + i] = (uint8_t)(bits >> (56 - 8 * i));
  ck_sha256_add(hash, padding, n + 8);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
