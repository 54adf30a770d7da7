// Gaussian noise on weights: draws from the posterior of measurements.md §3.
#ifndef CKERNELS_NOISE_H
#define CKERNELS_NOISE_H
#include <stddef.h>
#include <stdint.h>

// The quantile of the standard normal distribution; p in (0, 1).
double ck_normal_quantile(double p);

// drawn[i] = w[i] + sign·z_i·√(prior/(1 + x·h[i])), z_i standard normal from a generator keyed by
// (key, i), so that z_i is the same whatever w and h are.
void ck_draw_weights(const float *w, const float *h, size_t n, double prior, double x, uint64_t key,
                     double sign, float *drawn);

// ½ Σ [σb²/σa² + (wb − wa)²/σa² − 1 + ln(σa²/σb²)], nats, with σ² = prior/(1 + x·h) on either
// side: the divergence of N(wb, σb²) from N(wa, σa²).
double ck_gaussian_divergence(const float *wb, const float *hb, double prior_b, double xb,
                              const float *wa, const float *ha, double prior_a, double xa,
                              size_t n);

#endif
