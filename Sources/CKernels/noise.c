#include "noise.h"

#include <math.h>

double ck_normal_quantile(double p) {
  // PPND7 of Wichura (1988), algorithm AS 241: seven digits.
  double q = p - 0.5;
  if (fabs(q) <= 0.425) {
    double r = 0.180625 - q * q;
    return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
           (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1);
  }
  double r = sqrt(-log(q < 0 ? p : 1 - p)), z;
  if (r <= 5) {
    r -= 1.6;
    z = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
        ((0.12021132975 * r + 0.73700164250) * r + 1);
  } else {
    r -= 5;
    z = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) /
        ((0.012258202635 * r + 0.24197894225) * r + 1);
  }
  return q < 0 ? -z : z;
}

static inline uint64_t mix(uint64_t z) {
  // The finaliser of splitmix64.
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void ck_draw_weights(const float *w, const float *h, size_t n, double prior, double x, uint64_t key,
                     double sign, float *drawn) {
  // w, h and drawn are [n]
  for (size_t i = 0; i < n; i++) {
    // The middle of one of 2^52 equal steps: never 0 nor 1.
    uint64_t bits = mix(key + 0x9e3779b97f4a7c15u * (i + 1));
    double p = ((double)(bits >> 12) + 0.5) * 0x1p-52;
    drawn[i] = (float)(w[i] + sign * ck_normal_quantile(p) * sqrt(prior / (1 + x * h[i])));
  }
}

double ck_gaussian_divergence(const float *wb, const float *hb, double prior_b, double xb,
                              const float *wa, const float *ha, double prior_a, double xa,
                              size_t n) {
  // every array is [n]
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double precision = (1 + xa * ha[i]) / prior_a;
    double ratio = prior_b / (1 + xb * hb[i]) * precision;
    double move = (double)wb[i] - wa[i];
    // ρ − 1 − ln ρ without cancellation near ρ = 1, where both checkpoints bear the same noise.
    double gap = ratio - 1;
    sum += gap - log1p(gap) + move * move * precision;
  }
  return sum / 2;
}
