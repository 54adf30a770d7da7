#include "windows.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__x86_64__)
#define CK_DISPATCH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_DISPATCH
#endif

static inline ptrdiff_t product(const ptrdiff_t *extents, int rank) {
  ptrdiff_t total = 1;
  for (int axis = 0; axis < rank; axis++) total *= extents[axis];
  return total;
}

// Next index of an odometer over `rank` axes; 0 when it has come round.
static inline int next_index(const ptrdiff_t *extents, ptrdiff_t *index, int rank) {
  for (int axis = rank - 1; axis >= 0; axis--) {
    if (++index[axis] < extents[axis]) return 1;
    index[axis] = 0;
  }
  return 0;
}

// The outputs of the last axis whose input lies inside the image: [first, last).
static inline void inside(ptrdiff_t offset, ptrdiff_t stride, ptrdiff_t extent, ptrdiff_t outputs,
                          ptrdiff_t *first, ptrdiff_t *last) {
  ptrdiff_t low = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  ptrdiff_t high = offset >= extent ? 0 : (extent - 1 - offset) / stride + 1;
  if (high > outputs) high = outputs;
  if (low > high) low = high;
  *first = low;
  *last = high;
}

// Where the input line of outer window entry k at outer output o starts, or −1 outside the image.
static inline ptrdiff_t line_start(const struct ck_window *w, const ptrdiff_t *o,
                                   const ptrdiff_t *k) {
  ptrdiff_t start = 0;
  for (int axis = 0; axis < w->rank - 1; axis++) {
    ptrdiff_t at = o[axis] * w->stride[axis] - w->padding[axis] + k[axis] * w->dilation[axis];
    if (at < 0 || at >= w->input[axis]) return -1;
    start = (start + at) * w->input[axis + 1];
  }
  return start;
}

// One row of columns from one line of an image.
static inline __attribute__((always_inline)) void unfold_line(const float *line, float *row,
                                                              ptrdiff_t stride, ptrdiff_t from,
                                                              ptrdiff_t to, ptrdiff_t length) {
  for (ptrdiff_t i = 0; i < from; i++) row[i] = 0;
  if (stride == 1) {
    for (ptrdiff_t i = from; i < to; i++) row[i] = line[i];
  } else if (stride == 2) {
    for (ptrdiff_t i = from; i < to; i++) row[i] = line[2 * i];
  } else {
    for (ptrdiff_t i = from; i < to; i++) row[i] = line[i * stride];
  }
  for (ptrdiff_t i = to; i < length; i++) row[i] = 0;
}

static inline __attribute__((always_inline)) void fold_line(const float *row, float *line,
                                                            ptrdiff_t stride, ptrdiff_t from,
                                                            ptrdiff_t to) {
  if (stride == 1) {
    for (ptrdiff_t i = from; i < to; i++) line[i] += row[i];
  } else if (stride == 2) {
    for (ptrdiff_t i = from; i < to; i++) line[2 * i] += row[i];
  } else {
    for (ptrdiff_t i = from; i < to; i++) line[i * stride] += row[i];
  }
}

#if defined(__x86_64__)
// Images with stride 1 in the last axis: the part of a line that a window entry sees, and the zeros
// around it, are one masked load and one masked store for each 16 places.
__attribute__((target("avx512f"))) static void unfold_images(const struct ck_window *w,
                                                             const float *x, size_t channels,
                                                             float *columns, size_t row_stride) {
  // x is [channels, height, width], a row of columns is [lines, length]
  ptrdiff_t height = w->input[0], width = w->input[1], lines = w->output[0], length = w->output[1];
  for (size_t c = 0; c < channels; c++, x += height * width) {
    for (ptrdiff_t ky = 0; ky < w->kernel[0]; ky++) {
      ptrdiff_t top = ky * w->dilation[0] - w->padding[0], first, last;
      inside(top, w->stride[0], height, lines, &first, &last);
      for (ptrdiff_t kx = 0; kx < w->kernel[1]; kx++, columns += row_stride) {
        ptrdiff_t offset = kx * w->dilation[1] - w->padding[1], from, to;
        inside(offset, 1, width, length, &from, &to);
        memset(columns, 0, (size_t)(first * length) * sizeof *columns);
        memset(columns + last * length, 0, (size_t)((lines - last) * length) * sizeof *columns);
        for (ptrdiff_t at = 0; at < length; at += 16) {
          ptrdiff_t count = length - at < 16 ? length - at : 16;
          ptrdiff_t low = from - at < 0 ? 0 : from - at > 16 ? 16 : from - at;
          ptrdiff_t high = to - at < low ? low : to - at > 16 ? 16 : to - at;
          __mmask16 stored = (__mmask16)((1u << count) - 1);
          __mmask16 loaded = (__mmask16)(((1u << high) - 1) & ~((1u << low) - 1));
          const float *line = x + (first * w->stride[0] + top) * width + offset + at;
          float *row = columns + first * length + at;
          ptrdiff_t step = w->stride[0] * width;
          for (ptrdiff_t o = first; o < last; o++, line += step, row += length)
            _mm512_mask_storeu_ps(row, stored, _mm512_maskz_loadu_ps(loaded, line));
        }
      }
    }
  }
}
#endif

#if defined(__x86_64__)
// Sequences: where a window entry reaches is the same for every channel; strides are gathered.
__attribute__((target("avx512f"))) static void unfold_sequences(const struct ck_window *w,
                                                                const float *x, size_t channels,
                                                                float *columns,
                                                                size_t row_stride) {
  // x is [channels, input], a row of columns is [output]
  ptrdiff_t stride = w->stride[0], length = w->output[0], taps = w->kernel[0];
  __m512i steps = _mm512_mullo_epi32(
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
      _mm512_set1_epi32((int)stride));
  for (ptrdiff_t k = 0; k < taps; k++) {
    ptrdiff_t offset = k * w->dilation[0] - w->padding[0], from, to;
    inside(offset, stride, w->input[0], length, &from, &to);
    for (ptrdiff_t at = 0; at < length; at += 16) {
      ptrdiff_t count = length - at < 16 ? length - at : 16;
      ptrdiff_t low = from - at < 0 ? 0 : from - at > 16 ? 16 : from - at;
      ptrdiff_t high = to - at < low ? low : to - at > 16 ? 16 : to - at;
      __mmask16 stored = (__mmask16)((1u << count) - 1);
      __mmask16 loaded = (__mmask16)(((1u << high) - 1) & ~((1u << low) - 1));
      const float *line = x + offset + at * stride;
      float *row = columns + (size_t)k * row_stride + at;
      for (size_t c = 0; c < channels; c++, line += w->input[0], row += (size_t)taps * row_stride) {
        __m512 values = stride == 1 ? _mm512_maskz_loadu_ps(loaded, line)
                                    : _mm512_mask_i32gather_ps(_mm512_setzero_ps(), loaded, steps,
                                                               line, sizeof(float));
        _mm512_mask_storeu_ps(row, stored, values);
      }
    }
  }
}
#endif

CK_DISPATCH
static void unfold(const struct ck_window *w, const float *x, size_t channels, float *columns,
                   size_t row_stride) {
  if (w->rank == 1) {
    // One axis: no odometer, and the reach of each window entry is the same for every channel.
    ptrdiff_t stride = w->stride[0], length = w->output[0], taps = w->kernel[0];
    for (ptrdiff_t k = 0; k < taps; k++) {
      ptrdiff_t offset = k * w->dilation[0] - w->padding[0], from, to;
      inside(offset, stride, w->input[0], length, &from, &to);
      for (size_t c = 0; c < channels; c++)
        unfold_line(x + (ptrdiff_t)c * w->input[0] + offset,
                    columns + (size_t)((ptrdiff_t)c * taps + k) * row_stride, stride, from, to,
                    length);
    }
    return;
  }
  int last = w->rank - 1;
  ptrdiff_t places = product(w->input, w->rank);
  ptrdiff_t lines = product(w->output, last), length = w->output[last];
  for (size_t c = 0; c < channels; c++, x += places) {
    ptrdiff_t k[CK_MAX_SPATIAL] = {0};
    do {
      float *row = columns;
      columns += row_stride;
      ptrdiff_t offset = k[last] * w->dilation[last] - w->padding[last];
      ptrdiff_t stride = w->stride[last], from, to;
      inside(offset, stride, w->input[last], length, &from, &to);
      ptrdiff_t o[CK_MAX_SPATIAL] = {0};
      for (ptrdiff_t line = 0; line < lines; line++, row += length) {
        ptrdiff_t start = line_start(w, o, k);
        next_index(w->output, o, last);
        if (start < 0 || from == to) {
          memset(row, 0, (size_t)length * sizeof *row);
          continue;
        }
        unfold_line(x + start + offset, row, stride, from, to, length);
      }
    } while (next_index(w->kernel, k, w->rank));
  }
}

void ck_unfold(const struct ck_window *w, const float *x, size_t channels, float *columns,
               size_t row_stride) {
  // x is [channels, input], a row of columns is [output]
#if defined(__x86_64__)
  if (w->rank == 2 && w->stride[1] == 1 && __builtin_cpu_supports("avx512f")) {
    unfold_images(w, x, channels, columns, row_stride);
    return;
  }
  if (w->rank == 1 && w->stride[0] < 1 << 20 && __builtin_cpu_supports("avx512f")) {
    unfold_sequences(w, x, channels, columns, row_stride);
    return;
  }
#endif
  unfold(w, x, channels, columns, row_stride);
}

CK_DISPATCH
void ck_fold(const struct ck_window *w, const float *columns, size_t row_stride, size_t channels,
             float *x) {
  // a row of columns is [output], x is [channels, input]
  if (w->rank == 1) {
    // One axis: no odometer, and the reach of each window entry is the same for every channel.
    ptrdiff_t stride = w->stride[0], length = w->output[0], taps = w->kernel[0];
    for (ptrdiff_t k = 0; k < taps; k++) {
      ptrdiff_t offset = k * w->dilation[0] - w->padding[0], from, to;
      inside(offset, stride, w->input[0], length, &from, &to);
      for (size_t c = 0; c < channels; c++)
        fold_line(columns + (size_t)((ptrdiff_t)c * taps + k) * row_stride,
                  x + (ptrdiff_t)c * w->input[0] + offset, stride, from, to);
    }
    return;
  }
  int last = w->rank - 1;
  ptrdiff_t places = product(w->input, w->rank);
  ptrdiff_t lines = product(w->output, last), length = w->output[last];
  for (size_t c = 0; c < channels; c++, x += places) {
    ptrdiff_t k[CK_MAX_SPATIAL] = {0};
    do {
      const float *row = columns;
      columns += row_stride;
      ptrdiff_t offset = k[last] * w->dilation[last] - w->padding[last];
      ptrdiff_t stride = w->stride[last], from, to;
      inside(offset, stride, w->input[last], length, &from, &to);
      ptrdiff_t o[CK_MAX_SPATIAL] = {0};
      for (ptrdiff_t line = 0; line < lines; line++, row += length) {
        ptrdiff_t start = line_start(w, o, k);
        next_index(w->output, o, last);
        if (start < 0 || from == to) continue;
        fold_line(row, x + start + offset, stride, from, to);
      }
    } while (next_index(w->kernel, k, w->rank));
  }
}

// What a pooling does with one window entry of a line of outputs: output i, of `from` to `to`, meets
// x[i · stride].
typedef void pool_entry(void *line, ptrdiff_t x, ptrdiff_t stride, ptrdiff_t from, ptrdiff_t to);

// Every window entry of the line of outputs at o whose input line is inside the image.
static inline __attribute__((always_inline)) void each_entry(const struct ck_window *w,
                                                             const ptrdiff_t *o, void *line,
                                                             pool_entry *entry) {
  int last = w->rank - 1;
  ptrdiff_t stride = w->stride[last];
  ptrdiff_t k[CK_MAX_SPATIAL] = {0};
  do {
    ptrdiff_t start = line_start(w, o, k);
    if (start < 0) continue;
    for (ptrdiff_t tap = 0; tap < w->kernel[last]; tap++) {
      ptrdiff_t offset = tap * w->dilation[last] - w->padding[last], from, to;
      inside(offset, stride, w->input[last], w->output[last], &from, &to);
      // Strides that the compiler knows become vector loads.
      if (stride == 1)
        entry(line, start + offset, 1, from, to);
      else if (stride == 2)
        entry(line, start + offset, 2, from, to);
      else
        entry(line, start + offset, stride, from, to);
    }
  } while (next_index(w->kernel, k, last));
}

struct max_line {
  const float *x;
  float *y;
  int *where;
};

// The first of equal entries stays, NaN wins.
static inline __attribute__((always_inline)) void larger(void *max_line, ptrdiff_t x,
                                                         ptrdiff_t stride, ptrdiff_t from,
                                                         ptrdiff_t to) {
  struct max_line line = *(struct max_line *)max_line;
  for (ptrdiff_t i = from; i < to; i++) {
    float v = line.x[x + i * stride];
    int better = line.where[i] < 0 || v > line.y[i] || v != v;
    line.y[i] = better ? v : line.y[i];
    line.where[i] = better ? (int)(x + i * stride) : line.where[i];
  }
}

CK_DISPATCH
void ck_max_pool_forward(const struct ck_window *w, const float *x, size_t images, float *y,
                         int *where) {
  // x is [images, input], y and where are [images, output]; a line of outputs at a time
  int last = w->rank - 1;
  ptrdiff_t places = product(w->input, w->rank), lines = product(w->output, last);
  ptrdiff_t length = w->output[last];
  for (size_t m = 0; m < images; m++, x += places) {
    ptrdiff_t o[CK_MAX_SPATIAL] = {0};
    for (ptrdiff_t line = 0; line < lines; line++, y += length, where += length) {
      for (ptrdiff_t i = 0; i < length; i++) {
        y[i] = -INFINITY;
        where[i] = -1;
      }
      each_entry(w, o, &(struct max_line){x, y, where}, larger);
      next_index(w->output, o, last);
    }
  }
}

void ck_max_pool_backward(const int *where, const float *dy, float *dx, size_t copies,
                          size_t images, size_t places_in, size_t places_out) {
  // dy is [copies, images, places_out], dx is [copies, images, places_in]
  for (size_t k = 0; k < copies; k++) {
    const int *at = where;
    for (size_t m = 0; m < images; m++) {
      for (size_t o = 0; o < places_out; o++, at++, dy++) {
        if (*at >= 0) dx[*at] += *dy;
      }
      dx += places_in;
    }
  }
}

// Entries of the window at output o that its sum is divided by: a box, so axis by axis.
static inline float window_size(const struct ck_window *w, const ptrdiff_t *o, int divisor) {
  float size = 1;
  if (divisor == CK_ONE) return size;
  for (int axis = 0; axis < w->rank; axis++) {
    ptrdiff_t before = divisor == CK_PADDED ? w->padding[axis] : 0;
    ptrdiff_t after = divisor == CK_PADDED ? w->padding_after[axis] : 0;
    ptrdiff_t count = 0;
    for (ptrdiff_t k = 0; k < w->kernel[axis]; k++) {
      ptrdiff_t i = o[axis] * w->stride[axis] - w->padding[axis] + k * w->dilation[axis];
      if (i >= -before && i < w->input[axis] + after) count++;
    }
    size *= (float)count;
  }
  return size > 0 ? size : 1;
}

void ck_average_pool_factors(const struct ck_window *w, int divisor, float *factors) {
  // factors are [output]
  ptrdiff_t outputs = product(w->output, w->rank);
  ptrdiff_t o[CK_MAX_SPATIAL] = {0};
  for (ptrdiff_t at = 0; at < outputs; at++) {
    factors[at] = 1.0f / window_size(w, o, divisor);
    next_index(w->output, o, w->rank);
  }
}

struct sum_line {
  const float *x;
  float *y;
};

static inline __attribute__((always_inline)) void add_entry(void *sum_line, ptrdiff_t x,
                                                            ptrdiff_t stride, ptrdiff_t from,
                                                            ptrdiff_t to) {
  struct sum_line line = *(struct sum_line *)sum_line;
  for (ptrdiff_t i = from; i < to; i++) line.y[i] += line.x[x + i * stride];
}

CK_DISPATCH
void ck_average_pool_forward(const struct ck_window *w, const float *factors, const float *x,
                             size_t images, float *y) {
  // x is [images, input], y is [images, output], factors are [output]; a line of outputs at a time
  int last = w->rank - 1;
  ptrdiff_t places = product(w->input, w->rank), lines = product(w->output, last);
  ptrdiff_t length = w->output[last];
  for (size_t m = 0; m < images; m++, x += places) {
    ptrdiff_t o[CK_MAX_SPATIAL] = {0};
    const float *factor = factors;
    for (ptrdiff_t line = 0; line < lines; line++, y += length, factor += length) {
      for (ptrdiff_t i = 0; i < length; i++) y[i] = 0;
      each_entry(w, o, &(struct sum_line){x, y}, add_entry);
      for (ptrdiff_t i = 0; i < length; i++) y[i] *= factor[i];
      next_index(w->output, o, last);
    }
  }
}

struct spread_line {
  const float *factor;
  const float *dy;
  float *dx;
};

static inline __attribute__((always_inline)) void spread_entry(void *spread_line, ptrdiff_t x,
                                                               ptrdiff_t stride, ptrdiff_t from,
                                                               ptrdiff_t to) {
  struct spread_line line = *(struct spread_line *)spread_line;
  for (ptrdiff_t i = from; i < to; i++) line.dx[x + i * stride] += line.factor[i] * line.dy[i];
}

CK_DISPATCH
void ck_average_pool_backward(const struct ck_window *w, const float *factors, const float *dy,
                              size_t images, float *dx) {
  // dy is [images, output], dx is [images, input], factors are [output]
  int last = w->rank - 1;
  ptrdiff_t places = product(w->input, w->rank), lines = product(w->output, last);
  ptrdiff_t length = w->output[last];
  for (size_t m = 0; m < images; m++, dx += places) {
    ptrdiff_t o[CK_MAX_SPATIAL] = {0};
    const float *factor = factors;
    for (ptrdiff_t line = 0; line < lines; line++, dy += length, factor += length) {
      each_entry(w, o, &(struct spread_line){factor, dy, dx}, spread_entry);
      next_index(w->output, o, last);
    }
  }
}

CK_DISPATCH
void ck_swap_blocks(const float *source, float *destination, size_t outer, size_t inner,
                    size_t block) {
  // source is [outer, inner, block], destination is [inner, outer, block]
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const float *from = source + (o * inner + i) * block;
      float *to = destination + (i * outer + o) * block;
      for (size_t b = 0; b < block; b++) to[b] = from[b];
    }
  }
}

CK_DISPATCH
void ck_scatter_rows(const ptrdiff_t *rows, size_t count, size_t width, const float *dy,
                     float *table) {
  // dy is [count, width]
  for (size_t r = 0; r < count; r++, dy += width) {
    float *row = table + rows[r] * (ptrdiff_t)width;
    for (size_t i = 0; i < width; i++) row[i] += dy[i];
  }
}

void ck_gather_rows(const ptrdiff_t *rows, size_t count, size_t width, const float *table,
                    float *y) {
  // y is [count, width]
  for (size_t r = 0; r < count; r++, y += width)
    memcpy(y, table + rows[r] * (ptrdiff_t)width, width * sizeof *y);
}

void ck_turn_filters(const float *filters, size_t outer, size_t inner, size_t taps, float *turned) {
  // filters is [outer, inner, taps], turned is [inner, outer, taps]
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const float *from = filters + (o * inner + i) * taps;
      float *to = turned + (i * outer + o) * taps;
      for (size_t k = 0; k < taps; k++) to[k] = from[taps - 1 - k];
    }
  }
}

CK_DISPATCH
void ck_window_products(const struct ck_window *w, const float *pixels, ptrdiff_t *starts,
                        float *products) {
  // pixels is [input, input], products is [output, output]; upper triangles
  int last = w->rank - 1;
  ptrdiff_t places = product(w->input, w->rank), lines = product(w->output, last);
  ptrdiff_t length = w->output[last], total = lines * length;
  for (ptrdiff_t t = 0; t < total; t++)
    memset(products + t * total + t, 0, (size_t)(total - t) * sizeof *products);
  ptrdiff_t k[CK_MAX_SPATIAL] = {0};
  do {
    ptrdiff_t offset = k[last] * w->dilation[last] - w->padding[last], from, to;
    inside(offset, 1, w->input[last], length, &from, &to);
    ptrdiff_t o[CK_MAX_SPATIAL] = {0};
    for (ptrdiff_t line = 0; line < lines; line++) {
      ptrdiff_t start = line_start(w, o, k);
      starts[line] = start < 0 ? PTRDIFF_MIN : start + offset;
      next_index(w->output, o, last);
    }
    for (ptrdiff_t line = 0; line < lines; line++) {
      if (starts[line] == PTRDIFF_MIN) continue;
      for (ptrdiff_t i = from; i < to; i++) {
        const float *row = pixels + (starts[line] + i) * places;
        float *sums = products + (line * length + i) * total;
        for (ptrdiff_t other = line; other < lines; other++) {
          if (starts[other] == PTRDIFF_MIN) continue;
          const float *in = row + starts[other];
          float *out = sums + other * length;
          for (ptrdiff_t j = other == line ? i : from; j < to; j++) out[j] += in[j];
        }
      }
    }
  } while (next_index(w->kernel, k, w->rank));
}
