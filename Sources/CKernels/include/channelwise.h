// Convolutions that keep channels apart: every filter sees one channel, float32.
#ifndef CKERNELS_CHANNELWISE_H
#define CKERNELS_CHANNELWISE_H
#include <stddef.h>

#include "windows.h"

// Floats that these need beside their results; `offsets` has room for every window entry.
size_t ck_channelwise_scratch(const struct ck_window *window);

// y[m, c, f, o] = Σ_k filters[c, f, k] x[m, c, o · stride − padding + k · dilation].
void ck_channelwise_forward(const struct ck_window *window, const float *filters, const float *x,
                            size_t images, size_t channels, size_t multiplier, float *scratch,
                            ptrdiff_t *offsets, float *y);

// The adjoint by x: dx[m, c, …] += filters[c, f, k] dy[m, c, f, o].
void ck_channelwise_backward(const struct ck_window *window, const float *filters, const float *dy,
                             size_t images, size_t channels, size_t multiplier, float *scratch,
                             ptrdiff_t *offsets, float *dx);

// The adjoint by the filters, of one image: df[c, f, k] += Σ_o dy[c, f, o] x[c, …].
void ck_channelwise_gradient(const struct ck_window *window, const float *x, const float *dy,
                             size_t channels, size_t multiplier, float *scratch, ptrdiff_t *offsets,
                             float *df);

#endif
