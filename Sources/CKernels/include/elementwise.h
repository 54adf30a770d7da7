// Elementwise loops over float32, forward and pulled back, with NumPy broadcasting.
// Arrays of extents and strides have `rank` entries, outermost first; strides are in elements and
// are 0 along a broadcast axis. Axes of extent 1 are left
// out, so that a stride of 0 always means a broadcast. Rank is at most CK_MAX_RANK.
#ifndef CKERNELS_ELEMENTWISE_H
#define CKERNELS_ELEMENTWISE_H
#include <stddef.h>

#define CK_MAX_RANK 80

enum ck_unary {
  CK_RELU, CK_LEAKY_RELU, CK_ELU, CK_CELU, CK_SELU, CK_SIGMOID, CK_HARD_SIGMOID, CK_HARD_SWISH,
  CK_TANH, CK_ERF, CK_GELU, CK_GELU_TANH, CK_SOFTPLUS, CK_SOFTSIGN, CK_MISH, CK_SWISH,
  CK_EXP, CK_LOG, CK_SQRT, CK_RECIPROCAL, CK_NEG, CK_ABS, CK_SIN, CK_COS, CK_CLIP,
  CK_FLOOR, CK_CEIL, CK_ROUND, CK_SIGN, CK_NOT, CK_IS_NAN, CK_IS_INF, CK_TRUNCATE,
  CK_TAN, CK_ASIN, CK_ACOS, CK_ATAN, CK_SINH, CK_COSH, CK_ASINH, CK_ACOSH, CK_ATANH,
  CK_THRESHOLDED_RELU, CK_SHRINK
};

enum ck_binary {
  CK_ADD, CK_SUB, CK_MUL, CK_DIV, CK_POW, CK_MIN, CK_MAX,
  CK_EQUAL, CK_LESS, CK_LESS_EQUAL, CK_GREATER, CK_GREATER_EQUAL, CK_AND, CK_OR, CK_XOR,
  CK_PRELU, CK_MOD, CK_FMOD
};

// y[i] = f(x[i]); p and q are the function's own constants (slope, bounds).
void ck_unary_forward(int op, float p, float q, const float *x, float *y, size_t n);

// dx[k, i] (+)= f'(x[i]) dy[k, i] for k < copies; dx may be dy. x or y may be null if f' ignores it
// (see ck_unary_reads).
void ck_unary_backward(int op, float p, float q, const float *x, const float *y, const float *dy,
                       float *dx, size_t copies, size_t n, int accumulate);

// What f' reads: bit 0 the input x, bit 1 the output y.
int ck_unary_reads(int op);

// out[i] = a[i] op b[i]; out is contiguous over the extents.
void ck_binary_forward(int op, int rank, const ptrdiff_t *extents, const ptrdiff_t *a_strides,
                       const ptrdiff_t *b_strides, const float *a, const float *b, float *out);

// da[k, i] (+)= ∂op/∂a (which = 0) or ∂op/∂b (which = 1) times dout[k, i], summed over the axes
// along which that operand is broadcast. slab is the operand's own element count.
void ck_binary_backward(int op, int which, int rank, const ptrdiff_t *extents,
                        const ptrdiff_t *a_strides, const ptrdiff_t *b_strides, const float *a,
                        const float *b, const float *dout, float *target, size_t copies,
                        size_t slab, int accumulate);

// out[i] = condition[i] != 0 ? a[i] : b[i].
void ck_select_forward(int rank, const ptrdiff_t *extents, const ptrdiff_t *c_strides,
                       const ptrdiff_t *a_strides, const ptrdiff_t *b_strides,
                       const float *condition, const float *a, const float *b, float *out);

// target[i] += dout[i] where (condition != 0) == wanted.
void ck_select_backward(int rank, const ptrdiff_t *extents, const ptrdiff_t *c_strides,
                        const ptrdiff_t *target_strides, const float *condition,
                        const float *dout, float *target, int wanted);

// destination[i · destination_strides] = or += factor · source[i · source_strides].
void ck_strided(int rank, const ptrdiff_t *extents, const ptrdiff_t *source_strides,
                const ptrdiff_t *destination_strides, float factor, const float *source,
                float *destination, int accumulate);

// y[i] += x[i].
void ck_add_to(const float *x, float *y, size_t n);

#endif
