// Sliding windows over N-dimensional images, float32: unfolding for convolutions, and pooling.
#ifndef CKERNELS_WINDOWS_H
#define CKERNELS_WINDOWS_H
#include <stddef.h>

#define CK_MAX_SPATIAL 8

// A window's geometry; arrays have `rank` entries, outermost first.
struct ck_window {
  int rank;
  ptrdiff_t input[CK_MAX_SPATIAL];
  ptrdiff_t output[CK_MAX_SPATIAL];
  ptrdiff_t kernel[CK_MAX_SPATIAL];
  ptrdiff_t stride[CK_MAX_SPATIAL];
  ptrdiff_t dilation[CK_MAX_SPATIAL];
  ptrdiff_t padding[CK_MAX_SPATIAL];        // before the first element
  ptrdiff_t padding_after[CK_MAX_SPATIAL];  // behind the last one
};

// columns[(c, k), o] = x[c, o · stride − padding + k · dilation], 0 outside. A row of columns starts
// `row_stride` elements after the one before.
void ck_unfold(const struct ck_window *window, const float *x, size_t channels, float *columns,
               size_t row_stride);

// The adjoint: x[c, …] += columns[(c, k), o].
void ck_fold(const struct ck_window *window, const float *columns, size_t row_stride,
             size_t channels, float *x);

// products[s, t] = Σ over window entries of pixels[input of s, input of t], s ≤ t: the inner products of
// columns from those of the input's places, where the last axis has a stride of 1. `starts` has room
// for every line of outputs.
void ck_window_products(const struct ck_window *window, const float *pixels, ptrdiff_t *starts,
                        float *products);

// turned[i, o, k] = filters[o, i, taps − 1 − k].
void ck_turn_filters(const float *filters, size_t outer, size_t inner, size_t taps, float *turned);

// y[m, o] = max over the window of x[m, …], and where it was (flat, within one image's channel).
void ck_max_pool_forward(const struct ck_window *window, const float *x, size_t images, float *y,
                         int *where);

// dx[k, m, where[m, o]] += dy[k, m, o].
void ck_max_pool_backward(const int *where, const float *dy, float *dx, size_t copies,
                          size_t images, size_t places_in, size_t places_out);

// What a window's sum is divided by: its entries inside the image, those inside the image and its
// padding, or 1.
enum ck_divisor { CK_INSIDE, CK_PADDED, CK_ONE };

// factors[o] = 1 / what the window's sum at o is divided by.
void ck_average_pool_factors(const struct ck_window *window, int divisor, float *factors);

// y[m, o] = factors[o] Σ over the window of x[m, …].
void ck_average_pool_forward(const struct ck_window *window, const float *factors, const float *x,
                             size_t images, float *y);

// dx[m, …] += factors[o] dy[m, o].
void ck_average_pool_backward(const struct ck_window *window, const float *factors,
                              const float *dy, size_t images, float *dx);

// destination[i, m] = source[m, i] for blocks of `block` elements: [outer, inner] blocks swap axes.
void ck_swap_blocks(const float *source, float *destination, size_t outer, size_t inner,
                    size_t block);

// table[rows[r], i] += dy[r, i] for the given rows of `width` elements.
void ck_scatter_rows(const ptrdiff_t *rows, size_t count, size_t width, const float *dy,
                     float *table);

// y[r, i] = table[rows[r], i].
void ck_gather_rows(const ptrdiff_t *rows, size_t count, size_t width, const float *table,
                    float *y);

#endif
