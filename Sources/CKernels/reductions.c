#include "reductions.h"

#include "lanes.h"

CK_CLONES
void ck_extreme_forward(const float *x, float *y, int *where, size_t outer, size_t length,
                        size_t inner, int sign, int prefers_last) {
  // x is [outer, length, inner], y and where are [outer, inner]
  for (size_t o = 0; o < outer; o++, y += inner, where += inner) {
    for (size_t i = 0; i < inner; i++) {
      y[i] = x[i];
      where[i] = 0;
    }
    x += inner;
    for (size_t j = 1; j < length; j++, x += inner) {
      for (size_t i = 0; i < inner; i++) {
        float v = x[i];
        int better = (sign > 0 ? v > y[i] : v < y[i]) || (prefers_last && v == y[i]) ||
                     (v != v && y[i] == y[i]);
        y[i] = better ? v : y[i];
        where[i] = better ? (int)j : where[i];
      }
    }
  }
}

void ck_extreme_backward(const int *where, const float *dy, float *dx, size_t copies, size_t outer,
                         size_t length, size_t inner) {
  // dy is [copies, outer, inner], dx is [copies, outer, length, inner]
  for (size_t k = 0; k < copies; k++) {
    for (size_t o = 0; o < outer; o++, dy += inner, dx += length * inner) {
      for (size_t i = 0; i < inner; i++)
        dx[(size_t)where[o * inner + i] * inner + i] += dy[i];
    }
  }
}

CK_CLONES
void ck_product_forward(const float *x, float *y, size_t outer, size_t length, size_t inner) {
  // x is [outer, length, inner], y is [outer, inner]
  for (size_t o = 0; o < outer; o++, y += inner) {
    for (size_t i = 0; i < inner; i++) y[i] = 1;
    for (size_t j = 0; j < length; j++, x += inner) {
      for (size_t i = 0; i < inner; i++) y[i] *= x[i];
    }
  }
}

void ck_product_backward(const float *x, const float *dy, float *dx, size_t copies, size_t outer,
                         size_t length, size_t inner) {
  // x is [outer, length, inner], dy is [copies, outer, inner]; products of the entries before and
  // after each one, because a division would fail at zeros
  for (size_t k = 0; k < copies; k++) {
    for (size_t o = 0; o < outer; o++, dy += inner, dx += length * inner) {
      for (size_t i = 0; i < inner; i++) {
        const float *in = x + o * length * inner + i;
        for (size_t j = 0; j < length; j++) {
          float others = dy[i];
          for (size_t l = 0; l < length; l++) others *= l == j ? 1.0f : in[l * inner];
          dx[j * inner + i] += others;
        }
      }
    }
  }
}

CK_CLONES
void ck_running_sum(const float *x, float *y, size_t outer, size_t length, size_t inner,
                    int is_exclusive, int is_reversed, int accumulate) {
  // x and y are [outer, length, inner]
  for (size_t o = 0; o < outer; o++, x += length * inner, y += length * inner) {
    for (size_t i = 0; i < inner; i++) {
      float sum = 0;
      for (size_t step = 0; step < length; step++) {
        size_t at = (is_reversed ? length - 1 - step : step) * inner + i;
        float next = sum + x[at];
        float value = is_exclusive ? sum : next;
        y[at] = accumulate ? y[at] + value : value;
        sum = next;
      }
    }
  }
}

CK_CLONES
void ck_running_product(const float *x, float *y, size_t outer, size_t length, size_t inner,
                        int is_exclusive, int is_reversed) {
  // x and y are [outer, length, inner]
  for (size_t o = 0; o < outer; o++, x += length * inner, y += length * inner) {
    for (size_t i = 0; i < inner; i++) {
      float product = 1;
      for (size_t step = 0; step < length; step++) {
        size_t at = (is_reversed ? length - 1 - step : step) * inner + i;
        float next = product * x[at];
        y[at] = is_exclusive ? product : next;
        product = next;
      }
    }
  }
}

void ck_running_product_backward(const float *x, const float *y, const float *dy, float *dx,
                                 size_t copies, size_t outer, size_t length, size_t inner,
                                 int is_exclusive, int is_reversed) {
  // x and y are [outer, length, inner], dy and dx are [copies, outer, length, inner]. The derivative
  // by entry j is the product before it times s_j = dy_j + x_{j+1} s_{j+1}: no division, which would
  // fail at zeros. An exclusive product at j + 1 is the inclusive one at j.
  size_t block = length * inner;
  for (size_t k = 0; k < copies; k++) {
    for (size_t o = 0; o < outer; o++, dy += block, dx += block) {
      const float *in = x + o * block, *products = y + o * block;
      for (size_t i = 0; i < inner; i++) {
        float rest = 0, later = 0, after = 0;
        for (size_t step = length; step-- > 0;) {
          size_t at = (is_reversed ? length - 1 - step : step) * inner + i;
          size_t previous = is_reversed ? at + inner : at - inner;
          rest = (is_exclusive ? later : dy[at]) + after * rest;
          float before = is_exclusive ? products[at] : step > 0 ? products[previous] : 1;
          dx[at] += before * rest;
          later = dy[at];
          after = in[at];
        }
      }
    }
  }
}

CK_CLONES
void ck_sparse_apply(const ptrdiff_t *to, const ptrdiff_t *from, const float *weights, size_t count,
                     const float *x, float *y, size_t outer, size_t x_stride, size_t y_stride,
                     size_t inner) {
  // x is [outer, ·, inner], y is [outer, ·, inner]
  for (size_t o = 0; o < outer; o++, x += x_stride, y += y_stride) {
    if (inner == 1 && weights) {
      for (size_t e = 0; e < count; e++) y[to[e]] += weights[e] * x[from[e]];
    } else if (inner == 1) {
      for (size_t e = 0; e < count; e++) y[to[e]] += x[from[e]];
    } else {
      for (size_t e = 0; e < count; e++) {
        const float *in = x + from[e] * (ptrdiff_t)inner;
        float *out = y + to[e] * (ptrdiff_t)inner;
        float w = weights ? weights[e] : 1.0f;
        for (size_t i = 0; i < inner; i++) out[i] += w * in[i];
      }
    }
  }
}
