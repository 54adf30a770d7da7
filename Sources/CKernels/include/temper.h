// Entropy of softmax at a temperature (measurements.md §2).
#ifndef CKERNELS_TEMPER_H
#define CKERNELS_TEMPER_H
#include <stddef.h>

struct ck_tempered {
  double entropy;  // Σ over rows of the entropy of softmax(inverse·z), nats
  double variance; // Σ over rows of the variance of inverse·z under it: the derivative by −ln inverse
};

// z is [rows, classes]; NAN in both when a logit is not finite.
struct ck_tempered ck_tempered_entropy(const float *z, size_t rows, size_t classes, double inverse);

#endif
