#include "measures.h"

#include <math.h>
#include <string.h>

#include "lanes.h"

static inline __attribute__((always_inline)) double inner_product(const float *a, const float *b,
                                                                  size_t n) {
  ck_wide sum = {0};
  size_t i = 0;
  for (; i + CK_WIDE <= n; i += CK_WIDE) {
    ck_half x, y;
    memcpy(&x, a + i, sizeof x);
    memcpy(&y, b + i, sizeof y);
    sum += __builtin_convertvector(x, ck_wide) * __builtin_convertvector(y, ck_wide);
  }
  double tail = 0;
  for (; i < n; i++) tail += (double)a[i] * b[i];
  return ck_wide_sum(&sum) + tail;
}

CK_CLONES
double ck_sum_of_squares(const float *v, size_t n) { return inner_product(v, v, n); }

CK_CLONES
double ck_inner_product(const float *a, const float *b, size_t n) { return inner_product(a, b, n); }

CK_CLONES
double ck_squared_distance(const float *a, const float *b, size_t n) {
  ck_wide sum = {0};
  size_t i = 0;
  for (; i + CK_WIDE <= n; i += CK_WIDE) {
    ck_half x, y;
    memcpy(&x, a + i, sizeof x);
    memcpy(&y, b + i, sizeof y);
    ck_wide d = __builtin_convertvector(x, ck_wide) - __builtin_convertvector(y, ck_wide);
    sum += d * d;
  }
  double tail = 0;
  for (; i < n; i++) {
    double d = (double)a[i] - b[i];
    tail += d * d;
  }
  return ck_wide_sum(&sum) + tail;
}

CK_CLONES
void ck_add(const float *v, size_t n, float *to) {
  for (size_t i = 0; i < n; i++) to[i] += v[i];
}

CK_CLONES
void ck_scale(float *v, size_t n, float factor) {
  for (size_t i = 0; i < n; i++) v[i] *= factor;
}

CK_CLONES
struct ck_range ck_range_of(const float *v, size_t n) {
  struct ck_range out = {INFINITY, -INFINITY, 0, 0};
  for (size_t i = 0; i < n; i++) {
    // x − x is zero exactly for finite x, and NaN otherwise.
    int finite = v[i] - v[i] == 0;
    out.not_finite += !finite;
    float low = finite ? v[i] : INFINITY, high = finite ? v[i] : -INFINITY;
    out.least = low < out.least ? low : out.least;
    out.greatest = high > out.greatest ? high : out.greatest;
    out.sum += finite ? v[i] : 0;
  }
  return out;
}

CK_CLONES
struct ck_channels ck_channel_sums(const float *h, size_t n, double x) {
  ck_wide signal = {0}, noise = {0}, gradient = {0};
  size_t i = 0;
  for (; i + CK_WIDE <= n; i += CK_WIDE) {
    ck_half a;
    memcpy(&a, h + i, sizeof a);
    ck_wide s = __builtin_convertvector(a, ck_wide) * x;
    ck_wide r = 1.0 / (1.0 + s);
    signal += s * r;
    noise += r;
    gradient += s * r * r;
  }
  struct ck_channels out = {ck_wide_sum(&signal), ck_wide_sum(&noise), ck_wide_sum(&gradient)};
  for (; i < n; i++) {
    double s = h[i] * x, r = 1 / (1 + s);
    out.signal += s * r;
    out.noise += r;
    out.gradient += s * r * r;
  }
  return out;
}

CK_CLONES
double ck_channel_log_sum(const float *h, size_t n, double x) {
  // Products instead of logarithms: each lane keeps its product as a mantissa in [1, 2) and a sum
  // of exponents, so that one logarithm per lane is taken at the end.
  const int64_t mantissa = 0x000fffffffffffff, one = 0x3ff0000000000000;
  ck_wide product;
  ck_bits exponent = {0};
  for (size_t j = 0; j < CK_WIDE; j++) product[j] = 1;
  size_t i = 0;
  for (; i + CK_WIDE <= n; i += CK_WIDE) {
    ck_half a;
    memcpy(&a, h + i, sizeof a);
    product *= 1.0 + __builtin_convertvector(a, ck_wide) * x;
    ck_bits bits = (ck_bits)product;
    exponent += (bits >> 52) - 1023;
    product = (ck_wide)((bits & mantissa) | one);
  }
  double sum = 0;
  for (size_t j = 0; j < CK_WIDE; j++) sum += log(product[j]) + M_LN2 * (double)exponent[j];
  for (; i < n; i++) sum += log1p(h[i] * x);
  return sum;
}

static inline uint64_t mix(uint64_t z) {
  // The finaliser of splitmix64.
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

CK_CLONES
void ck_count_sketch(const float *values, size_t n, uint64_t first, uint64_t seed, size_t buckets,
                     double *bucket) {
  uint64_t key = mix(seed + 0x9e3779b97f4a7c15u);
  for (size_t i = 0; i < n; i++) {
    uint64_t hash = mix(key + (first + i) * 0x9e3779b97f4a7c15u);
    double value = values[i];
    bucket[hash & (buckets - 1)] += hash >> 63 ? -value : value;
  }
}

CK_CLONES
double ck_permuted_inner_product(const float *a, const float *b, const uint32_t *order, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    const float *x = a + i * n, *y = b + order[i] * n;
    float lane[16] = {0};
    size_t j = 0;
    for (; j + 16 <= n; j += 16)
      for (size_t k = 0; k < 16; k++) lane[k] += x[j + k] * y[order[j + k]];
    float tail = 0;
    for (; j < n; j++) tail += x[j] * y[order[j]];
    for (size_t k = 0; k < 16; k++) sum += lane[k];
    sum += tail;
  }
  return sum;
}

CK_CLONES
void ck_resampled_sums(const float *count, const double *value, size_t resamples, size_t layers,
                       size_t examples, double *sums) {
  for (size_t r = 0; r < resamples; r++)
    for (size_t l = 0; l < layers; l++) {
      const float *c = count + r * examples;
      const double *v = value + l * examples;
      double lane[8] = {0}, sum = 0;
      size_t i = 0;
      for (; i + 8 <= examples; i += 8)
        for (size_t k = 0; k < 8; k++) lane[k] += c[i + k] * v[i + k];
      for (; i < examples; i++) sum += c[i] * v[i];
      for (size_t k = 0; k < 8; k++) sum += lane[k];
      sums[r * layers + l] = sum;
    }
}

void ck_resample_counts(uint64_t seed, size_t resamples, size_t examples, float *count) {
  uint64_t key = mix(seed + 0x9e3779b97f4a7c15u);
  memset(count, 0, resamples * examples * sizeof *count);
  for (size_t r = 0; r < resamples; r++)
    for (size_t i = 0; i < examples; i++) {
      uint64_t bits = mix(key + (r * examples + i + 1) * 0x9e3779b97f4a7c15u);
      // The high half of a product maps bits to 0…examples−1 with a bias below 2^-32.
      count[r * examples + (size_t)((bits >> 32) * (uint64_t)examples >> 32)] += 1;
    }
}

CK_CLONES
void ck_centre_columns(float *v, size_t rows, size_t columns) {
  // Strips of columns, so that their sums fit the stack and the reads are contiguous.
  for (size_t from = 0; from < columns; from += 256) {
    size_t width = columns - from < 256 ? columns - from : 256;
    double mean[256] = {0};
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < width; j++) mean[j] += v[i * columns + from + j];
    for (size_t j = 0; j < width; j++) mean[j] /= (double)rows;
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < width; j++)
        v[i * columns + from + j] = (float)(v[i * columns + from + j] - mean[j]);
  }
}

static double row_sum(const float *a, size_t n, size_t i) {
  double sum = 0;
  for (size_t j = 0; j < n; j++)
    if (j != i) sum += a[i * n + j];
  return sum;
}

double ck_u_centre(float *a, size_t n) {
  double total = 0, largest = 0, lone = 0;
  for (size_t i = 0; i < n; i++) {
    // The diagonal holds the row's sum until it is no longer needed; its own value never is.
    double sum = row_sum(a, n, i);
    total += sum;
    a[i * n + i] = (float)sum;
    for (size_t j = 0; j < n; j++)
      if (j != i && fabs(a[i * n + j]) > largest) largest = fabs(a[i * n + j]);
  }
  lone = total / ((double)(n - 1) * (double)(n - 2));
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      if (j != i) {
        double rows = ((double)a[i * n + i] + a[j * n + j]) / (double)(n - 2);
        a[i * n + j] = (float)(a[i * n + j] - rows + lone);
      }
  for (size_t i = 0; i < n; i++) a[i * n + i] = 0;
  return largest;
}

double ck_power_law_distance(const double *log_value, size_t n, double alpha, double limit) {
  double worst = 0;
  // In strides: a bad fit shows within the first of them.
  for (size_t start = 0; start < 16 && worst < limit; start++)
    for (size_t j = start; j < n; j += 16) {
      double theory = -expm1((1 - alpha) * (log_value[j] - log_value[0]));
      double gap = fabs(theory - (double)j / (double)n);
      if (gap > worst) worst = gap;
    }
  return worst;
}
