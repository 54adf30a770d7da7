#include "winograd.h"

#include <string.h>

#include "lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { POINTS = CK_WINOGRAD_POINTS, FILTERS = CK_WINOGRAD_FILTERS, TILES = CK_WINOGRAD_TILES };
typedef float block __attribute__((vector_size(FILTERS * sizeof(float))));
#define INLINE static inline __attribute__((always_inline))

ptrdiff_t ck_winograd_down(const struct ck_plane *p) { return (p->output_height + 1) / 2; }
ptrdiff_t ck_winograd_across(const struct ck_plane *p) { return (p->output_width + 1) / 2; }

// A plane cut into four by the parity of row and column, rows of tiles + 1: the entries at (r, c) of
// all tiles lie one after the other.
static ptrdiff_t pitch(const struct ck_plane *p) { return ck_winograd_across(p) + 1; }
static ptrdiff_t quarter(const struct ck_plane *p) {
  return (ck_winograd_down(p) + 1) * pitch(p) + 2 * CK_WIDE;
}

size_t ck_winograd_point(size_t channels, size_t tiles) { return tiles * channels + TILES; }

size_t ck_winograd_scratch(const struct ck_plane *p) {
  return (size_t)(quarter(p) * 4 + POINTS * quarter(p));
}

CK_CLONES
void ck_winograd_filters(const float *filters, size_t outputs, size_t output_step, size_t inputs,
                         size_t input_step, int is_turned, float *u) {
  for (size_t i = 0; i < inputs; i++, u += FILTERS) {
    block g[9];
    for (size_t o = 0; o < FILTERS; o++) {
      const float *from = filters + 9 * (o * output_step + i * input_step);
      for (size_t k = 0; k < 9; k++)
        g[k][o] = o < outputs ? from[is_turned ? 8 - k : k] : 0;
    }
    block h[12];
    for (size_t c = 0; c < 3; c++) {
      block sum = g[c] + g[6 + c];
      h[c] = g[c];
      h[3 + c] = 0.5f * (sum + g[3 + c]);
      h[6 + c] = 0.5f * (sum - g[3 + c]);
      h[9 + c] = g[6 + c];
    }
    for (size_t r = 0; r < 4; r++) {
      block sum = h[3 * r] + h[3 * r + 2];
      block row[4] = {h[3 * r], 0.5f * (sum + h[3 * r + 1]), 0.5f * (sum - h[3 * r + 1]),
                      h[3 * r + 2]};
      for (size_t c = 0; c < 4; c++)
        memcpy(u + (4 * r + c) * inputs * FILTERS, &row[c], sizeof(block));
    }
  }
}

// Cuts the lines [first, last] of tiles out of one channel, by parity.
INLINE void split(const struct ck_plane *p, const float *x, ptrdiff_t first, ptrdiff_t last,
                  float *parts) {
  ptrdiff_t across = pitch(p), size = quarter(p);
  for (ptrdiff_t row = 2 * first; row < 2 * last + 2; row++) {
    float *even = parts + (row & 1) * 2 * size + (row / 2 - first) * across, *odd = even + size;
    ptrdiff_t from = row - p->top;
    if (from < 0 || from >= p->height) {
      memset(even, 0, (size_t)across * sizeof *even);
      memset(odd, 0, (size_t)across * sizeof *odd);
      continue;
    }
    const float *line = x + from * p->width;
    float *sides[2] = {even, odd};
    for (ptrdiff_t parity = 0; parity < 2; parity++) {
      // side[j] = line[2 j + offset]
      float *side = sides[parity];
      ptrdiff_t offset = parity - p->left;
      ptrdiff_t low = offset < 0 ? (1 - offset) / 2 : 0;
      ptrdiff_t high = p->width > offset ? (p->width - offset + 1) / 2 : 0;
      if (high > across) high = across;
      if (low > high) low = high;
      for (ptrdiff_t j = 0; j < low; j++) side[j] = 0;
      for (ptrdiff_t j = low; j < high; j++) side[j] = line[2 * j + offset];
      for (ptrdiff_t j = high; j < across; j++) side[j] = 0;
    }
  }
}

// Bᵀ d B of the 16 tiles from `parts` on.
INLINE void transform(const float *parts, ptrdiff_t across, ptrdiff_t size, ck_half *result) {
  ck_half h[16];
  for (ptrdiff_t c = 0; c < 4; c++) {
    ck_half d[4];
    for (ptrdiff_t r = 0; r < 4; r++)
      memcpy(&d[r], parts + ((r & 1) * 2 + (c & 1)) * size + (r / 2) * across + c / 2,
             sizeof(ck_half));
    h[c] = d[0] - d[2];
    h[4 + c] = d[1] + d[2];
    h[8 + c] = d[2] - d[1];
    h[12 + c] = d[1] - d[3];
  }
  for (ptrdiff_t r = 0; r < 4; r++) {
    ck_half *d = h + 4 * r;
    result[4 * r] = d[0] - d[2];
    result[4 * r + 1] = d[1] + d[2];
    result[4 * r + 2] = d[2] - d[1];
    result[4 * r + 3] = d[1] - d[3];
  }
}

// One point of all tiles from lines that end in a tile too many, `segment` tiles at a time.
INLINE void pack(const float *from, ptrdiff_t across, ptrdiff_t lines, ptrdiff_t tiles,
                 ptrdiff_t segment, size_t tile, size_t width, size_t step, float *to) {
  size_t lane = tile % width;
  to += tile / width * step;
  for (ptrdiff_t line = 0; line < lines; line++, from += across) {
    for (ptrdiff_t j = 0; j < tiles; j += segment, lane += (size_t)segment) {
      if (lane == width) {
        lane = 0;
        to += step;
      }
      memcpy(to + lane, from + j, (size_t)segment * sizeof *to);
    }
  }
}

typedef void transformation(const float *parts, ptrdiff_t across, ptrdiff_t size, ck_half *result);

// The tiles of some lines of every channel, transformed.
INLINE void tiles_of(const struct ck_plane *p, const float *x, size_t channels, ptrdiff_t first,
                     ptrdiff_t last, size_t width, size_t point, size_t at,
                     transformation *transformed, float *scratch, float *v) {
  ptrdiff_t tiles = ck_winograd_across(p), across = pitch(p), size = quarter(p);
  float *parts = scratch, *flat = scratch + 4 * size;
  size_t step = channels * width, start = at;
  for (size_t c = 0; c < channels; c++, x += p->height * p->width, v += width) {
    split(p, x, first, last, parts);
    ck_half result[POINTS];
    if (tiles % CK_WIDE == 0 && start % CK_WIDE == 0) {
      size_t tile = start;
      for (ptrdiff_t line = 0; line < last - first; line++) {
        for (ptrdiff_t j = 0; j < tiles; j += CK_WIDE, tile += CK_WIDE) {
          transformed(parts + line * across + j, across, size, result);
          float *to = v + tile / width * step + tile % width;
          for (size_t e = 0; e < POINTS; e++) memcpy(to + e * point, &result[e], sizeof(ck_half));
        }
      }
      continue;
    }
    // Lines of tiles do not fill vectors: all tiles as they lie, then packed.
    for (ptrdiff_t j = 0; j < (last - first) * across; j += CK_WIDE) {
      transformed(parts + j, across, size, result);
      for (size_t e = 0; e < POINTS; e++)
        memcpy(flat + (ptrdiff_t)e * size + j, &result[e], sizeof(ck_half));
    }
    for (size_t e = 0; e < POINTS; e++) {
      const float *from = flat + (ptrdiff_t)e * size;
      if (tiles % 8 == 0 && start % 8 == 0)
        pack(from, across, last - first, tiles, 8, start, width, step, v + e * point);
      else if (tiles % 4 == 0 && start % 4 == 0)
        pack(from, across, last - first, tiles, 4, start, width, step, v + e * point);
      else if (tiles % 2 == 0 && start % 2 == 0)
        pack(from, across, last - first, tiles, 2, start, width, step, v + e * point);
      else
        pack(from, across, last - first, tiles, 1, start, width, step, v + e * point);
    }
  }
}

CK_CLONES
void ck_winograd_inputs(const struct ck_plane *plane, const float *x, size_t channels,
                        ptrdiff_t first, ptrdiff_t last, size_t panels, size_t width, size_t at,
                        float *scratch, float *v) {
  tiles_of(plane, x, channels, first, last, width, ck_winograd_point(channels, panels * width), at,
           transform, scratch, v);
}

// A δ Aᵀ of the 16 tiles from `parts` on.
INLINE void spread(const float *parts, ptrdiff_t across, ptrdiff_t size, ck_half *result) {
  (void)across;
  ck_half h[8];
  for (ptrdiff_t c = 0; c < 2; c++) {
    ck_half top, bottom;
    memcpy(&top, parts + c * size, sizeof top);
    memcpy(&bottom, parts + (2 + c) * size, sizeof bottom);
    h[c] = top;
    h[2 + c] = top + bottom;
    h[4 + c] = top - bottom;
    h[6 + c] = -bottom;
  }
  for (ptrdiff_t r = 0; r < 4; r++) {
    result[4 * r] = h[2 * r];
    result[4 * r + 1] = h[2 * r] + h[2 * r + 1];
    result[4 * r + 2] = h[2 * r] - h[2 * r + 1];
    result[4 * r + 3] = -h[2 * r + 1];
  }
}

CK_CLONES
void ck_winograd_cotangents(const struct ck_plane *plane, const float *dy, size_t channels,
                            ptrdiff_t first, ptrdiff_t last, size_t width, float *scratch,
                            float *w) {
  struct ck_plane outputs = *plane;
  outputs.height = plane->output_height;
  outputs.width = plane->output_width;
  outputs.top = outputs.left = 0;
  tiles_of(&outputs, dy, channels, first, last, width, ck_winograd_point(channels, width), 0, spread,
           scratch, w);
}

// Gᵀ m G of one filter or of 16, squared and summed.
#define SQUARES(type, m, point, sum)                            \
  do {                                                          \
    type h[12];                                                 \
    for (size_t c = 0; c < 4; c++) {                            \
      type d[4];                                                \
      for (size_t r = 0; r < 4; r++)                            \
        memcpy(&d[r], (m) + (4 * r + c) * (point), sizeof d[r]); \
      type both = 0.5f * (d[1] + d[2]);                         \
      h[c] = d[0] + both;                                       \
      h[4 + c] = 0.5f * (d[1] - d[2]);                          \
      h[8 + c] = both + d[3];                                   \
    }                                                           \
    for (size_t r = 0; r < 3; r++) {                            \
      type *d = h + 4 * r;                                      \
      type both = 0.5f * (d[1] + d[2]);                         \
      type left = d[0] + both, middle = 0.5f * (d[1] - d[2]), right = both + d[3]; \
      (sum) += left * left + middle * middle + right * right;   \
    }                                                           \
  } while (0)

CK_CLONES
double ck_winograd_gradient_square(const float *m, size_t filters) {
  double total = 0;
  size_t f = 0;
  while (f + CK_WIDE <= filters) {
    ck_half sum = {0};
    for (size_t strip = 0; strip < 64 && f + CK_WIDE <= filters; strip++, f += CK_WIDE)
      SQUARES(ck_half, m + f, filters, sum);
    for (size_t j = 0; j < CK_WIDE; j++) total += sum[j];
  }
  for (; f < filters; f++) {
    float sum = 0;
    SQUARES(float, m + f, filters, sum);
    total += sum;
  }
  return total;
}

// One block of filters with one panel of tiles.
INLINE void product(const float *u, const float *v, size_t inputs, size_t row, float *m) {
  enum { ROWS = 4 };
  for (size_t o = 0; o < FILTERS; o += ROWS) {
    for (size_t t = 0; t < TILES; t += CK_WIDE) {
      ck_half sum[ROWS] = {0};
      for (size_t i = 0; i < inputs; i++) {
        ck_half tiles;
        memcpy(&tiles, v + i * TILES + t, sizeof tiles);
        for (size_t r = 0; r < ROWS; r++) sum[r] += u[i * FILTERS + o + r] * tiles;
      }
      for (size_t r = 0; r < ROWS; r++) memcpy(m + (o + r) * row + t, &sum[r], sizeof(ck_half));
    }
  }
}

CK_CLONES
static void multiply(const float *u, const float *v, size_t inputs, size_t panels, float *m) {
  size_t row = panels * TILES;
  for (size_t e = 0; e < POINTS; e++)
    for (size_t p = 0; p < panels; p++)
      product(u + e * inputs * FILTERS, v + e * ck_winograd_point(inputs, panels * TILES) + p * inputs * TILES, inputs, row,
              m + e * FILTERS * row + p * TILES);
}

#if defined(__x86_64__)
// The whole block of sums in registers.
__attribute__((target("avx512f"))) static void multiply_wide(const float *u, const float *v,
                                                             size_t inputs, size_t panels,
                                                             float *m) {
  size_t row = panels * TILES;
  for (size_t e = 0; e < POINTS; e++, u += inputs * FILTERS, m += FILTERS * row, v += TILES) {
    for (size_t p = 0; p < panels; p++, v += inputs * TILES) {
      __m512 low[FILTERS], high[FILTERS];
#pragma clang loop unroll(full)
      for (size_t r = 0; r < FILTERS; r++) low[r] = high[r] = _mm512_setzero_ps();
      for (size_t i = 0; i < inputs; i++) {
        __m512 a = _mm512_loadu_ps(v + i * TILES), b = _mm512_loadu_ps(v + i * TILES + 16);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < FILTERS; r++) {
          __m512 filter = _mm512_set1_ps(u[i * FILTERS + r]);
          low[r] = _mm512_fmadd_ps(filter, a, low[r]);
          high[r] = _mm512_fmadd_ps(filter, b, high[r]);
        }
      }
#pragma clang loop unroll(full)
      for (size_t r = 0; r < FILTERS; r++) {
        _mm512_storeu_ps(m + r * row + p * TILES, low[r]);
        _mm512_storeu_ps(m + r * row + p * TILES + 16, high[r]);
      }
    }
  }
}
#endif

void ck_winograd_multiply(const float *u, const float *v, size_t inputs, size_t panels, float *m) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) {
    multiply_wide(u, v, inputs, panels, m);
    return;
  }
#endif
  multiply(u, v, inputs, panels, m);
}

// Aᵀ m A of 16 tiles: the outputs at (0, 0), (0, 1), (1, 0), (1, 1) of each.
INLINE void gather(const float *m, size_t point, ck_half *y) {
  ck_half top[4], bottom[4];
  for (size_t c = 0; c < 4; c++) {
    ck_half d[4];
    for (size_t r = 0; r < 4; r++) memcpy(&d[r], m + (4 * r + c) * point, sizeof(ck_half));
    top[c] = d[0] + d[1] + d[2];
    bottom[c] = d[1] - d[2] - d[3];
  }
  y[0] = top[0] + top[1] + top[2];
  y[1] = top[1] - top[2] - top[3];
  y[2] = bottom[0] + bottom[1] + bottom[2];
  y[3] = bottom[1] - bottom[2] - bottom[3];
}

// The left and right outputs of 16 tiles beside each other.
INLINE void interleave(const ck_half *sides, int accumulates, float *line) {
  ck_half left = sides[0], right = sides[1];
  ck_half low = __builtin_shufflevector(left, right, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22,
                                        7, 23);
  ck_half high = __builtin_shufflevector(left, right, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
                                         14, 30, 15, 31);
  if (accumulates) {
    ck_half before[2];
    memcpy(before, line, sizeof before);
    low += before[0];
    high += before[1];
  }
  memcpy(line, &low, sizeof low);
  memcpy(line + CK_WIDE, &high, sizeof high);
}

CK_CLONES
void ck_winograd_outputs(const struct ck_plane *p, const float *m, size_t outputs, ptrdiff_t first,
                         ptrdiff_t last, size_t panels, size_t at, int accumulates, float *y) {
  ptrdiff_t tiles = ck_winograd_across(p), width = p->output_width, height = p->output_height;
  size_t row = panels * TILES, point = FILTERS * row;
  int is_whole = tiles % CK_WIDE == 0 && width % 2 == 0;
  for (size_t o = 0; o < outputs; o++, m += row, y += height * width) {
    size_t count = (size_t)((last - first) * tiles);
    ptrdiff_t line = first, tile = 0;
    for (size_t t = 0; t < count; t += CK_WIDE) {
      ck_half result[4];
      size_t from = at + t;
      if (from + CK_WIDE <= row) {
        gather(m + from, point, result);
      } else {
        // The last tiles of a panel that starts in its middle.
        float tail[POINTS * CK_WIDE];
        for (size_t e = 0; e < POINTS; e++)
          memcpy(tail + e * CK_WIDE, m + e * point + from, (row - from) * sizeof *m);
        gather(tail, CK_WIDE, result);
      }
      if (is_whole) {
        float *to = y + 2 * line * width + 2 * tile;
        interleave(result, accumulates, to);
        if (2 * line + 1 < height) interleave(result + 2, accumulates, to + width);
        tile += CK_WIDE;
        if (tile == tiles) {
          tile = 0;
          line++;
        }
        continue;
      }
      size_t rest = count - t < CK_WIDE ? count - t : CK_WIDE;
      for (size_t j = 0; j < rest; j++) {
        float *to = y + 2 * line * width + 2 * tile;
        for (ptrdiff_t r = 0; r < 2 && 2 * line + r < height; r++) {
          for (ptrdiff_t c = 0; c < 2 && 2 * tile + c < width; c++) {
            float value = result[2 * r + c][j];
            to[r * width + c] = accumulates ? to[r * width + c] + value : value;
          }
        }
        if (++tile == tiles) {
          tile = 0;
          line++;
        }
      }
    }
  }
}
