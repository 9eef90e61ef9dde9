// The kernels that each instruction set has its own build of. One body (product_body.h,
// depthwise_body.h) serves all: only the vector's width and the number of rows in registers differ.
#ifndef VD_FLOAT_ROWS_H
#define VD_FLOAT_ROWS_H

#include "vd_float.h"

#define VD_FLOAT_ROWS(isa)                                                                         \
    void vd_float_product_##isa(size_t rows, size_t outputs, size_t depth, const float *input,     \
                                size_t input_stride, const float *packed, float *output,           \
                                size_t output_stride, float minimum, float maximum);               \
    void vd_float_depthwise_##isa(const vd_float_window *window, const float *input,               \
                                  const float *weights, const float *bias, float *output,          \
                                  float minimum, float maximum)

VD_FLOAT_ROWS(baseline);
#if defined(__x86_64__)
VD_FLOAT_ROWS(avx2);
VD_FLOAT_ROWS(avx512);
#endif

// The window's taps [first, end) along one axis that lie inside the image, for the window that
// starts at `start` (negative in the padding).
static inline void vd_float_taps(ptrdiff_t start, size_t kernel, size_t dilation, size_t extent,
                                 size_t *first, size_t *end) {
    size_t low = 0, high = kernel;
    if (start < 0)
        low = ((size_t)-start + dilation - 1) / dilation;
    if (start >= (ptrdiff_t)extent)
        high = 0;
    else if (start + (ptrdiff_t)((kernel - 1) * dilation) >= (ptrdiff_t)extent)
        high = ((size_t)((ptrdiff_t)extent - start) + dilation - 1) / dilation;
    *first = low < high ? low : high;
    *end = high;
}

#endif
