// Which build of a kernel runs, and what they share: packing, patches.
#include "float_rows.h"
#include <string.h>

size_t vd_float_packed_count(size_t outputs, size_t depth) {
    return (outputs + VD_FLOAT_PANEL - 1) / VD_FLOAT_PANEL * (depth + 1) * VD_FLOAT_PANEL;
}

void vd_float_pack(size_t outputs, size_t depth, const float *weights, const float *bias,
                   float *packed) {
    for (size_t o = 0; o < outputs; o += VD_FLOAT_PANEL) {
        for (size_t i = 0; i < VD_FLOAT_PANEL; i++)
            packed[i] = o + i < outputs ? bias[o + i] : 0;
        packed += VD_FLOAT_PANEL;
        for (size_t k = 0; k < depth; k++) {
            for (size_t i = 0; i < VD_FLOAT_PANEL; i++)
                packed[i] = o + i < outputs ? weights[(o + i) * depth + k] : 0;
            packed += VD_FLOAT_PANEL;
        }
    }
}

void vd_float_product(vd_float_isa isa, size_t rows, size_t outputs, size_t depth,
                      const float *input, size_t input_stride, const float *packed, float *output,
                      size_t output_stride, float minimum, float maximum) {
#if defined(__x86_64__)
    if (isa == VD_FLOAT_AVX512) {
        vd_float_product_avx512(rows, outputs, depth, input, input_stride, packed, output,
                                output_stride, minimum, maximum);
        return;
    }
    if (isa == VD_FLOAT_AVX2) {
        vd_float_product_avx2(rows, outputs, depth, input, input_stride, packed, output,
                              output_stride, minimum, maximum);
        return;
    }
#else
    (void)isa;
#endif
    vd_float_product_baseline(rows, outputs, depth, input, input_stride, packed, output,
                              output_stride, minimum, maximum);
}

void vd_float_depthwise(vd_float_isa isa, const vd_float_window *window, const float *input,
                        const float *weights, const float *bias, float *output, float minimum,
                        float maximum) {
#if defined(__x86_64__)
    if (isa == VD_FLOAT_AVX512) {
        vd_float_depthwise_avx512(window, input, weights, bias, output, minimum, maximum);
        return;
    }
    if (isa == VD_FLOAT_AVX2) {
        vd_float_depthwise_avx2(window, input, weights, bias, output, minimum, maximum);
        return;
    }
#else
    (void)isa;
#endif
    vd_float_depthwise_baseline(window, input, weights, bias, output, minimum, maximum);
}

void vd_float_patches(const vd_float_window *w, const float *input, size_t channel, size_t depth,
                      size_t first, size_t count, float *patches) {
    for (size_t p = first; p < first + count; p++) {
        const ptrdiff_t row =
            (ptrdiff_t)(p / w->output_width * w->stride_height) - (ptrdiff_t)w->top;
        const ptrdiff_t column =
            (ptrdiff_t)(p % w->output_width * w->stride_width) - (ptrdiff_t)w->left;
        for (size_t i = 0; i < w->kernel_height; i++) {
            const ptrdiff_t y = row + (ptrdiff_t)(i * w->dilation_height);
            for (size_t j = 0; j < w->kernel_width; j++, patches += depth) {
                const ptrdiff_t x = column + (ptrdiff_t)(j * w->dilation_width);
                if (y < 0 || y >= (ptrdiff_t)w->input_height || x < 0 ||
                    x >= (ptrdiff_t)w->input_width)
                    memset(patches, 0, depth * sizeof(float));
                else
                    memcpy(patches,
                           input + ((size_t)y * w->input_width + (size_t)x) * w->channels + channel,
                           depth * sizeof(float));
            }
        }
    }
}
