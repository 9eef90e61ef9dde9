/* Second-order statistics of a layer's input rows, and integer rounding on them: the kernels of the
 * quantiser's solvers.
 *
 * As in vd_float.h every result is the same on every CPU: no fused multiply-add, and each element
 * is one accumulator that sums in a fixed order, whatever the vector width. */
#ifndef VD_GRAM_H
#define VD_GRAM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/* Matrices are packed into panels of this many columns: panel p of a matrix of `depth` rows is
 * `depth` runs of 16 floats, the columns 16 p ..< 16 p + 16, zeros where there is no column. */
#define VD_GRAM_PANEL 16

/* Where one group of a convolution finds its inputs in a row [taps, tap_stride]. Its column
 * tap * channels + c is the row's element first + tap * tap_stride + c. */
typedef struct {
    size_t row_stride; /* floats from one row to the next */
    size_t first;
    size_t taps;
    size_t tap_stride;
    size_t channels;
} vd_gram_rows;

/* Packs `count` rows, then one column of ones, then zeros up to whole panels.
 * panels: ceil((taps * channels + 1) / 16) * count * 16 floats. */
void vd_gram_pack(const vd_gram_rows *shape, const float *rows, size_t count, float *panels);

/* Packs a - b turned by 90 degrees: rows become columns. panels: ceil(count / 16) panels of
 * taps * channels runs. */
void vd_gram_pack_difference(const vd_gram_rows *shape, const float *a, const float *b,
                             size_t count, float *panels);

/* Packs a plain matrix [count, columns] turned by 90 degrees. panels: ceil(count / 16) panels of
 * `columns` runs. */
void vd_gram_pack_turned(const float *matrix, size_t count, size_t columns, float *panels);

/* out[i, j] += sum over d of left[d, i] * right[d, j] for the 16 x 16 of two panels. The sum starts
 * at 0 and is added to `out` once. out: rows `stride` floats apart. */
void vd_gram_tile(const float *left, const float *right, size_t depth, float *out, size_t stride);

/* out += the symmetric matrix times x: out[i] += sum over k of matrix[k, i] * x[k], in ascending
 * order of k, for `channels` vectors x and out of `count` elements, one after the other. The
 * matrix's rows are `stride` floats apart. */
void vd_gram_apply(const float *matrix, size_t stride, size_t count, size_t channels,
                   const float *x, float *out);

/* One problem of integer least squares for each of `channels` output channels:
 *     minimise over v in -limit...limit   d' M d + 2 d' c   with d = w - scale * v,
 * M = matrix + damping * identity. gradient = M d + c is kept up to date. Vectors of `count`
 * elements stand one after the other, one for each channel. */
typedef struct {
    const float *matrix; /* symmetric, rows `stride` floats apart */
    size_t stride;
    size_t count;
    size_t channels;
    float damping;
    float limit;
} vd_gram_problem;

/* Visits the coordinates in `order` and sets each one to its best integer, the others held.
 * codes: integers after the first sweep; before it any numbers. Returns the number of changes. */
size_t vd_gram_sweep(const vd_gram_problem *problem, const uint32_t *order, const float *scales,
                     float *codes, float *gradient);

/* sum over k of weight[k] * (x[k] - scale * q)^2 with q the nearest integer to x[k] / scale in
 * -limit...limit; 16 partial sums, element k in the one of k modulo 16. weight may be null: all
 * ones. */
double vd_gram_round_error(const float *x, const float *_Nullable weight, size_t count, float scale,
                           float limit);

/* codes[k] = the nearest integer to x[k] / scale in -limit...limit. */
void vd_gram_round(const float *x, size_t count, float scale, float limit, float *codes);

/* What one image's activation adds to a histogram. */
typedef struct {
    float minimum; /* of the finite elements; +infinity and -infinity where there is none */
    float maximum;
    uint64_t zeros;
    uint64_t non_finite;
} vd_gram_extremes;

vd_gram_extremes vd_gram_find_extremes(const float *x, size_t count);

/* counts[bins / 2 + floor(x * inverse_width)] += 1 for each finite x; an index outside is moved to
 * the first or last bin. inverse_width: a power of two. */
void vd_gram_count(const float *x, size_t count, float inverse_width, size_t bins,
                   uint64_t *counts);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#endif
