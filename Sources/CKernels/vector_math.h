// exp, tanh, sigmoid and erf without branches or calls, so that loops over them vectorise. Within 3
// units in the last place of the exact values (measured over all exponents); NaN stays NaN.
#ifndef CKERNELS_VECTOR_MATH_H
#define CKERNELS_VECTOR_MATH_H
#include <math.h>
#include <stdint.h>
#include <string.h>

// 2ⁿ for −126 ≤ n ≤ 127.
static inline float ck_power_of_two(int32_t n) {
  int32_t bits = (n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

// eˣ = 2ⁿ eʳ with |r| ≤ ln 2 / 2; the polynomial is that of Cephes (Moshier), expf.
static inline float ck_exp(float x) {
  float v = x < -104.0f ? -104.0f : (x > 89.0f ? 89.0f : x);
  v = x == x ? v : 0.0f;
  // Adding and taking away 1.5 · 2²³ rounds to a whole number.
  float n = (v * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
  float r = v - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  float y = p * (r * r) + r + 1.0f;
  // In two halves, because 2ⁿ alone may be out of range.
  int32_t whole = (int32_t)n, half = whole / 2;
  y = y * ck_power_of_two(half) * ck_power_of_two(whole - half);
  return x == x ? y : x;
}

// exp of a non-positive number only: no overflow on either side.
static inline float ck_sigmoid(float x) {
  float e = ck_exp(-fabsf(x));
  return (x >= 0 ? 1.0f : e) / (1.0f + e);
}

// Near zero the polynomial of Cephes, tanhf, elsewhere (1 − e⁻²ˣ) / (1 + e⁻²ˣ).
static inline float ck_tanh(float x) {
  float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  float near = p * z * x + x;
  float e = ck_exp(-2.0f * fabsf(x));
  float far = (1.0f - e) / (1.0f + e);
  return copysignf(fabsf(x) < 0.625f ? near : far, x);
}

// Minimax polynomials on both sides of 0.9277; beyond 4 the value is 1 in single precision.
static inline float ck_erf(float x) {
  float t = fabsf(x) > 4.0f ? 4.0f : fabsf(x);
  float s = t * t;
  float f = (-1.72853470e-5f * t + 3.83197126e-4f) * s + (-3.88396438e-3f * t + 2.42546219e-2f);
  f = f * t - 1.06777877e-1f;
  f = f * t - 6.34846687e-1f;
  f = f * t - 1.28717512e-1f;
  f = f * t - t;
  float far = copysignf(1.0f - ck_exp(f), x);
  float p = -5.96761703e-4f;
  p = p * s + 4.99119423e-3f;
  p = p * s - 2.67681349e-2f;
  p = p * s + 1.12819925e-1f;
  p = p * s - 3.76125336e-1f;
  p = p * s + 1.28379166e-1f;
  float near = p * x + x;
  return t < 0.927734375f ? near : far;
}

// e^x of x ≤ 0 in double, within 2 ulp; below −708 that of −708.
static inline __attribute__((always_inline)) double ck_exp_of_gap(double x) {
  x = x < -708.0 ? -708.0 : x;
  double t = x * 1.4426950408889634074 + 6755399441055744.0, n = t - 6755399441055744.0;
  double r = (x - n * 6.93145751953125e-1) - n * 1.42860682030941723212e-6;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  uint64_t bits;
  memcpy(&bits, &t, sizeof bits);
  bits = (bits << 52) + 0x3ff0000000000000u;
  double scale;
  memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

#endif
