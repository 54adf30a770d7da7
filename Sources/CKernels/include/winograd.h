// Correlation with 3 × 3 filters by F(2 × 2, 3 × 3) (Winograd 1980; Lavin and Gray 2016): tiles of 2 × 2
// outputs from 4 × 4 inputs, 16 products instead of 36.
#ifndef CKERNELS_WINOGRAD_H
#define CKERNELS_WINOGRAD_H
#include <stddef.h>

// Products of a tile, filters of a block, and tiles of a panel.
enum { CK_WINOGRAD_POINTS = 16, CK_WINOGRAD_FILTERS = 8, CK_WINOGRAD_TILES = 32 };

// One channel of an image; a stride of 1, zeros around it.
struct ck_plane {
  ptrdiff_t height, width;
  ptrdiff_t top, left;  // zeros before the first element of each axis
  ptrdiff_t output_height, output_width;
};

// Tiles of a plane's outputs, down and across.
ptrdiff_t ck_winograd_down(const struct ck_plane *plane);
ptrdiff_t ck_winograd_across(const struct ck_plane *plane);

// Floats from one point of v to the next: a few more than there are, so that the points of a tile do
// not fall on the same lines of a cache.
size_t ck_winograd_point(size_t channels, size_t tiles);

// Floats that the transformations of planes need beside their results.
size_t ck_winograd_scratch(const struct ck_plane *plane);

// u[16, inputs, 8] = G g Gᵀ of up to 8 filters. Filter (o, i) lies at filters + 9 (o · output_step +
// i · input_step), turned round by half a circle if asked for. Missing filters are zeros.
void ck_winograd_filters(const float *filters, size_t outputs, size_t output_step, size_t inputs,
                         size_t input_step, int is_turned, float *u);

// v[16, panels, channels, width] = Bᵀ d B of the tiles in the lines [first, last) of tiles of one image
// [channels, height, width]; the first of them is tile `at` of v, `width` tiles make a panel.
void ck_winograd_inputs(const struct ck_plane *plane, const float *x, size_t channels,
                        ptrdiff_t first, ptrdiff_t last, size_t panels, size_t width, size_t at,
                        float *scratch, float *v);

// With panels of 32 tiles: m[16, 8, panels · 32] = Σ over inputs of u v.
void ck_winograd_multiply(const float *u, const float *v, size_t inputs, size_t panels, float *m);

// y[outputs, output_height, output_width] (+)= Aᵀ m A in the lines [first, last) of tiles, of up to 8
// outputs.
void ck_winograd_outputs(const struct ck_plane *plane, const float *m, size_t outputs,
                         ptrdiff_t first, ptrdiff_t last, size_t panels, size_t at, int accumulates,
                         float *y);

// w[16, channels, width] = A δ Aᵀ of the tiles in the lines [first, last) of tiles of one image's
// cotangents [channels, output_height, output_width].
void ck_winograd_cotangents(const struct ck_plane *plane, const float *dy, size_t channels,
                            ptrdiff_t first, ptrdiff_t last, size_t width, float *scratch,
                            float *w);

// Σ (Gᵀ m G)² over filters, for m[16, filters]: the squared norm of their gradients, from the sums of
// w v over tiles.
double ck_winograd_gradient_square(const float *m, size_t filters);

#endif
