#include "channelwise.h"

#include <string.h>

#include "lanes.h"

#define INLINE static inline __attribute__((always_inline))

static ptrdiff_t product(const ptrdiff_t *extents, int rank) {
  ptrdiff_t total = 1;
  for (int axis = 0; axis < rank; axis++) total *= extents[axis];
  return total;
}

// A line of outputs and a window entry: where the line of inputs lies that the entry sees.
struct sight {
  ptrdiff_t start;     // of the input for output 0, which may lie outside
  ptrdiff_t from, to;  // outputs whose input lies inside
};

// Next index of an odometer over `rank` axes; 0 when it has come round.
INLINE int next_index(const ptrdiff_t *extents, ptrdiff_t *index, int rank) {
  for (int axis = rank - 1; axis >= 0; axis--) {
    if (++index[axis] < extents[axis]) return 1;
    index[axis] = 0;
  }
  return 0;
}

INLINE struct sight seen(const struct ck_window *w, const ptrdiff_t *o, const ptrdiff_t *k) {
  struct sight sight = {0, 0, 0};
  int last = w->rank - 1;
  for (int axis = 0; axis < last; axis++) {
    ptrdiff_t at = o[axis] * w->stride[axis] - w->padding[axis] + k[axis] * w->dilation[axis];
    if (at < 0 || at >= w->input[axis]) return sight;
    sight.start = (sight.start + at) * w->input[axis + 1];
  }
  ptrdiff_t offset = k[last] * w->dilation[last] - w->padding[last], stride = w->stride[last];
  sight.start += offset;
  sight.from = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  sight.to = offset >= w->input[last] ? 0 : (w->input[last] - 1 - offset) / stride + 1;
  if (sight.to > w->output[last]) sight.to = w->output[last];
  return sight;
}

// Every line of outputs with every window entry that sees something of it.
#define FOR_EACH_SIGHT(w, body)                                                  \
  do {                                                                           \
    ptrdiff_t o[CK_MAX_SPATIAL] = {0}, line = 0;                                 \
    do {                                                                         \
      ptrdiff_t k[CK_MAX_SPATIAL] = {0}, entry = 0;                              \
      do {                                                                       \
        struct sight sight = seen(w, o, k);                                      \
        if (sight.from < sight.to) body;                                         \
        entry++;                                                                 \
      } while (next_index((w)->kernel, k, (w)->rank));                           \
      line += (w)->output[(w)->rank - 1];                                        \
    } while (next_index((w)->output, o, (w)->rank - 1));                         \
  } while (0)

INLINE void add_products(const float *x, ptrdiff_t stride, float factor, ptrdiff_t count,
                         float *y) {
  if (stride == 1) {
    for (ptrdiff_t i = 0; i < count; i++) y[i] += factor * x[i];
  } else {
    for (ptrdiff_t i = 0; i < count; i++) y[i] += factor * x[i * stride];
  }
}

CK_CLONES
void ck_channelwise_forward(const struct ck_window *w, const float *filters, const float *x,
                            size_t images, size_t channels, size_t multiplier, float *y) {
  ptrdiff_t places = product(w->input, w->rank), outputs = product(w->output, w->rank);
  ptrdiff_t taps = product(w->kernel, w->rank), stride = w->stride[w->rank - 1];
  memset(y, 0, images * channels * multiplier * (size_t)outputs * sizeof *y);
  for (size_t m = 0; m < images; m++) {
    const float *filter = filters;
    for (size_t c = 0; c < channels; c++, x += places) {
      for (size_t f = 0; f < multiplier; f++, filter += taps, y += outputs) {
        FOR_EACH_SIGHT(w, add_products(x + sight.start + sight.from * stride, stride, filter[entry],
                                       sight.to - sight.from, y + line + sight.from));
      }
    }
  }
}

INLINE void spread_products(const float *dy, ptrdiff_t stride, float factor, ptrdiff_t count,
                            float *dx) {
  if (stride == 1) {
    for (ptrdiff_t i = 0; i < count; i++) dx[i] += factor * dy[i];
  } else {
    for (ptrdiff_t i = 0; i < count; i++) dx[i * stride] += factor * dy[i];
  }
}

CK_CLONES
void ck_channelwise_backward(const struct ck_window *w, const float *filters, const float *dy,
                             size_t images, size_t channels, size_t multiplier, float *dx) {
  ptrdiff_t places = product(w->input, w->rank), outputs = product(w->output, w->rank);
  ptrdiff_t taps = product(w->kernel, w->rank), stride = w->stride[w->rank - 1];
  for (size_t m = 0; m < images; m++) {
    const float *filter = filters;
    for (size_t c = 0; c < channels; c++, dx += places) {
      for (size_t f = 0; f < multiplier; f++, filter += taps, dy += outputs) {
        FOR_EACH_SIGHT(
            w, spread_products(dy + line + sight.from, stride, filter[entry], sight.to - sight.from,
                               dx + sight.start + sight.from * stride));
      }
    }
  }
}

// Added in lanes: strict floating point would add one by one.
INLINE float inner_product(const float *x, ptrdiff_t stride, const float *y, ptrdiff_t count) {
#pragma clang fp reassociate(on)
  float sum = 0;
  if (stride == 1) {
    for (ptrdiff_t i = 0; i < count; i++) sum += x[i] * y[i];
  } else {
    for (ptrdiff_t i = 0; i < count; i++) sum += x[i * stride] * y[i];
  }
  return sum;
}

CK_CLONES
void ck_channelwise_gradient(const struct ck_window *w, const float *x, const float *dy,
                             size_t channels, size_t multiplier, float *df) {
  ptrdiff_t places = product(w->input, w->rank), outputs = product(w->output, w->rank);
  ptrdiff_t taps = product(w->kernel, w->rank), stride = w->stride[w->rank - 1];
  for (size_t c = 0; c < channels; c++, x += places) {
    for (size_t f = 0; f < multiplier; f++, df += taps, dy += outputs) {
      FOR_EACH_SIGHT(w, df[entry] += inner_product(x + sight.start + sight.from * stride, stride,
                                                   dy + line + sight.from, sight.to - sight.from));
    }
  }
}
