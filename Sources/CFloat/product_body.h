// Matrix product with packed weights: a block of rows times one panel of outputs is summed in
// registers over the whole depth, so each output has one accumulator and k ascends.
#include "float_vector.h"
#include <string.h>

// A panel's vectors.
#define VD_COLUMNS (VD_FLOAT_PANEL / VD_LANES)

// `rows` and `columns` are constants at each call: the arrays become registers.
VD_INLINE void block(const size_t rows, const size_t columns, size_t outputs, size_t depth,
                     const float *input, size_t input_stride, const float *panel, float *output,
                     size_t output_stride, float minimum, float maximum) {
    vd_vector sums[VD_ROWS][VD_COLUMNS];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < columns; v++)
            sums[r][v] = VD_LOAD(panel + v * VD_LANES);
    for (size_t k = 0; k < depth; k++) {
        panel += VD_FLOAT_PANEL;
        vd_vector weights[VD_COLUMNS];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < columns; v++)
            weights[v] = VD_LOAD(panel + v * VD_LANES);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            const float x = input[r * input_stride + k];
#pragma clang loop unroll(full)
            for (size_t v = 0; v < columns; v++)
                sums[r][v] = sums[r][v] + weights[v] * x;
        }
    }
    const vd_vector low = VD_SPLAT(minimum), high = VD_SPLAT(maximum);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        float *const target = output + r * output_stride;
#pragma clang loop unroll(full)
        for (size_t v = 0; v < columns; v++)
            VD_CLAMP(sums[r][v], low, high);
        if (outputs >= columns * VD_LANES) {
#pragma clang loop unroll(full)
            for (size_t v = 0; v < columns; v++)
                VD_STORE(target + v * VD_LANES, sums[r][v]);
        } else {
            memcpy(target, sums[r], outputs * sizeof(float));
        }
    }
}

// All rows times one panel of at most `columns` vectors of outputs.
VD_INLINE void panel_product(const size_t columns, size_t rows, size_t outputs, size_t depth,
                             const float *input, size_t input_stride, const float *panel,
                             float *output, size_t output_stride, float minimum, float maximum) {
    for (; rows >= VD_ROWS; rows -= VD_ROWS) {
        block(VD_ROWS, columns, outputs, depth, input, input_stride, panel, output, output_stride,
              minimum, maximum);
        input += VD_ROWS * input_stride;
        output += VD_ROWS * output_stride;
    }
#if VD_ROWS > 4
    for (; rows >= 4; rows -= 4) {
        block(4, columns, outputs, depth, input, input_stride, panel, output, output_stride,
              minimum, maximum);
        input += 4 * input_stride;
        output += 4 * output_stride;
    }
#endif
    for (; rows > 0; rows--) {
        block(1, columns, outputs, depth, input, input_stride, panel, output, output_stride,
              minimum, maximum);
        input += input_stride;
        output += output_stride;
    }
}

VD_TARGET void VD_NAME(vd_float_product)(size_t rows, size_t outputs, size_t depth,
                                         const float *input, size_t input_stride,
                                         const float *packed, float *output, size_t output_stride,
                                         float minimum, float maximum) {
    // Rows in tiles that stay in the second-level cache while all panels pass over them.
    const size_t fitting = 65536 / (depth + 1);
    const size_t tile = (fitting / VD_ROWS + 1) * VD_ROWS;
    for (size_t first = 0; first < rows; first += tile) {
        const size_t count = rows - first < tile ? rows - first : tile;
        const float *panel = packed;
        for (size_t o = 0; o < outputs; o += VD_FLOAT_PANEL) {
            const size_t left = outputs - o;
            if (left > VD_FLOAT_PANEL / 2)
                panel_product(VD_COLUMNS, count, left, depth, input + first * input_stride,
                              input_stride, panel, output + first * output_stride + o,
                              output_stride, minimum, maximum);
            else
                panel_product((VD_COLUMNS + 1) / 2, count, left, depth,
                              input + first * input_stride, input_stride, panel,
                              output + first * output_stride + o, output_stride, minimum, maximum);
            panel += (depth + 1) * VD_FLOAT_PANEL;
        }
    }
}
