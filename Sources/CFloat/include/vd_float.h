/* Float kernels of the host half: they run the calibration set and sum its Gram matrices.
 *
 * Each output element is summed by one accumulator in ascending order of k, product and sum
 * rounded one by one (no fused multiply-add), so that every instruction set, vector width and
 * thread count gives the same bits.
 *
 * Nothing here allocates, logs or keeps state. Outputs must not overlap inputs unless a function
 * says so; pointers need the alignment of a float only. A clamp is `min(max(x, minimum), maximum)`
 * with plain comparisons, so that a NaN stays one; -INFINITY and INFINITY mean none. */
#ifndef VD_FLOAT_H
#define VD_FLOAT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/* ---- instruction sets ---- */

/* In rising order; the baseline is what the architecture always has (SSE2, NEON). */
typedef enum {
    VD_FLOAT_BASELINE = 0,
    VD_FLOAT_AVX2 = 1,
    VD_FLOAT_AVX512 = 2,
} vd_float_isa;

/* The highest one that this CPU and its operating system can run. */
vd_float_isa vd_float_best_isa(void);

/* ---- windows ---- */

/* How a kernel walks over an image [height, width, channels] in NHWC. */
typedef struct {
    size_t input_height, input_width, channels;
    size_t output_height, output_width;
    size_t kernel_height, kernel_width;
    size_t stride_height, stride_width;
    size_t dilation_height, dilation_width;
    size_t top, left; /* rows and columns of padding; what lies below follows from the rest */
} vd_float_window;

/* ---- products ---- */

/* Outputs of a panel of packed weights, whatever the instruction set. */
#define VD_FLOAT_PANEL 16

/* The floats that `outputs` rows of `depth` weights take when packed:
 * ceil(outputs / VD_FLOAT_PANEL) * (depth + 1) * VD_FLOAT_PANEL. */
size_t vd_float_packed_count(size_t outputs, size_t depth);

/* Packs weights [outputs, depth]: panels of VD_FLOAT_PANEL outputs, each a row of biases and
 * `depth` rows of weights; outputs that fill up the last panel are zero. */
void vd_float_pack(size_t outputs, size_t depth, const float *weights, const float *bias,
                   float *packed);

/* output[r][o] = clamp(bias[o] + sum over k of input[r][k] * weights[o][k]), for `rows` rows that
 * lie `input_stride` and `output_stride` floats apart. */
void vd_float_product(vd_float_isa isa, size_t rows, size_t outputs, size_t depth,
                      const float *input, size_t input_stride, const float *packed, float *output,
                      size_t output_stride, float minimum, float maximum);

/* Writes the elements that `count` windows from number `first` on read (row by row), `depth`
 * channels from `channel` on: [count, kernel_height, kernel_width, depth], zero where they lie in
 * the padding. */
void vd_float_patches(const vd_float_window *window, const float *input, size_t channel,
                      size_t depth, size_t first, size_t count, float *patches);

/* Depthwise convolution: weights [kernel_height, kernel_width, channels], a bias a channel. Taps in
 * the padding are left out. */
void vd_float_depthwise(vd_float_isa isa, const vd_float_window *window, const float *input,
                        const float *weights, const float *bias, float *output, float minimum,
                        float maximum);

/* ---- windows without weights ---- */

void vd_float_max_pool(const vd_float_window *window, const float *input, float *output);

/* The sum in double precision, row by row, divided by the number of elements inside the image
 * extended by `counted_top` ... `counted_right` rows and columns (all zero: without padding). */
void vd_float_average_pool(const vd_float_window *window, size_t counted_top, size_t counted_left,
                           size_t counted_bottom, size_t counted_right, const float *input,
                           float *output);

/* ---- element by element ---- */

typedef enum {
    VD_FLOAT_ADD = 0,
    VD_FLOAT_SUBTRACT = 1,
    VD_FLOAT_MULTIPLY = 2,
    VD_FLOAT_DIVIDE = 3,
} vd_float_binary_kind;

#define VD_FLOAT_MAX_RANK 8

/* A walk over `extents` in row-major order with a step for each axis and each of two operands; an
 * axis with step 0 repeats. Rank at least 1. */
typedef struct {
    size_t rank;
    size_t extents[VD_FLOAT_MAX_RANK];
    size_t first_steps[VD_FLOAT_MAX_RANK];
    size_t second_steps[VD_FLOAT_MAX_RANK];
} vd_float_walk;

/* `output` in the walk's order. */
void vd_float_binary(vd_float_binary_kind kind, const vd_float_walk *walk, const float *first,
                     const float *second, float *output);

/* output[second steps] = input[first steps]. */
void vd_float_copy(const vd_float_walk *walk, const float *input, float *output);

/* sums[second steps] += input[first steps], in the walk's order; the caller clears `sums`. */
void vd_float_sum(const vd_float_walk *walk, const float *input, double *sums);

/* output[i] = (float)(sums[i] / divisor). */
void vd_float_quotient(size_t count, const double *sums, double divisor, float *output);

/* output[r][g] = input[r][indices[g]][0 ..< inner]: `rows` blocks of `extent` runs of `inner`. */
void vd_float_gather(size_t rows, size_t extent, size_t inner, const int32_t *indices, size_t count,
                     const float *input, float *output);

/* x * scale[c] + offset[c], product and sum rounded; rows of `channels`. In place where output is
 * input. */
void vd_float_affine(size_t rows, size_t channels, const float *input, const float *scale,
                     const float *offset, float *output);

/* These may work in place. */
void vd_float_clamp(size_t count, const float *input, float minimum, float maximum, float *output);
void vd_float_leaky_relu(size_t count, const float *input, float slope, float *output);
void vd_float_hard_swish(size_t count, const float *input, float *output);
void vd_float_hard_sigmoid(size_t count, const float *input, float alpha, float beta,
                           float *output);
/* 1 / (1 + exp(-x)), in double precision, then rounded. */
void vd_float_sigmoid(size_t count, const float *input, float *output);
/* Over each row; may work in place. */
void vd_float_softmax(size_t rows, size_t channels, const float *input, float *output);

/* exp in double precision from additions and products only, the same bits on every CPU; relative
 * error below 2e-10. Arguments outside -700...700 are taken as those. */
double vd_float_exp(double x);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#endif
