// Normalisations over float32: affine maps per channel, layer normalisation, softmax. `copies` is the
// number of cotangents that share one example's activations.
#ifndef CKERNELS_NORMALISE_H
#define CKERNELS_NORMALISE_H
#include <stddef.h>

// y[m, c, t] = scale[c] x[m, c, t] + shift[c]; shift may be null; adds to y if accumulate.
void ck_channel_affine(const float *x, const float *scale, const float *shift, float *y,
                       size_t images, size_t channels, size_t places, int accumulate);

// dscale[k, c] += Σ_{r,t} dy[k, r, c, t] (x[r, c, t] − mean[c]) inverse_deviation[c].
void ck_channel_scale_gradient(const float *x, const float *mean, const float *inverse_deviation,
                               const float *dy, float *dscale, size_t copies, size_t images,
                               size_t channels, size_t places);

// dshift[k, c] += Σ_{r,t} dy[k, r, c, t].
void ck_channel_shift_gradient(const float *dy, float *dshift, size_t copies, size_t images,
                               size_t channels, size_t places);

// y[r, i] = (x[r, i] − mean[r]) / deviation[r] · scale[i] + shift[i]; mean and inverse deviation of
// each row are kept; scale and shift may be null. A null mean stands for one of zero, here and below:
// then it is root-mean-square normalisation.
void ck_layer_norm_forward(const float *x, const float *scale, const float *shift, float epsilon,
                           float *y, float *mean, float *inverse_deviation, size_t rows,
                           size_t width);

// dx[k, r, i] (+)= the pullback of dy[k, r, i]; dx may be dy.
void ck_layer_norm_backward(const float *x, const float *scale, const float *mean,
                            const float *inverse_deviation, const float *dy, float *dx,
                            size_t copies, size_t rows, size_t width, int accumulate);

// dscale[k, i] += Σ_r dy[k, r, i] · normalised x[r, i].
void ck_layer_norm_scale_gradient(const float *x, const float *mean,
                                  const float *inverse_deviation, const float *dy, float *dscale,
                                  size_t copies, size_t rows, size_t width);

// dshift[k, i] += Σ_r dy[k, r, i]: also a dense layer's bias.
void ck_column_sums(const float *dy, float *dshift, size_t copies, size_t rows, size_t width);

// y[o, :, i] = softmax of x[o, :, i] over `length`, or its logarithm.
void ck_softmax_forward(const float *x, float *y, size_t outer, size_t length, size_t inner,
                        int is_log);

// dx[k, o, j, i] (+)= the pullback of dy through softmax y[o, j, i]; dx may be dy.
void ck_softmax_backward(const float *y, const float *dy, float *dx, size_t copies, size_t outer,
                         size_t length, size_t inner, int is_log, int accumulate);

#endif
