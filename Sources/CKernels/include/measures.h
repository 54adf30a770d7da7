// Sums over whole arrays of weights, curvatures and Gram matrices, in double.
#ifndef CKERNELS_MEASURES_H
#define CKERNELS_MEASURES_H
#include <stddef.h>
#include <stdint.h>

// Σ v².
double ck_sum_of_squares(const float *v, size_t n);

// Σ a b.
double ck_inner_product(const float *a, const float *b, size_t n);

// Σ (a − b)².
double ck_squared_distance(const float *a, const float *b, size_t n);

// to += v.
void ck_add(const float *v, size_t n, float *to);

// v *= factor.
void ck_scale(float *v, size_t n, float factor);

struct ck_range {
  float least, greatest;
  double sum;
  size_t not_finite; // such values are left out of the others
};

// Extremes and sum; {INFINITY, -INFINITY, 0, 0} of nothing.
struct ck_range ck_range_of(const float *v, size_t n);

struct ck_channels {
  double signal;   // Σ s/(1+s)
  double noise;    // Σ 1/(1+s)
  double gradient; // Σ s/(1+s)², the derivative of signal by ln x
};

// Sums over Gaussian channels of signal-to-noise ratio s_i = x h_i; h ≥ 0 and x h_i ≤ 1e150.
struct ck_channels ck_channel_sums(const float *h, size_t n, double x);

// Σ ln(1 + x h_i), the same terms; a term below 1e-16 counts as zero.
double ck_channel_log_sum(const float *h, size_t n, double x);

// Adds a count sketch of values, which are elements first, first+1, … of a longer array, to
// bucket [buckets]: element i goes to one bucket under one sign, both from a hash of (seed, i).
// `buckets` is a power of two.
void ck_count_sketch(const float *values, size_t n, uint64_t first, uint64_t seed, size_t buckets,
                     double *bucket);

// Σ_ij a[i,j] b[order[i], order[j]] of two [n, n] matrices.
double ck_permuted_inner_product(const float *a, const float *b, const uint32_t *order, size_t n);

// sums[r, l] = Σ_n count[r, n] value[l, n]: layer totals of resampled examples.
void ck_resampled_sums(const float *count, const double *value, size_t resamples, size_t layers,
                       size_t examples, double *sums);

// How often each of `resamples` bootstrap samples of all examples holds each of them, into
// count [resamples, examples], from a generator keyed by (seed, resample, draw).
void ck_resample_counts(uint64_t seed, size_t resamples, size_t examples, float *count);

// Takes the mean of every column off v [rows, columns], in double.
void ck_centre_columns(float *v, size_t rows, size_t columns);

// U-centres a symmetric matrix [n, n], n ≥ 3: a_ij − r_i/(n−2) − r_j/(n−2) + t/((n−1)(n−2)) with
// row sums r and total t taken off the diagonal, which becomes zero. Returns the largest |a_ij| it
// was given, off the diagonal.
double ck_u_centre(float *a, size_t n);

// Largest distance between the empirical distribution of ascending log values and the power law
// of exponent alpha that starts at the first of them; some value of at least `limit` when it is that
// large.
double ck_power_law_distance(const double *log_value, size_t n, double alpha, double limit);

#endif
