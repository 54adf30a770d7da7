#include "fisher.h"

#include <math.h>
#include <string.h>

#include "lanes.h"
#include "vector_math.h"

// Adds e and −e·gap of some classes to the lanes, and keeps e.
static inline __attribute__((always_inline)) void exponentials(
    const float *restrict z, double zt, size_t n, float *restrict e, double *restrict rest,
    double *restrict energy) {
  size_t c = 0;
  for (; c + 8 <= n; c += 8)
    for (size_t l = 0; l < 8; l++) {
      double gap = (double)z[c + l] - zt, value = ck_exp_of_gap(gap);
      rest[l] += value;
      energy[l] -= value * gap;
      e[c + l] = (float)value;
    }
  for (; c < n; c++) {
    double gap = (double)z[c] - zt, value = ck_exp_of_gap(gap);
    rest[0] += value;
    energy[0] -= value * gap;
    e[c] = (float)value;
  }
}

// Turns exponentials into probabilities and adds p(1 − p) to the lanes.
static inline __attribute__((always_inline)) void probabilities(
    float *restrict p, double scale, size_t n, double *restrict confidence) {
  size_t c = 0;
  for (; c + 8 <= n; c += 8)
    for (size_t l = 0; l < 8; l++) {
      double value = p[c + l] * scale;
      p[c + l] = (float)value;
      confidence[l] += value * (1 - value);
    }
  for (; c < n; c++) {
    double value = p[c] * scale;
    p[c] = (float)value;
    confidence[0] += value * (1 - value);
  }
}

static double total(const double lane[8]) {
  double sum = 0;
  for (size_t l = 0; l < 8; l++) sum += lane[l];
  return sum;
}

// The first of the largest values; n when one is not finite.
static inline __attribute__((always_inline)) size_t first_largest(const float *z, size_t n) {
  float most[16], odd[16] = {0}, largest = -INFINITY, unfinite = 0;
  for (size_t l = 0; l < 16; l++) most[l] = -INFINITY;
  size_t c = 0;
  for (; c + 16 <= n; c += 16)
    for (size_t l = 0; l < 16; l++) {
      float v = z[c + l];
      most[l] = v > most[l] ? v : most[l];
      odd[l] += v - v;  // zero, and NaN where v is not finite
    }
  for (; c < n; c++) {
    largest = z[c] > largest ? z[c] : largest;
    unfinite += z[c] - z[c];
  }
  for (size_t l = 0; l < 16; l++) {
    largest = most[l] > largest ? most[l] : largest;
    unfinite += odd[l];
  }
  if (unfinite != 0) return n;
  for (c = 0; c < n && z[c] != largest; c++) {
  }
  return c;
}

CK_CLONES
struct ck_softmax ck_softmax_row(const float *z, size_t classes, float *probability) {
  // z is [classes]
  struct ck_softmax out = {0, NAN, NAN, NAN, NAN};
  size_t top = first_largest(z, classes);
  if (top == classes) {
    for (size_t c = 0; c < classes; c++) probability[c] = NAN;
    return out;
  }
  out.top = top;
  // The other classes lie before and after the top one, whose exponential is 1.
  size_t after = out.top + 1, left = classes - after;
  double rest_lane[8] = {0}, energy[8] = {0}, confidence[8] = {0};
  exponentials(z, z[out.top], out.top, probability, rest_lane, energy);
  exponentials(z + after, z[out.top], left, probability + after, rest_lane, energy);
  double rest = total(rest_lane), scale = 1 / (1 + rest);
  out.log_normaliser = log1p(rest);
  out.complement = rest * scale;
  out.entropy = out.log_normaliser + total(energy) * scale;
  probability[out.top] = (float)scale;
  probabilities(probability, scale, out.top, confidence);
  probabilities(probability + after, scale, left, confidence);
  out.confidence = out.complement * scale + total(confidence);
  return out;
}

// √p with the sign of a bit: set is minus.
static inline __attribute__((always_inline)) float signed_root(float p, uint64_t word, size_t bit) {
  return (word >> bit & 1) != 0 ? -sqrtf(p) : sqrtf(p);
}

CK_CLONES
void ck_signed_score(const float *restrict p, size_t classes, size_t top, double complement,
                     const uint64_t *restrict signs, float *restrict cotangent) {
  // p and cotangent are [classes], signs [⌈classes / 64⌉]
  double lane[8] = {0};
  size_t c = 0;
  for (; c + 8 <= classes; c += 8) {
    uint64_t word = signs[c / 64] >> (c % 64);
    for (size_t l = 0; l < 8; l++)
      lane[l] += c + l == top ? 0.0f : signed_root(p[c + l], word, l);
  }
  for (; c < classes; c++) lane[0] += c == top ? 0.0f : signed_root(p[c], signs[c / 64], c % 64);
  double rest = total(lane), root = signed_root(p[top], signs[top / 64], top % 64);
  float whole = (float)(root + rest), before = cotangent[top];
  for (c = 0; c + 8 <= classes; c += 8) {
    uint64_t word = signs[c / 64] >> (c % 64);
    for (size_t l = 0; l < 8; l++)
      cotangent[c + l] += signed_root(p[c + l], word, l) - p[c + l] * whole;
  }
  for (; c < classes; c++) cotangent[c] += signed_root(p[c], signs[c / 64], c % 64) - p[c] * whole;
  // √p r − p (√p r + rest) with √p r (1 − p) from the other classes: nothing cancels at p = 1.
  cotangent[top] = before + (float)(root * complement - p[top] * rest);
}

// Strips between two flushes of the float accumulators into double: bounds their rounding at 1e-5.
enum { FLUSH = 64 };

// Sums over the classes of a strip of rows: with d_c = g_c − g_top, offset = Σ p_c d_c and
// variance = Σ p_c d_c² − offset², of p and of the tempered q where there is one. By Cauchy's
// inequality the difference keeps at least p_top of what it is taken from, so rounding grows by at most
// 1 / p_top, and not at all where p_top is nearly 1. Vectors go by address: their calling convention
// differs between processors.
struct moments {
  ck_lanes offset, variance, squares, tempered_variance;
};

static inline __attribute__((always_inline)) void class_moments(const float *rows, size_t classes,
                                                                size_t stride, const float *p,
                                                                const float *q, size_t top,
                                                                struct moments *out) {
  ck_lanes base, row, squares = {0}, mean = {0}, second = {0}, other = {0}, other_second = {0};
  memcpy(&base, rows + top * stride, sizeof base);
  for (size_t c = 0; c < classes; c++) {
    memcpy(&row, rows + c * stride, sizeof row);
    squares += row * row;
    row -= base;
    ck_lanes share = row * p[c];
    mean += share;
    second += share * row;
    if (q) {
      share = row * q[c];
      other += share;
      other_second += share * row;
    }
  }
  out->offset = mean;
  out->variance = second - mean * mean;
  out->squares = squares;
  out->tempered_variance = other_second - other * other;
}

CK_CLONES
struct ck_fisher ck_fisher_exact(const float *g, size_t classes, size_t count,
                                 const float *probability, size_t top, size_t label,
                                 const float *weights, float *diagonal,
                                 const float *tempered) {
  // g is [classes, count], probability and tempered [classes], weights and diagonal [count]
  struct ck_fisher out = {0, 0, 0, 0, 0};
  if (classes == 0 || classes > CK_FISHER_CLASSES) return out;
  float padded[CK_FISHER_CLASSES * CK_LANES];
  size_t i = 0;
  while (i < count) {
    ck_lanes fisher = {0}, jacobian = {0}, empirical = {0}, free = {0}, other = {0};
    for (size_t strip = 0; strip < FLUSH && i < count; strip++, i += CK_LANES) {
      const float *rows = g + i;
      size_t stride = count, width = count - i < CK_LANES ? count - i : CK_LANES;
      if (width < CK_LANES) {
        // The last, narrow strip: zero gradients add nothing to any sum.
        for (size_t c = 0; c < classes; c++) {
          memset(padded + c * CK_LANES, 0, sizeof(ck_lanes));
          memcpy(padded + c * CK_LANES, g + c * count + i, width * sizeof(float));
        }
        rows = padded;
        stride = CK_LANES;
      }
      struct moments of;
      class_moments(rows, classes, stride, probability, tempered, top, &of);
      ck_lanes variance = of.variance;
      fisher += variance;
      jacobian += of.squares;
      other += of.tempered_variance;
      if (label < classes) {
        ck_lanes base, row;
        memcpy(&base, rows + top * stride, sizeof base);
        memcpy(&row, rows + label * stride, sizeof row);
        row = row - base - of.offset;
        empirical += row * row;
      }
      if (weights) {
        ck_lanes w = {0};
        CK_LOAD(w, weights + i, width);
        free += w * w * variance;
      }
      if (diagonal) {
        ck_lanes sum = {0};
        CK_LOAD(sum, diagonal + i, width);
        sum += variance;
        CK_STORE(diagonal + i, sum, width);
      }
    }
    out.fisher += ck_lanes_sum(&fisher);
    out.jacobian += ck_lanes_sum(&jacobian);
    out.empirical += ck_lanes_sum(&empirical);
    out.scale_free += ck_lanes_sum(&free);
    out.tempered += ck_lanes_sum(&other);
  }
  return out;
}

CK_CLONES
double ck_weighted_squares(const float *g, size_t rows, size_t count, const float *coefficient,
                           const float *weights, float *diagonal, double *squares) {
  // g is [rows, count], coefficient and squares [rows], weights and diagonal [count]
  double free = 0;
  for (size_t k = 0; k < rows; k++) squares[k] = 0;
  // Columns in pieces that stay in the first-level cache while all rows visit them.
  for (size_t from = 0; from < count; from += FLUSH * CK_LANES) {
    size_t left = count - from, to = from + (left < FLUSH * CK_LANES ? left : FLUSH * CK_LANES);
    for (size_t k = 0; k < rows; k++) {
      ck_lanes norm = {0}, scaled = {0};
      float share = coefficient[k];
      for (size_t i = from; i < to; i += CK_LANES) {
        size_t width = to - i < CK_LANES ? to - i : CK_LANES;
        ck_lanes v = {0}, w = {0}, sum = {0};
        CK_LOAD(v, g + k * count + i, width);
        v = v * v;
        norm += v;
        if (share == 0) continue;
        v = v * share;
        if (diagonal) {
          CK_LOAD(sum, diagonal + i, width);
          sum += v;
          CK_STORE(diagonal + i, sum, width);
        }
        if (weights) {
          CK_LOAD(w, weights + i, width);
          scaled += w * w * v;
        }
      }
      squares[k] += ck_lanes_sum(&norm);
      free += ck_lanes_sum(&scaled);
    }
  }
  return free;
}

CK_CLONES
void ck_squared_norms(const float *g, size_t rows, size_t count, double *squares) {
  // g is [rows, count]
  for (size_t k = 0; k < rows; k++, g += count) {
    double sum = 0;
    size_t i = 0;
    while (i + CK_LANES <= count) {
      ck_lanes norm = {0}, v;
      for (size_t strip = 0; strip < FLUSH && i + CK_LANES <= count; strip++, i += CK_LANES) {
        memcpy(&v, g + i, sizeof v);
        norm += v * v;
      }
      sum += ck_lanes_sum(&norm);
    }
    for (; i < count; i++) sum += (double)g[i] * (double)g[i];
    squares[k] = sum;
  }
}

CK_CLONES
double ck_triangle_inner_product(const float *a, const float *b, size_t n, double *diagonal) {
  // a and b are [n, n]
  double above = 0, own = 0;
  for (size_t t = 0; t < n; t++) {
    const float *x = a + t * n, *y = b + t * n;
    own += (double)x[t] * (double)y[t];
    size_t s = t + 1;
    while (s + CK_WIDE <= n) {
      ck_wide sum = {0};
      for (; s + CK_WIDE <= n; s += CK_WIDE) {
        ck_half u, v;
        memcpy(&u, x + s, sizeof u);
        memcpy(&v, y + s, sizeof v);
        sum += __builtin_convertvector(u * v, ck_wide);
      }
      above += ck_wide_sum(&sum);
    }
    for (; s < n; s++) above += (double)x[s] * (double)y[s];
  }
  *diagonal = own;
  return own + 2 * above;
}
