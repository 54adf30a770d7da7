#include "channelwise.h"

#include <string.h>

#include "lanes.h"

#define INLINE static inline __attribute__((always_inline))
// Vectors summed at once, and the floats that may be read behind the last one.
enum { ROWS = 4, STRIP = ROWS * CK_WIDE };

// One channel laid out so that what a window entry sees of it lies `offset` from the outputs: with
// zeros around it where there is no stride, unfolded into columns where there is one.
struct layout {
  ptrdiff_t taps, lines, length;  // window entries; outputs: lines, and the places of each
  ptrdiff_t extents[CK_MAX_SPATIAL], pitch[CK_MAX_SPATIAL];
  ptrdiff_t size, count;  // of the laid out channel; from the first output to behind the last
  int is_padded;
};

static ptrdiff_t product(const ptrdiff_t *extents, int rank) {
  ptrdiff_t total = 1;
  for (int axis = 0; axis < rank; axis++) total *= extents[axis];
  return total;
}

static struct layout layout_of(const struct ck_window *w) {
  int last = w->rank - 1;
  struct layout l = {.taps = product(w->kernel, w->rank),
                     .lines = product(w->output, last),
                     .length = w->output[last],
                     .size = 1,
                     .is_padded = 1};
  for (int axis = last; axis >= 0; axis--) {
    l.extents[axis] = w->output[axis] + (w->kernel[axis] - 1) * w->dilation[axis];
    l.pitch[axis] = l.size;
    l.size *= l.extents[axis];
    if (w->stride[axis] != 1 || w->padding[axis] < 0 ||
        w->input[axis] + w->padding[axis] > l.extents[axis])
      l.is_padded = 0;
  }
  if (!l.is_padded) l.size = l.taps * l.lines * l.length;
  l.count = l.is_padded ? 1 : l.lines * l.length;
  for (int axis = 0; l.is_padded && axis <= last; axis++)
    l.count += (w->output[axis] - 1) * l.pitch[axis];
  return l;
}

size_t ck_channelwise_scratch(const struct ck_window *w) {
  struct layout l = layout_of(w);
  return (size_t)(l.size + l.count + 2 * STRIP);
}

// Next index of an odometer over `rank` axes; 0 when it has come round.
INLINE int next_index(const ptrdiff_t *extents, ptrdiff_t *index, int rank) {
  for (int axis = rank - 1; axis >= 0; axis--) {
    if (++index[axis] < extents[axis]) return 1;
    index[axis] = 0;
  }
  return 0;
}

INLINE ptrdiff_t place(const struct layout *l, const ptrdiff_t *index, const ptrdiff_t *add,
                       const ptrdiff_t *times, int rank) {
  ptrdiff_t at = 0;
  for (int axis = 0; axis < rank; axis++)
    at += (index[axis] * (times ? times[axis] : 1) + (add ? add[axis] : 0)) * l->pitch[axis];
  return at;
}

// Lays one channel out; zeros around it must be there.
INLINE void lay(const struct ck_window *w, const struct layout *l, const float *x, float *laid) {
  if (!l->is_padded) {
    ck_unfold(w, x, 1, laid, (size_t)(l->lines * l->length));
    return;
  }
  int last = w->rank - 1;
  ptrdiff_t index[CK_MAX_SPATIAL] = {0}, length = w->input[last];
  do {
    float *line = laid + place(l, index, w->padding, NULL, last) + w->padding[last];
    for (ptrdiff_t i = 0; i < length; i++) line[i] = x[i];
    x += length;
  } while (next_index(w->input, index, last));
}

// Lines of outputs from where they lie among the others' places, or to there.
INLINE void gather(const struct ck_window *w, const struct layout *l, const float *flat, float *y) {
  int last = w->rank - 1;
  ptrdiff_t index[CK_MAX_SPATIAL] = {0};
  do {
    const float *line = l->is_padded ? flat + place(l, index, NULL, NULL, last) : flat;
    for (ptrdiff_t i = 0; i < l->length; i++) y[i] = line[i];
    y += l->length;
    flat += l->is_padded ? 0 : l->length;
  } while (next_index(w->output, index, last));
}

INLINE void spread(const struct ck_window *w, const struct layout *l, const float *dy,
                   float *flat) {
  int last = w->rank - 1;
  ptrdiff_t index[CK_MAX_SPATIAL] = {0};
  do {
    float *line = l->is_padded ? flat + place(l, index, NULL, NULL, last) : flat;
    for (ptrdiff_t i = 0; i < l->length; i++) line[i] = dy[i];
    dy += l->length;
    flat += l->is_padded ? 0 : l->length;
  } while (next_index(w->output, index, last));
}

// The offset at which every window entry sees the laid out channel.
static void set_offsets(const struct ck_window *w, const struct layout *l, ptrdiff_t *offsets) {
  ptrdiff_t k[CK_MAX_SPATIAL] = {0}, tap = 0;
  do {
    offsets[tap] = l->is_padded ? place(l, k, NULL, w->dilation, w->rank) : tap * l->count;
    tap++;
  } while (next_index(w->kernel, k, w->rank));
}

// flat[q] = Σ_k filter[k] laid[q + offsets[k]]
INLINE void sums(const struct layout *l, const ptrdiff_t *offsets, const float *filter,
                 const float *laid, float *flat) {
  for (ptrdiff_t q = 0; q < l->count; q += STRIP) {
    ck_half sum[ROWS] = {0};
    for (ptrdiff_t tap = 0; tap < l->taps; tap++) {
      const float *from = laid + offsets[tap] + q;
      for (int r = 0; r < ROWS; r++) {
        ck_half v;
        memcpy(&v, from + r * CK_WIDE, sizeof v);
        sum[r] += filter[tap] * v;
      }
    }
    memcpy(flat + q, sum, sizeof sum);
  }
}

CK_CLONES
void ck_channelwise_forward(const struct ck_window *w, const float *filters, const float *x,
                            size_t images, size_t channels, size_t multiplier, float *scratch,
                            ptrdiff_t *offsets, float *y) {
  struct layout l = layout_of(w);
  set_offsets(w, &l, offsets);
  ptrdiff_t places = product(w->input, w->rank), outputs = l.lines * l.length;
  float *laid = scratch, *flat = scratch + l.size + STRIP;
  memset(laid, 0, (size_t)(l.size + STRIP) * sizeof *laid);
  for (size_t m = 0; m < images; m++) {
    const float *filter = filters;
    for (size_t c = 0; c < channels; c++, x += places) {
      lay(w, &l, x, laid);
      for (size_t f = 0; f < multiplier; f++, filter += l.taps, y += outputs) {
        sums(&l, offsets, filter, laid, flat);
        gather(w, &l, flat, y);
      }
    }
  }
}

CK_CLONES
void ck_channelwise_backward(const struct ck_window *w, const float *filters, const float *dy,
                             size_t images, size_t channels, size_t multiplier, float *scratch,
                             ptrdiff_t *offsets, float *dx) {
  struct layout l = layout_of(w);
  set_offsets(w, &l, offsets);
  ptrdiff_t places = product(w->input, w->rank), outputs = l.lines * l.length;
  ptrdiff_t whole = (l.count + STRIP - 1) / STRIP * STRIP;
  float *laid = scratch, *flat = scratch + l.size + STRIP;
  memset(flat, 0, (size_t)whole * sizeof *flat);
  for (size_t m = 0; m < images; m++) {
    const float *filter = filters;
    for (size_t c = 0; c < channels; c++, dx += places) {
      if (l.is_padded) memset(laid, 0, (size_t)(l.size + STRIP) * sizeof *laid);
      for (size_t f = 0; f < multiplier; f++, filter += l.taps, dy += outputs) {
        spread(w, &l, dy, flat);
        for (ptrdiff_t tap = 0; tap < l.taps; tap++) {
          float *to = laid + offsets[tap];
          if (l.is_padded) {
            for (ptrdiff_t q = 0; q < l.count; q++) to[q] += filter[tap] * flat[q];
          } else {
            for (ptrdiff_t q = 0; q < l.count; q++) to[q] = filter[tap] * flat[q];
          }
        }
        if (!l.is_padded) ck_fold(w, laid, (size_t)outputs, 1, dx);
      }
      if (!l.is_padded) continue;
      int last = w->rank - 1;
      ptrdiff_t index[CK_MAX_SPATIAL] = {0};
      float *to = dx;
      do {
        const float *line = laid + place(&l, index, w->padding, NULL, last) + w->padding[last];
        for (ptrdiff_t i = 0; i < w->input[last]; i++) to[i] += line[i];
        to += w->input[last];
      } while (next_index(w->input, index, last));
    }
  }
}

CK_CLONES
void ck_channelwise_gradient(const struct ck_window *w, const float *x, const float *dy,
                             size_t channels, size_t multiplier, float *scratch, ptrdiff_t *offsets,
                             float *df) {
  struct layout l = layout_of(w);
  set_offsets(w, &l, offsets);
  ptrdiff_t places = product(w->input, w->rank), outputs = l.lines * l.length;
  ptrdiff_t whole = (l.count + CK_WIDE - 1) / CK_WIDE * CK_WIDE;
  float *laid = scratch, *flat = scratch + l.size + STRIP;
  // Places between lines of outputs are zeros, and what lies behind the last one is a number.
  memset(scratch, 0, (size_t)(l.size + STRIP + whole) * sizeof *scratch);
  for (size_t c = 0; c < channels; c++, x += places) {
    lay(w, &l, x, laid);
    for (size_t f = 0; f < multiplier; f++, df += l.taps, dy += outputs) {
      spread(w, &l, dy, flat);
      for (ptrdiff_t tap = 0; tap < l.taps; tap++) {
        ck_half sum = {0};
        for (ptrdiff_t q = 0; q < whole; q += CK_WIDE) {
          ck_half a, b;
          memcpy(&a, laid + offsets[tap] + q, sizeof a);
          memcpy(&b, flat + q, sizeof b);
          sum += a * b;
        }
        float total = 0;
        for (int j = 0; j < CK_WIDE; j++) total += sum[j];
        df[tap] += total;
      }
    }
  }
}
