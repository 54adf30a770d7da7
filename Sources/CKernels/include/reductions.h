// Reductions along one axis of [outer, length, inner], and sparse linear maps, float32.
#ifndef CKERNELS_REDUCTIONS_H
#define CKERNELS_REDUCTIONS_H
#include <stddef.h>

// y[o, i] = the largest (sign > 0) or smallest entry over the axis, and where it was: the first one,
// or the last one of equals.
void ck_extreme_forward(const float *x, float *y, int *where, size_t outer, size_t length,
                        size_t inner, int sign, int prefers_last);

// dx[k, o, where[o, i], i] += dy[k, o, i].
void ck_extreme_backward(const int *where, const float *dy, float *dx, size_t copies, size_t outer,
                         size_t length, size_t inner);

// y[o, i] = the product over the axis.
void ck_product_forward(const float *x, float *y, size_t outer, size_t length, size_t inner);

// dx[k, o, j, i] += dy[k, o, i] · the product of the other entries.
void ck_product_backward(const float *x, const float *dy, float *dx, size_t copies, size_t outer,
                         size_t length, size_t inner);

// Running sums along the axis, from its end if reversed, without the entry itself if exclusive.
void ck_running_sum(const float *x, float *y, size_t outer, size_t length, size_t inner,
                    int is_exclusive, int is_reversed, int accumulate);

// Running products along the axis, from its end if reversed, without the entry itself if exclusive.
void ck_running_product(const float *x, float *y, size_t outer, size_t length, size_t inner,
                        int is_exclusive, int is_reversed);

// dx[k, o, j, i] += Σ over the products y that hold entry j of dy times their other entries.
void ck_running_product_backward(const float *x, const float *y, const float *dy, float *dx,
                                 size_t copies, size_t outer, size_t length, size_t inner,
                                 int is_exclusive, int is_reversed);

// y[b, to[e], ·] += weights[e] · x[b, from[e], ·] for blocks of `inner` elements; weights may be null
// and then are 1. x has x_stride elements per b, y has y_stride.
void ck_sparse_apply(const ptrdiff_t *to, const ptrdiff_t *from, const float *weights, size_t count,
                     const float *x, float *y, size_t outer, size_t x_stride, size_t y_stride,
                     size_t inner);

#endif
