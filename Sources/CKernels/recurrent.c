#include "recurrent.h"

#include <math.h>

#include "lanes.h"
#include "vector_math.h"

static inline float activated(int kind, float clip, float v) {
  if (clip > 0) v = v < -clip ? -clip : (v > clip ? clip : v);
  switch (kind) {
    case CK_CELL_TANH: return ck_tanh(v);
    case CK_CELL_RELU: return v > 0 ? v : 0;
    default: {
      // exp of a non-positive number only: no overflow on either side.
      float e = ck_exp(-fabsf(v));
      return v >= 0 ? 1.0f / (1.0f + e) : e / (1.0f + e);
    }
  }
}

static inline float slope(int kind, float clip, float y) {
  // Activations are monotone: a value at the clipped end's was clipped.
  if (clip > 0 && (y >= activated(kind, 0, clip) || (kind != CK_CELL_RELU && y <= activated(kind, 0, -clip))))
    return 0;
  switch (kind) {
    case CK_CELL_TANH: return 1.0f - y * y;
    case CK_CELL_RELU: return y > 0 ? 1.0f : 0.0f;
    default: return y * (1.0f - y);
  }
}

CK_CLONES
void ck_lstm_forward(const struct ck_cell *cell, float *gates, const float *c_before, float *c,
                     float *hidden, size_t size) {
  float *in = gates, *out = gates + size, *forget = gates + 2 * size, *new = gates + 3 * size;
  for (size_t i = 0; i < 3 * size; i++) gates[i] = activated(cell->f, cell->clip, gates[i]);
  for (size_t i = 0; i < size; i++) {
    new[i] = activated(cell->g, cell->clip, new[i]);
    c[i] = forget[i] * c_before[i] + in[i] * new[i];
    hidden[i] = out[i] * activated(cell->h, 0, c[i]);
  }
}

CK_CLONES
void ck_lstm_backward(const struct ck_cell *cell, const float *gates, const float *c_before,
                      const float *c, const float *dhidden, float *dc, float *dgates,
                      size_t size) {
  const float *in = gates, *out = gates + size, *forget = gates + 2 * size,
              *new = gates + 3 * size;
  for (size_t i = 0; i < size; i++) {
    float y = activated(cell->h, 0, c[i]);
    float d = dc[i] + dhidden[i] * out[i] * slope(cell->h, 0, y);
    dgates[i] = d * new[i] * slope(cell->f, cell->clip, in[i]);
    dgates[size + i] = dhidden[i] * y * slope(cell->f, cell->clip, out[i]);
    dgates[2 * size + i] = d * c_before[i] * slope(cell->f, cell->clip, forget[i]);
    dgates[3 * size + i] = d * in[i] * slope(cell->g, cell->clip, new[i]);
    dc[i] = d * forget[i];
  }
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
  for (size_t i = 0; i < 2 * size; i++) gates[i] = activated(cell->f, cell->clip, gates[i]);
  for (size_t i = 0; i < size; i++) reset[i] = gates[size + i] * before[i];
}

CK_CLONES
void ck_gru_forward(const struct ck_cell *cell, float *gates, const float *product,
                    const float *before, float *hidden, size_t size) {
  const float *update = gates, *reset = gates + size;
  float *new = gates + 2 * size;
  for (size_t i = 0; i < size; i++) {
    float v = new[i] + (product ? reset[i] * product[i] : 0);
    new[i] = activated(cell->g, cell->clip, v);
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
