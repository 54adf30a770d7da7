#include "elementwise.h"

#include "vector_math.h"

#if defined(__x86_64__)
#define CK_DISPATCH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_DISPATCH
#endif

// One multiple-of-cache-line piece of derivatives, so that they are computed once for all copies.
#define PIECE 1024

static const float sqrt_half = 0.70710678118654752440f;
static const float inverse_sqrt_two_pi = 0.39894228040143267794f;
static const float gelu_scale = 0.79788456080286535588f;  // sqrt(2/π)
static const float gelu_cubic = 0.044715f;

// Where the bounds cross, the upper one counts.
static inline float clip(float x, float low, float high) {
  float v = x < low ? low : x;
  return v > high ? high : v;
}

static inline float softplus(float x) { return fmaxf(x, 0.0f) + log1pf(ck_exp(-fabsf(x))); }

#define EACH(expression)                                                                           \
  for (size_t i = 0; i < n; i++) {                                                                 \
    float v = x[i];                                                                                \
    y[i] = (expression);                                                                           \
  }                                                                                                \
  break

CK_DISPATCH
void ck_unary_forward(int op, float p, float q, const float *x, float *y, size_t n) {
  // x and y are [n]
  switch (op) {
    case CK_RELU: EACH(v > 0 ? v : (v == v ? 0.0f : v));
    case CK_LEAKY_RELU: EACH(v >= 0 ? v : p * v);
    case CK_ELU: EACH(v > 0 ? v : p * expm1f(v));
    case CK_CELU: EACH(v > 0 ? v : p * expm1f(v / p));
    case CK_SELU: EACH(q * (v > 0 ? v : p * expm1f(v)));
    case CK_SIGMOID: EACH(ck_sigmoid(v));
    case CK_HARD_SIGMOID: EACH(fmaxf(0.0f, fminf(1.0f, p * v + q)));
    case CK_HARD_SWISH: EACH(v * fmaxf(0.0f, fminf(1.0f, v / 6.0f + 0.5f)));
    case CK_TANH: EACH(ck_tanh(v));
    case CK_ERF: EACH(ck_erf(v));
    case CK_GELU: EACH(0.5f * v * (1.0f + ck_erf(v * sqrt_half)));
    case CK_GELU_TANH: EACH(0.5f * v * (1.0f + ck_tanh(gelu_scale * (v + gelu_cubic * v * v * v))));
    case CK_SOFTPLUS: EACH(softplus(v));
    case CK_SOFTSIGN: EACH(v / (1.0f + fabsf(v)));
    case CK_MISH: EACH(v * ck_tanh(softplus(v)));
    case CK_SWISH: EACH(v * ck_sigmoid(p * v));
    case CK_EXP: EACH(ck_exp(v));
    case CK_LOG: EACH(logf(v));
    case CK_SQRT: EACH(sqrtf(v));
    case CK_RECIPROCAL: EACH(1.0f / v);
    case CK_NEG: EACH(-v);
    case CK_ABS: EACH(fabsf(v));
    case CK_SIN: EACH(sinf(v));
    case CK_COS: EACH(cosf(v));
    case CK_CLIP: EACH(clip(v, p, q));
    case CK_FLOOR: EACH(floorf(v));
    case CK_CEIL: EACH(ceilf(v));
    case CK_ROUND: EACH(nearbyintf(v));
    case CK_SIGN: EACH((float)((v > 0) - (v < 0)));
    case CK_NOT: EACH(v == 0 ? 1.0f : 0.0f);
    case CK_IS_NAN: EACH(v != v ? 1.0f : 0.0f);
    // p and q say whether negative and positive infinity count.
    case CK_IS_INF: EACH((p != 0 && v == -INFINITY) || (q != 0 && v == INFINITY) ? 1.0f : 0.0f);
    case CK_TRUNCATE: EACH(truncf(v));
    case CK_TAN: EACH(tanf(v));
    case CK_ASIN: EACH(asinf(v));
    case CK_ACOS: EACH(acosf(v));
    case CK_ATAN: EACH(atanf(v));
    case CK_SINH: EACH(sinhf(v));
    case CK_COSH: EACH(coshf(v));
    case CK_ASINH: EACH(asinhf(v));
    case CK_ACOSH: EACH(acoshf(v));
    case CK_ATANH: EACH(atanhf(v));
    case CK_THRESHOLDED_RELU: EACH(v > p ? v : 0.0f);
    case CK_SHRINK: EACH(v < -p ? v + q : (v > p ? v - q : 0.0f));
    default: break;
  }
}

int ck_unary_reads(int op) {
  switch (op) {
    case CK_RELU:
    case CK_SIGMOID:
    case CK_TANH:
    case CK_EXP:
    case CK_SQRT:
    case CK_RECIPROCAL: return 2;
    case CK_NEG: return 0;
    case CK_FLOOR:
    case CK_CEIL:
    case CK_ROUND:
    case CK_SIGN:
    case CK_NOT:
    case CK_IS_NAN:
    case CK_IS_INF:
    case CK_TRUNCATE: return 0;
    case CK_TAN: return 2;
    default: return 1;
  }
}

#define SLOPE(source, expression)                                                                  \
  for (size_t i = 0; i < n; i++) {                                                                 \
    float v = source[i];                                                                           \
    d[i] = (expression);                                                                           \
  }                                                                                                \
  break

static inline float gelu_tanh_slope(float v) {
  float t = ck_tanh(gelu_scale * (v + gelu_cubic * v * v * v));
  return 0.5f * (1.0f + t) +
         0.5f * v * (1.0f - t * t) * gelu_scale * (1.0f + 3.0f * gelu_cubic * v * v);
}

static inline float mish_slope(float v) {
  float t = ck_tanh(softplus(v));
  return t + v * (1.0f - t * t) * ck_sigmoid(v);
}

static inline float swish_slope(float v, float p) {
  float s = ck_sigmoid(p * v);
  return s + p * v * s * (1.0f - s);
}

static inline void slopes(int op, float p, float q, const float *x, const float *y, float *d,
                          size_t n) {
  // d, x and y are [n]
  switch (op) {
    case CK_RELU: SLOPE(y, v > 0 ? 1.0f : 0.0f);
    case CK_LEAKY_RELU: SLOPE(x, v >= 0 ? 1.0f : p);
    case CK_ELU: SLOPE(x, v > 0 ? 1.0f : p * ck_exp(v));
    case CK_CELU: SLOPE(x, v > 0 ? 1.0f : ck_exp(v / p));
    case CK_SELU: SLOPE(x, v > 0 ? q : q * p * ck_exp(v));
    case CK_SIGMOID: SLOPE(y, v * (1.0f - v));
    case CK_HARD_SIGMOID: SLOPE(x, p * v + q > 0 && p * v + q < 1 ? p : 0.0f);
    case CK_HARD_SWISH: SLOPE(x, v <= -3 ? 0.0f : (v >= 3 ? 1.0f : v / 3.0f + 0.5f));
    case CK_TANH: SLOPE(y, 1.0f - v * v);
    case CK_ERF: SLOPE(x, 1.12837916709551257390f * ck_exp(-v * v));
    case CK_GELU:
      SLOPE(x, 0.5f * (1.0f + ck_erf(v * sqrt_half)) + v * inverse_sqrt_two_pi * ck_exp(-0.5f * v * v));
    case CK_GELU_TANH: SLOPE(x, gelu_tanh_slope(v));
    case CK_SOFTPLUS: SLOPE(x, ck_sigmoid(v));
    case CK_SOFTSIGN: SLOPE(x, 1.0f / ((1.0f + fabsf(v)) * (1.0f + fabsf(v))));
    case CK_MISH: SLOPE(x, mish_slope(v));
    case CK_SWISH: SLOPE(x, swish_slope(v, p));
    case CK_EXP: SLOPE(y, v);
    case CK_LOG: SLOPE(x, 1.0f / v);
    case CK_SQRT: SLOPE(y, 0.5f / v);
    case CK_RECIPROCAL: SLOPE(y, -v * v);
    case CK_ABS: SLOPE(x, (float)((v > 0) - (v < 0)));
    case CK_SIN: SLOPE(x, cosf(v));
    case CK_COS: SLOPE(x, -sinf(v));
    case CK_CLIP: SLOPE(x, v >= p && v <= q ? 1.0f : 0.0f);
    case CK_TAN: SLOPE(y, 1.0f + v * v);
    case CK_ASIN: SLOPE(x, 1.0f / sqrtf(1.0f - v * v));
    case CK_ACOS: SLOPE(x, -1.0f / sqrtf(1.0f - v * v));
    case CK_ATAN: SLOPE(x, 1.0f / (1.0f + v * v));
    case CK_SINH: SLOPE(x, coshf(v));
    case CK_COSH: SLOPE(x, sinhf(v));
    case CK_ASINH: SLOPE(x, 1.0f / sqrtf(1.0f + v * v));
    case CK_ACOSH: SLOPE(x, 1.0f / sqrtf(v * v - 1.0f));
    case CK_ATANH: SLOPE(x, 1.0f / (1.0f - v * v));
    case CK_THRESHOLDED_RELU: SLOPE(x, v > p ? 1.0f : 0.0f);
    case CK_SHRINK: SLOPE(x, v < -p || v > p ? 1.0f : 0.0f);
    case CK_NEG:
      for (size_t i = 0; i < n; i++) d[i] = -1.0f;
      break;
    default: memset(d, 0, n * sizeof *d); break;
  }
}

CK_DISPATCH
void ck_unary_backward(int op, float p, float q, const float *x, const float *y, const float *dy,
                       float *dx, size_t copies, size_t n, int accumulate) {
  // x and y are [n], dy and dx are [copies, n]
  float d[PIECE];
  for (size_t start = 0; start < n; start += PIECE) {
    size_t length = n - start < PIECE ? n - start : PIECE;
    slopes(op, p, q, x ? x + start : NULL, y ? y + start : NULL, d, length);
    for (size_t k = 0; k < copies; k++) {
      const float *in = dy + k * n + start;
      float *out = dx + k * n + start;
      if (accumulate) {
        for (size_t i = 0; i < length; i++) out[i] += d[i] * in[i];
      } else {
        for (size_t i = 0; i < length; i++) out[i] = d[i] * in[i];
      }
    }
  }
}

static inline float power(float a, float b) {
  if (b == 2.0f) return a * a;
  if (b == 3.0f) return a * a * a;
  if (b == 1.0f) return a;
  if (b == 0.5f) return sqrtf(a);
  return powf(a, b);
}

// The remainder with the divisor's sign.
static inline float floor_mod(float a, float b) {
  float r = fmodf(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static inline float combine(int op, float a, float b) {
  switch (op) {
    case CK_ADD: return a + b;
    case CK_SUB: return a - b;
    case CK_MUL: return a * b;
    case CK_DIV: return a / b;
    case CK_POW: return power(a, b);
    case CK_MIN: return a != a || a < b ? a : b;
    case CK_MAX: return a != a || a > b ? a : b;
    case CK_EQUAL: return a == b;
    case CK_LESS: return a < b;
    case CK_LESS_EQUAL: return a <= b;
    case CK_GREATER: return a > b;
    case CK_GREATER_EQUAL: return a >= b;
    case CK_AND: return a != 0 && b != 0;
    case CK_OR: return a != 0 || b != 0;
    case CK_XOR: return (a != 0) != (b != 0);
    case CK_PRELU: return a >= 0 ? a : a * b;
    case CK_MOD: return floor_mod(a, b);
    case CK_FMOD: return fmodf(a, b);
    default: return 0;
  }
}

// ∂(a op b)/∂a for which = 0, ∂b for which = 1; ties of minimum and maximum are shared, as PyTorch
// shares them.
static inline float partial(int op, int which, float a, float b) {
  switch (op) {
    case CK_ADD: return 1.0f;
    case CK_SUB: return which ? -1.0f : 1.0f;
    case CK_MUL: return which ? a : b;
    case CK_DIV: return which ? -a / (b * b) : 1.0f / b;
    case CK_POW:
      if (which) return a > 0 ? powf(a, b) * logf(a) : 0.0f;
      return b == 0 ? 0.0f : b * power(a, b - 1.0f);
    case CK_MIN: return a == b ? 0.5f : ((a < b) != which ? 1.0f : 0.0f);
    case CK_MAX: return a == b ? 0.5f : ((a > b) != which ? 1.0f : 0.0f);
    case CK_PRELU:
      if (which) return a >= 0 ? 0.0f : a;
      return a >= 0 ? 1.0f : b;
    case CK_MOD: return which ? (floor_mod(a, b) - a) / b : 1.0f;
    case CK_FMOD: return which ? (fmodf(a, b) - a) / b : 1.0f;
    default: return 0;
  }
}

// Advances an odometer over the outer rank − 1 axes and keeps up to three offsets in step. Returns
// 0 when every index has been visited.
static inline int advance(int rank, const ptrdiff_t *extents, ptrdiff_t *index,
                          const ptrdiff_t *a_strides, ptrdiff_t *a, const ptrdiff_t *b_strides,
                          ptrdiff_t *b, const ptrdiff_t *c_strides, ptrdiff_t *c) {
  for (int axis = rank - 2; axis >= 0; axis--) {
    *a += a_strides[axis];
    *b += b_strides[axis];
    *c += c_strides[axis];
    if (++index[axis] < extents[axis]) return 1;
    *a -= extents[axis] * a_strides[axis];
    *b -= extents[axis] * b_strides[axis];
    *c -= extents[axis] * c_strides[axis];
    index[axis] = 0;
  }
  return 0;
}

static inline int is_empty(int rank, const ptrdiff_t *extents) {
  for (int axis = 0; axis < rank; axis++) {
    if (extents[axis] <= 0) return 1;
  }
  return 0;
}

static const ptrdiff_t no_strides[CK_MAX_RANK];

static inline __attribute__((always_inline)) void row_forward(int op, ptrdiff_t n, const float *a,
                                                              ptrdiff_t sa, const float *b,
                                                              ptrdiff_t sb, float *out) {
  // Four loops, so that each of them vectorises.
  if (sa == 1 && sb == 1) {
    for (ptrdiff_t i = 0; i < n; i++) out[i] = combine(op, a[i], b[i]);
  } else if (sa == 1 && sb == 0) {
    float v = b[0];
    for (ptrdiff_t i = 0; i < n; i++) out[i] = combine(op, a[i], v);
  } else if (sa == 0 && sb == 1) {
    float v = a[0];
    for (ptrdiff_t i = 0; i < n; i++) out[i] = combine(op, v, b[i]);
  } else {
    for (ptrdiff_t i = 0; i < n; i++) out[i] = combine(op, a[i * sa], b[i * sb]);
  }
}

#define BY_OPERATION(call)                                                                         \
  switch (op) {                                                                                    \
    case CK_ADD: call(CK_ADD); break;                                                              \
    case CK_SUB: call(CK_SUB); break;                                                              \
    case CK_MUL: call(CK_MUL); break;                                                              \
    case CK_DIV: call(CK_DIV); break;                                                              \
    default: call(op); break;                                                                      \
  }

CK_DISPATCH
void ck_binary_forward(int op, int rank, const ptrdiff_t *extents, const ptrdiff_t *a_strides,
                       const ptrdiff_t *b_strides, const float *a, const float *b, float *out) {
  // out is [extents], a and b broadcast to it
  if (is_empty(rank, extents)) return;
  if (rank == 0) {
    out[0] = combine(op, a[0], b[0]);
    return;
  }
  ptrdiff_t index[CK_MAX_RANK] = {0};
  ptrdiff_t n = extents[rank - 1], sa = a_strides[rank - 1], sb = b_strides[rank - 1];
  ptrdiff_t at_a = 0, at_b = 0, unused = 0;
  do {
#define ROW(operation) row_forward(operation, n, a + at_a, sa, b + at_b, sb, out)
    BY_OPERATION(ROW)
#undef ROW
    out += n;
  } while (advance(rank, extents, index, a_strides, &at_a, b_strides, &at_b, no_strides, &unused));
}

static inline __attribute__((always_inline)) void row_partials(int op, int which, ptrdiff_t n,
                                                               const float *a, ptrdiff_t sa,
                                                               const float *b, ptrdiff_t sb,
                                                               float *d) {
  if (sa == 1 && sb == 1) {
    for (ptrdiff_t i = 0; i < n; i++) d[i] = partial(op, which, a[i], b[i]);
  } else if (sa == 1 && sb == 0) {
    float v = b[0];
    for (ptrdiff_t i = 0; i < n; i++) d[i] = partial(op, which, a[i], v);
  } else if (sa == 0 && sb == 1) {
    float v = a[0];
    for (ptrdiff_t i = 0; i < n; i++) d[i] = partial(op, which, v, b[i]);
  } else {
    for (ptrdiff_t i = 0; i < n; i++) d[i] = partial(op, which, a[i * sa], b[i * sb]);
  }
}

// target (+)= d · dout over one row; a target of stride 0 takes the sum.
static inline __attribute__((always_inline)) void row_apply(ptrdiff_t n, const float *d,
                                                            const float *dout, float *target,
                                                            ptrdiff_t st, int add) {
  if (st == 0) {
    float sum = 0;
    for (ptrdiff_t i = 0; i < n; i++) sum += dout[i] * d[i];
    target[0] += sum;
  } else if (st == 1 && add) {
    for (ptrdiff_t i = 0; i < n; i++) target[i] += dout[i] * d[i];
  } else if (st == 1) {
    for (ptrdiff_t i = 0; i < n; i++) target[i] = dout[i] * d[i];
  } else {
    for (ptrdiff_t i = 0; i < n; i++)
      target[i * st] = (add ? target[i * st] : 0) + dout[i] * d[i];
  }
}

CK_DISPATCH
void ck_binary_backward(int op, int which, int rank, const ptrdiff_t *extents,
                        const ptrdiff_t *a_strides, const ptrdiff_t *b_strides, const float *a,
                        const float *b, const float *dout, float *target, size_t copies,
                        size_t slab, int accumulate) {
  // dout is [copies, extents], target is [copies, slab]; the partials are the same for all copies
  const ptrdiff_t *strides = which ? b_strides : a_strides;
  int broadcast = 0;
  size_t whole = 1;
  for (int axis = 0; axis < rank; axis++) {
    if (strides[axis] == 0 && extents[axis] != 1) broadcast = 1;
    whole *= (size_t)extents[axis];
  }
  if (broadcast && !accumulate) memset(target, 0, copies * slab * sizeof *target);
  if (is_empty(rank, extents)) return;
  int add = accumulate || broadcast;
  if (rank == 0) {
    float d = partial(op, which, a[0], b[0]);
    for (size_t k = 0; k < copies; k++)
      target[k] = (add ? target[k] : 0) + d * dout[k];
    return;
  }
  float d[PIECE];
  ptrdiff_t index[CK_MAX_RANK] = {0};
  ptrdiff_t n = extents[rank - 1], sa = a_strides[rank - 1], sb = b_strides[rank - 1];
  ptrdiff_t st = strides[rank - 1];
  ptrdiff_t at_a = 0, at_b = 0, at_t = 0;
  do {
    for (ptrdiff_t start = 0; start < n; start += PIECE) {
      ptrdiff_t length = n - start < PIECE ? n - start : PIECE;
      const float *from_a = a + at_a + start * sa, *from_b = b + at_b + start * sb;
#define ROW(operation) row_partials(operation, which, length, from_a, sa, from_b, sb, d)
      BY_OPERATION(ROW)
#undef ROW
      for (size_t k = 0; k < copies; k++)
        row_apply(length, d, dout + k * whole + start, target + k * slab + at_t + start * st, st,
                  add);
    }
    dout += n;
  } while (advance(rank, extents, index, a_strides, &at_a, b_strides, &at_b, strides, &at_t));
}

CK_DISPATCH
void ck_select_forward(int rank, const ptrdiff_t *extents, const ptrdiff_t *c_strides,
                       const ptrdiff_t *a_strides, const ptrdiff_t *b_strides,
                       const float *condition, const float *a, const float *b, float *out) {
  // out is [extents], the three others broadcast to it
  if (is_empty(rank, extents)) return;
  if (rank == 0) {
    out[0] = condition[0] != 0 ? a[0] : b[0];
    return;
  }
  ptrdiff_t index[CK_MAX_RANK] = {0};
  ptrdiff_t n = extents[rank - 1];
  ptrdiff_t sa = a_strides[rank - 1], sb = b_strides[rank - 1], sc = c_strides[rank - 1];
  ptrdiff_t at_a = 0, at_b = 0, at_c = 0;
  do {
    for (ptrdiff_t i = 0; i < n; i++)
      out[i] = condition[at_c + i * sc] != 0 ? a[at_a + i * sa] : b[at_b + i * sb];
    out += n;
  } while (advance(rank, extents, index, a_strides, &at_a, b_strides, &at_b, c_strides, &at_c));
}

CK_DISPATCH
void ck_select_backward(int rank, const ptrdiff_t *extents, const ptrdiff_t *c_strides,
                        const ptrdiff_t *target_strides, const float *condition,
                        const float *dout, float *target, int wanted) {
  // dout is [extents]
  if (is_empty(rank, extents)) return;
  if (rank == 0) {
    if ((condition[0] != 0) == wanted) target[0] += dout[0];
    return;
  }
  ptrdiff_t index[CK_MAX_RANK] = {0};
  ptrdiff_t n = extents[rank - 1];
  ptrdiff_t st = target_strides[rank - 1], sc = c_strides[rank - 1];
  ptrdiff_t at_t = 0, at_c = 0, unused = 0;
  do {
    for (ptrdiff_t i = 0; i < n; i++) {
      if ((condition[at_c + i * sc] != 0) == wanted) target[at_t + i * st] += dout[i];
    }
    dout += n;
  } while (
      advance(rank, extents, index, c_strides, &at_c, target_strides, &at_t, no_strides, &unused));
}

CK_DISPATCH
void ck_strided(int rank, const ptrdiff_t *extents, const ptrdiff_t *source_strides,
                const ptrdiff_t *destination_strides, float factor, const float *source,
                float *destination, int accumulate) {
  // both sides walk [extents] by their own strides
  if (is_empty(rank, extents)) return;
  if (rank == 0) {
    destination[0] = (accumulate ? destination[0] : 0) + factor * source[0];
    return;
  }
  ptrdiff_t index[CK_MAX_RANK] = {0};
  ptrdiff_t n = extents[rank - 1];
  ptrdiff_t ss = source_strides[rank - 1], sd = destination_strides[rank - 1];
  ptrdiff_t at_s = 0, at_d = 0, unused = 0;
  do {
    const float *from = source + at_s;
    float *to = destination + at_d;
    if (accumulate && sd == 0) {
      float sum = 0;
      for (ptrdiff_t i = 0; i < n; i++) sum += from[i * ss];
      to[0] += factor * sum;
    } else if (accumulate && ss == 1 && sd == 1) {
      for (ptrdiff_t i = 0; i < n; i++) to[i] += factor * from[i];
    } else if (accumulate) {
      for (ptrdiff_t i = 0; i < n; i++) to[i * sd] += factor * from[i * ss];
    } else if (ss == 1 && sd == 1 && factor == 1.0f) {
      for (ptrdiff_t i = 0; i < n; i++) to[i] = from[i];
    } else {
      for (ptrdiff_t i = 0; i < n; i++) to[i * sd] = factor * from[i * ss];
    }
  } while (advance(rank, extents, index, source_strides, &at_s, destination_strides, &at_d,
                   no_strides, &unused));
}

CK_DISPATCH
void ck_add_to(const float *x, float *y, size_t n) {
  // x and y are [n]
  for (size_t i = 0; i < n; i++) y[i] += x[i];
}
