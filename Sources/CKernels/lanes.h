// Vectors that the reductions of fisher.c and measures.c add in: explicit lanes, because strict
// floating point does not let the compiler reorder a scalar sum.
#ifndef CKERNELS_LANES_H
#define CKERNELS_LANES_H
#include <stddef.h>
#include <stdint.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CK_SANITIZED // its runtime is not up yet when the loader picks a clone
#endif
#endif

#if defined(__x86_64__) && !defined(CK_SANITIZED)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif

enum { CK_LANES = 32, CK_WIDE = 16 };
typedef float ck_lanes __attribute__((vector_size(32 * sizeof(float))));
typedef float ck_half __attribute__((vector_size(16 * sizeof(float))));
typedef double ck_wide __attribute__((vector_size(16 * sizeof(double))));
typedef int64_t ck_bits __attribute__((vector_size(16 * sizeof(int64_t))));

// The first `width` lanes from or to memory; a whole vector is one move, not a call.
#define CK_LOAD(v, from, width)                           \
  ((width) == CK_LANES ? memcpy(&(v), (from), sizeof(v)) \
                       : memcpy(&(v), (from), (width) * sizeof(float)))
#define CK_STORE(to, v, width)                           \
  ((width) == CK_LANES ? memcpy((to), &(v), sizeof(v)) \
                       : memcpy((to), &(v), (width) * sizeof(float)))

static inline double ck_lanes_sum(const ck_lanes *v) {
  double sum = 0;
  for (size_t j = 0; j < CK_LANES; j++) sum += (*v)[j];
  return sum;
}

static inline double ck_wide_sum(const ck_wide *v) {
  double sum = 0;
  for (size_t j = 0; j < CK_WIDE; j++) sum += (*v)[j];
  return sum;
}

#endif
