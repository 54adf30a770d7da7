#include "normalise.h"

#include "vector_math.h"

#if defined(__x86_64__)
#define CK_DISPATCH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_DISPATCH
#endif

// Sums of one row run in eight lanes, so that they vectorise without reordering beyond what is
// written here: results do not depend on the vector width.
#define LANES 8

static inline float lanes_total(const float *lane) {
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static inline float sum(const float *x, size_t n) {
  float lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (size_t j = 0; j < LANES; j++) lane[j] += x[i + j];
  }
  float rest = 0;
  for (; i < n; i++) rest += x[i];
  return lanes_total(lane) + rest;
}

// Σ y (x − shift)
static inline float shifted_dot(const float *y, const float *x, float shift, size_t n) {
  float lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (size_t j = 0; j < LANES; j++) lane[j] += y[i + j] * (x[i + j] - shift);
  }
  float rest = 0;
  for (; i < n; i++) rest += y[i] * (x[i] - shift);
  return lanes_total(lane) + rest;
}

CK_DISPATCH
void ck_channel_affine(const float *x, const float *scale, const float *shift, float *y,
                       size_t images, size_t channels, size_t places, int accumulate) {
  // x and y are [images, channels, places], scale and shift are [channels]
  for (size_t m = 0; m < images; m++) {
    for (size_t c = 0; c < channels; c++) {
      const float *in = x + (m * channels + c) * places;
      float *out = y + (m * channels + c) * places;
      float a = scale[c], b = shift ? shift[c] : 0.0f;
      if (accumulate) {
        for (size_t t = 0; t < places; t++) out[t] += a * in[t] + b;
      } else {
        for (size_t t = 0; t < places; t++) out[t] = a * in[t] + b;
      }
    }
  }
}

CK_DISPATCH
void ck_channel_scale_gradient(const float *x, const float *mean, const float *inverse_deviation,
                               const float *dy, float *dscale, size_t copies, size_t images,
                               size_t channels, size_t places) {
  // x is [images, channels, places], dy is [copies, images, channels, places]
  for (size_t k = 0; k < copies; k++) {
    for (size_t m = 0; m < images; m++) {
      for (size_t c = 0; c < channels; c++) {
        const float *in = x + (m * channels + c) * places;
        const float *out = dy + ((k * images + m) * channels + c) * places;
        dscale[k * channels + c] += inverse_deviation[c] * shifted_dot(out, in, mean[c], places);
      }
    }
  }
}

CK_DISPATCH
void ck_channel_shift_gradient(const float *dy, float *dshift, size_t copies, size_t images,
                               size_t channels, size_t places) {
  // dy is [copies, images, channels, places], dshift is [copies, channels]
  for (size_t k = 0; k < copies; k++) {
    for (size_t m = 0; m < images; m++) {
      for (size_t c = 0; c < channels; c++)
        dshift[k * channels + c] += sum(dy + ((k * images + m) * channels + c) * places, places);
    }
  }
}

CK_DISPATCH
void ck_layer_norm_forward(const float *x, const float *scale, const float *shift, float epsilon,
                           float *y, float *mean, float *inverse_deviation, size_t rows,
                           size_t width) {
  // x and y are [rows, width], mean and inverse_deviation are [rows]
  for (size_t r = 0; r < rows; r++) {
    const float *in = x + r * width;
    float *out = y + r * width;
    float m = mean ? sum(in, width) / (float)width : 0.0f;
    float variance = 0;
    for (size_t i = 0; i < width; i++) out[i] = in[i] - m;
    variance = shifted_dot(out, in, m, width) / (float)width;
    float s = 1.0f / sqrtf(variance + epsilon);
    if (mean) mean[r] = m;
    inverse_deviation[r] = s;
    if (scale) {
      for (size_t i = 0; i < width; i++) out[i] = (in[i] - m) * s * scale[i];
    } else {
      for (size_t i = 0; i < width; i++) out[i] = (in[i] - m) * s;
    }
    if (shift) {
      for (size_t i = 0; i < width; i++) out[i] += shift[i];
    }
  }
}

CK_DISPATCH
void ck_layer_norm_backward(const float *x, const float *scale, const float *mean,
                            const float *inverse_deviation, const float *dy, float *dx,
                            size_t copies, size_t rows, size_t width, int accumulate) {
  // With g = dy · scale and x̂ the normalised x: dx = s (g − mean(g) − x̂ mean(g x̂))
  for (size_t k = 0; k < copies; k++) {
    for (size_t r = 0; r < rows; r++) {
      const float *in = x + r * width;
      const float *g = dy + (k * rows + r) * width;
      float *out = dx + (k * rows + r) * width;
      float m = mean ? mean[r] : 0.0f, s = inverse_deviation[r];
      float total[LANES] = {0}, cross[LANES] = {0};
      size_t i = 0;
      for (; i + LANES <= width; i += LANES) {
        for (size_t j = 0; j < LANES; j++) {
          float v = scale ? g[i + j] * scale[i + j] : g[i + j];
          total[j] += v;
          cross[j] += v * (in[i + j] - m);
        }
      }
      for (; i < width; i++) {
        float v = scale ? g[i] * scale[i] : g[i];
        total[0] += v;
        cross[0] += v * (in[i] - m);
      }
      float average = mean ? lanes_total(total) / (float)width : 0.0f;
      float slope = lanes_total(cross) * s * s / (float)width;
      for (i = 0; i < width; i++) {
        float v = scale ? g[i] * scale[i] : g[i];
        float value = s * (v - average - (in[i] - m) * slope);
        out[i] = accumulate ? out[i] + value : value;
      }
    }
  }
}

CK_DISPATCH
void ck_layer_norm_scale_gradient(const float *x, const float *mean,
                                  const float *inverse_deviation, const float *dy, float *dscale,
                                  size_t copies, size_t rows, size_t width) {
  // x is [rows, width], dy is [copies, rows, width], dscale is [copies, width]
  for (size_t k = 0; k < copies; k++) {
    float *out = dscale + k * width;
    for (size_t r = 0; r < rows; r++) {
      const float *in = x + r * width;
      const float *g = dy + (k * rows + r) * width;
      float m = mean ? mean[r] : 0.0f, s = inverse_deviation[r];
      for (size_t i = 0; i < width; i++) out[i] += g[i] * (in[i] - m) * s;
    }
  }
}

CK_DISPATCH
void ck_column_sums(const float *dy, float *dshift, size_t copies, size_t rows, size_t width) {
  // dy is [copies, rows, width], dshift is [copies, width]
  for (size_t k = 0; k < copies; k++) {
    float *out = dshift + k * width;
    for (size_t r = 0; r < rows; r++) {
      const float *g = dy + (k * rows + r) * width;
      for (size_t i = 0; i < width; i++) out[i] += g[i];
    }
  }
}

static inline float largest_entry(const float *x, size_t n) {
  float lane[LANES];
  for (size_t j = 0; j < LANES; j++) lane[j] = -INFINITY;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (size_t j = 0; j < LANES; j++) lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
  }
  float largest = -INFINITY;
  for (; i < n; i++) largest = x[i] > largest ? x[i] : largest;
  for (size_t j = 0; j < LANES; j++) largest = lane[j] > largest ? lane[j] : largest;
  return largest;
}

static inline void softmax_row_forward(const float *in, float *out, size_t length, int is_log) {
  float largest = largest_entry(in, length);
  // Everything is masked: attention gives no weight, where the formula says 0 / 0.
  float base = largest == -INFINITY ? 0.0f : largest;
  for (size_t j = 0; j < length; j++) out[j] = ck_exp(in[j] - base);
  float total = sum(out, length);
  if (is_log) {
    float shift = base + logf(total);
    for (size_t j = 0; j < length; j++) out[j] = in[j] - shift;
  } else {
    float factor = total == 0 ? 0.0f : 1.0f / total;
    for (size_t j = 0; j < length; j++) out[j] *= factor;
  }
}

CK_DISPATCH
void ck_softmax_forward(const float *x, float *y, size_t outer, size_t length, size_t inner,
                        int is_log) {
  // x and y are [outer, length, inner]
  if (inner == 1) {
    for (size_t o = 0; o < outer; o++)
      softmax_row_forward(x + o * length, y + o * length, length, is_log);
    return;
  }
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const float *in = x + o * length * inner + i;
      float *out = y + o * length * inner + i;
      float largest = -INFINITY;
      for (size_t j = 0; j < length; j++)
        largest = in[j * inner] > largest ? in[j * inner] : largest;
      float base = largest == -INFINITY ? 0.0f : largest;
      float total = 0;
      for (size_t j = 0; j < length; j++) {
        float e = ck_exp(in[j * inner] - base);
        out[j * inner] = e;
        total += e;
      }
      if (is_log) {
        float shift = base + logf(total);
        for (size_t j = 0; j < length; j++) out[j * inner] = in[j * inner] - shift;
      } else {
        float factor = total == 0 ? 0.0f : 1.0f / total;
        for (size_t j = 0; j < length; j++) out[j * inner] *= factor;
      }
    }
  }
}

static inline __attribute__((always_inline)) void softmax_row_backward(
    const float *y, const float *dy, float *dx, size_t length, size_t inner, int is_log,
    int accumulate) {
  float lane[LANES] = {0};
  size_t j = 0;
  for (; j + LANES <= length; j += LANES) {
    for (size_t l = 0; l < LANES; l++) {
      float g = dy[(j + l) * inner];
      lane[l] += is_log ? g : g * y[(j + l) * inner];
    }
  }
  for (; j < length; j++) lane[0] += is_log ? dy[j * inner] : dy[j * inner] * y[j * inner];
  float total = lanes_total(lane);
  for (j = 0; j < length; j++) {
    float v = y[j * inner], g = dy[j * inner];
    float value = is_log ? g - ck_exp(v) * total : v * (g - total);
    dx[j * inner] = accumulate ? dx[j * inner] + value : value;
  }
}

CK_DISPATCH
void ck_softmax_backward(const float *y, const float *dy, float *dx, size_t copies, size_t outer,
                         size_t length, size_t inner, int is_log, int accumulate) {
  // y is [outer, length, inner], dy and dx are [copies, outer, length, inner]
  size_t slab = outer * length * inner;
  for (size_t k = 0; k < copies; k++) {
    for (size_t o = 0; o < outer; o++) {
      for (size_t i = 0; i < inner; i++) {
        size_t at = o * length * inner + i;
        if (inner == 1 && !is_log) {
          softmax_row_backward(y + at, dy + k * slab + at, dx + k * slab + at, length, 1, 0,
                               accumulate);
        } else {
          softmax_row_backward(y + at, dy + k * slab + at, dx + k * slab + at, length, inner,
                               is_log, accumulate);
        }
      }
    }
  }
}
