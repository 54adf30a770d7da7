// One step of recurrent cells for one sequence, and its pullback, float32. Gates hold preactivations
// before a forward step and activations after it. Activations are those whose slope follows from the
// value.
#ifndef CKERNELS_RECURRENT_H
#define CKERNELS_RECURRENT_H
#include <stddef.h>

enum ck_activation { CK_CELL_SIGMOID, CK_CELL_TANH, CK_CELL_RELU };

// Activations of gates, of the candidate and of the output; preactivations are clipped to ±clip if
// that is positive.
struct ck_cell {
  int f, g, h;
  float clip;
};

// gates are [4, size]: input, output, forget, candidate. c and hidden are the new states.
void ck_lstm_forward(const struct ck_cell *cell, float *gates, const float *c_before, float *c,
                     float *hidden, size_t size);

// dhidden is the cotangent of the new hidden state, dc that of the new cell state; dc is left as that
// of the old one, dgates are those of the preactivations.
void ck_lstm_backward(const struct ck_cell *cell, const float *gates, const float *c_before,
                      const float *c, const float *dhidden, float *dc, float *dgates, size_t size);

// hidden = f(gates), which are [size].
void ck_rnn_forward(const struct ck_cell *cell, float *gates, float *hidden, size_t size);
void ck_rnn_backward(const struct ck_cell *cell, const float *gates, const float *dhidden,
                     float *dgates, size_t size);

// gates are [3, size]: update z, reset r, candidate. First z and r are activated, and reset receives
// r · before, the candidate's input where the reset comes before the product.
void ck_gru_reset(const struct ck_cell *cell, float *gates, const float *before, float *reset,
                  size_t size);

// Then the candidate, to which r · product is added unless product is null, and the new state
// (1 − z) candidate + z before.
void ck_gru_forward(const struct ck_cell *cell, float *gates, const float *product,
                    const float *before, float *hidden, size_t size);

// dgates of z and the candidate; dbefore = z dhidden. Where the product is reset (product not null),
// also dgates of r, and dproduct = r · dcandidate.
void ck_gru_backward(const struct ck_cell *cell, const float *gates, const float *product,
                     const float *before, const float *dhidden, float *dgates, float *dproduct,
                     float *dbefore, size_t size);

// Where the state is reset: from the cotangent of r · before, dgates of r, and dbefore += r dreset.
void ck_gru_reset_backward(const struct ck_cell *cell, const float *gates, const float *before,
                           const float *dreset, float *dgates, float *dbefore, size_t size);

#endif
