#include "recurrent.h"

#include "lanes.h"
#include "vector_math.h"

#define INLINE static inline __attribute__((always_inline))

INLINE float activated(int kind, float clip, float v) {
  if (clip > 0) v = v < -clip ? -clip : (v > clip ? clip : v);
  switch (kind) {
    case CK_CELL_TANH: return ck_tanh(v);
    case CK_CELL_RELU: return v > 0 ? v : 0;
    default: return ck_sigmoid(v);
  }
}

INLINE float slope(int kind, float clip, float y) {
  // Activations are monotone: a value at the clipped end's was clipped.
  if (clip > 0 && (y >= activated(kind, 0, clip) ||
                   (kind != CK_CELL_RELU && y <= activated(kind, 0, -clip))))
    return 0;
  switch (kind) {
    case CK_CELL_TANH: return 1.0f - y * y;
    case CK_CELL_RELU: return y > 0 ? 1.0f : 0.0f;
    default: return y * (1.0f - y);
  }
}

// The usual cell, for which loops over constants vectorise.
static inline int is_usual(const struct ck_cell *cell) {
  return cell->f == CK_CELL_SIGMOID && cell->g == CK_CELL_TANH && !(cell->clip > 0);
}

INLINE void lstm_forward(int f, int g, int h, float clip, float *gates, const float *c_before,
                         float *c, float *hidden, size_t size) {
  float *in = gates, *out = gates + size, *forget = gates + 2 * size, *new = gates + 3 * size;
  for (size_t i = 0; i < 3 * size; i++) gates[i] = activated(f, clip, gates[i]);
  for (size_t i = 0; i < size; i++) new[i] = activated(g, clip, new[i]);
  for (size_t i = 0; i < size; i++) {
    float next = forget[i] * c_before[i] + in[i] * new[i];
    c[i] = next;
    hidden[i] = out[i] * activated(h, 0, next);
  }
}

CK_CLONES
void ck_lstm_forward(const struct ck_cell *cell, float *restrict gates,
                     const float *restrict c_before, float *restrict c, float *restrict hidden,
                     size_t size) {
  if (is_usual(cell) && cell->h == CK_CELL_TANH)
    lstm_forward(CK_CELL_SIGMOID, CK_CELL_TANH, CK_CELL_TANH, 0, gates, c_before, c, hidden, size);
  else
    lstm_forward(cell->f, cell->g, cell->h, cell->clip, gates, c_before, c, hidden, size);
}

INLINE void lstm_backward(int f, int g, int h, float clip, const float *gates,
                          const float *c_before, const float *c, const float *dhidden, float *dc,
                          float *dgates, size_t size) {
  const float *in = gates, *out = gates + size, *forget = gates + 2 * size,
              *new = gates + 3 * size;
  for (size_t i = 0; i < size; i++) {
    float y = activated(h, 0, c[i]);
    float d = dc[i] + dhidden[i] * out[i] * slope(h, 0, y);
    dgates[i] = d * new[i] * slope(f, clip, in[i]);
    dgates[size + i] = dhidden[i] * y * slope(f, clip, out[i]);
    dgates[2 * size + i] = d * c_before[i] * slope(f, clip, forget[i]);
    dgates[3 * size + i] = d * in[i] * slope(g, clip, new[i]);
    dc[i] = d * forget[i];
  }
}

CK_CLONES
void ck_lstm_backward(const struct ck_cell *cell, const float *restrict gates,
                      const float *restrict c_before, const float *restrict c,
                      const float *restrict dhidden, float *restrict dc, float *restrict dgates,
                      size_t size) {
  if (is_usual(cell) && cell->h == CK_CELL_TANH)
    lstm_backward(CK_CELL_SIGMOID, CK_CELL_TANH, CK_CELL_TANH, 0, gates, c_before, c, dhidden, dc,
                  dgates, size);
  else
    lstm_backward(cell->f, cell->g, cell->h, cell->clip, gates, c_before, c, dhidden, dc, dgates,
                  size);
}

CK_CLONES
void ck_rnn_forward(const struct ck_cell *cell, float *gates, float *hidden, size_t size) {
  for (size_t i = 0; i < size; i++)
    hidden[i] = gates[i] = activated(cell->f, cell->clip, gates[i]);
}

CK_CLONES
void ck_rnn_backward(const struct ck_cell *cell, const float *gates, const float *dhidden,
                     float *dgates, size_t size) {
  for (size_t i = 0; i < size; i++)
    dgates[i] = dhidden[i] * slope(cell->f, cell->clip, gates[i]);
}

CK_CLONES
void ck_gru_reset(const struct ck_cell *cell, float *gates, const float *before, float *reset,
                  size_t size) {
  if (is_usual(cell)) {
    for (size_t i = 0; i < 2 * size; i++) gates[i] = ck_sigmoid(gates[i]);
  } else {
    for (size_t i = 0; i < 2 * size; i++) gates[i] = activated(cell->f, cell->clip, gates[i]);
  }
  for (size_t i = 0; i < size; i++) reset[i] = gates[size + i] * before[i];
}

CK_CLONES
void ck_gru_forward(const struct ck_cell *cell, float *gates, const float *product,
                    const float *before, float *hidden, size_t size) {
  const float *update = gates, *reset = gates + size;
  float *new = gates + 2 * size;
  if (product) {
    for (size_t i = 0; i < size; i++) new[i] += reset[i] * product[i];
  }
  if (is_usual(cell)) {
    for (size_t i = 0; i < size; i++) new[i] = ck_tanh(new[i]);
  } else {
    for (size_t i = 0; i < size; i++) new[i] = activated(cell->g, cell->clip, new[i]);
  }
  for (size_t i = 0; i < size; i++) {
    hidden[i] = (1.0f - update[i]) * new[i] + update[i] * before[i];
  }
}

CK_CLONES
void ck_gru_backward(const struct ck_cell *cell, const float *gates, const float *product,
                     const float *before, const float *dhidden, float *dgates, float *dproduct,
                     float *dbefore, size_t size) {
  const float *update = gates, *reset = gates + size, *new = gates + 2 * size;
  for (size_t i = 0; i < size; i++) {
    float d = dhidden[i];
    float dnew = d * (1.0f - update[i]) * slope(cell->g, cell->clip, new[i]);
    dgates[i] = d * (before[i] - new[i]) * slope(cell->f, cell->clip, update[i]);
    dgates[2 * size + i] = dnew;
    dbefore[i] = d * update[i];
    if (!product) continue;
    dgates[size + i] = dnew * product[i] * slope(cell->f, cell->clip, reset[i]);
    dproduct[i] = dnew * reset[i];
  }
}

CK_CLONES
void ck_gru_reset_backward(const struct ck_cell *cell, const float *gates, const float *before,
                           const float *dreset, float *dgates, float *dbefore, size_t size) {
  const float *reset = gates + size;
  for (size_t i = 0; i < size; i++) {
    dgates[size + i] = dreset[i] * before[i] * slope(cell->f, cell->clip, reset[i]);
    dbefore[i] += dreset[i] * reset[i];
  }
}
