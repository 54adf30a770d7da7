// Reductions of per-example gradients to Fisher information, and the softmax they are weighted by.
#ifndef CKERNELS_FISHER_H
#define CKERNELS_FISHER_H
#include <stddef.h>
#include <stdint.h>

// What ck_softmax_row leaves beside the probabilities.
struct ck_softmax {
  size_t top;            // index of the largest logit, the first of equals
  double log_normaliser; // ln Σ exp(z − z_top), so that ln p_c = z_c − z_top − log_normaliser
  double complement;     // 1 − p_top, from the other classes: accurate when p_top is nearly 1
  double confidence;     // Σ p (1 − p)
  double entropy;        // −Σ p ln p, nats
};

// Probabilities of one row of logits z [classes]; every p has float32's relative accuracy, however
// small it is. A logit that is not finite makes every number NaN.
struct ck_softmax ck_softmax_row(const float *z, size_t classes, float *probability);

// cotangent [classes] += √p∘r − p⟨√p, r⟩ with r = −1 where a bit of signs [⌈classes / 64⌉] is set and
// 1 elsewhere; top and complement as in ck_softmax.
void ck_signed_score(const float *restrict p, size_t classes, size_t top, double complement,
                     const uint64_t *restrict signs, float *restrict cotangent);

// Most classes that ck_fisher_exact takes.
enum { CK_FISHER_CLASSES = 64 };

struct ck_fisher {
  double fisher;     // Σ_i Σ_c p_c (g_ci − ḡ_i)²
  double jacobian;   // Σ_i Σ_c g_ci²
  double empirical;  // Σ_i (g_yi − ḡ_i)², zero without a label
  double scale_free; // Σ_i w_i² Σ_c p_c (g_ci − ḡ_i)², zero without weights
  double tempered;   // Σ_i Σ_c q_c (g_ci − Σ q_c g_ci)², zero without q
};

// One example's Fisher information from the gradients g [classes, count] of its logits, exact over
// the classes; ḡ = Σ p_c g_c. The mean is formed as an offset from the top class's gradient, so
// that nothing cancels when p_top is nearly 1. `label` ≥ classes: none. `weights` [count] may be
// null. `diagonal` [count], which may be null, is increased by the example's own diagonal. `tempered`
// is another distribution q of the same gradients with the same top class, as at any temperature; it
// may be null.
struct ck_fisher ck_fisher_exact(const float *g, size_t classes, size_t count,
                                 const float *probability, size_t top, size_t label,
                                 const float *weights, float *diagonal, const float *tempered);

// Squared norms of the rows of g [rows, count], into squares [rows]; diagonal [count], which may
// be null, is increased by Σ_k coefficient_k g_ki². Returns Σ_i w_i² Σ_k coefficient_k g_ki², zero
// when weights [count] is null.
double ck_weighted_squares(const float *g, size_t rows, size_t count, const float *coefficient,
                           const float *weights, float *diagonal, double *squares);

// Squared norms of the rows of g [rows, count], into squares [rows].
void ck_squared_norms(const float *g, size_t rows, size_t count, double *squares);

// Σ_ts a[t, s] b[t, s] of two symmetric matrices [n, n] of which only the upper triangles are read;
// *diagonal becomes Σ_t a[t, t] b[t, t].
double ck_triangle_inner_product(const float *a, const float *b, size_t n, double *diagonal);

#endif
