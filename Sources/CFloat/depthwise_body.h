// Depthwise convolution: channels side by side in a vector, taps in ascending order.
#include "float_rows.h"
#include "float_vector.h"

// The taps of one window that lie inside the image: `input` and `weights` point at the first.
typedef struct {
    size_t rows, columns;
    size_t input_row, input_column; // steps from tap to tap
    size_t weight_row, weight_column;
    const float *input;
    const float *weights;
} vd_taps;

// `vectors` (a constant at each call) times VD_LANES channels of one output pixel, from `c` on.
VD_INLINE void depthwise_pixel(const size_t vectors, const vd_taps *t, size_t c, const float *bias,
                               float *output, float minimum, float maximum) {
    vd_vector sums[4];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++)
        sums[v] = VD_LOAD(bias + c + v * VD_LANES);
    for (size_t i = 0; i < t->rows; i++) {
        const float *x = t->input + i * t->input_row + c;
        const float *w = t->weights + i * t->weight_row + c;
        for (size_t j = 0; j < t->columns; j++) {
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++)
                sums[v] = sums[v] + VD_LOAD(w + j * t->weight_column + v * VD_LANES) *
                                        VD_LOAD(x + j * t->input_column + v * VD_LANES);
        }
    }
    const vd_vector low = VD_SPLAT(minimum), high = VD_SPLAT(maximum);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        VD_CLAMP(sums[v], low, high);
        VD_STORE(output + c + v * VD_LANES, sums[v]);
    }
}

// One channel of one output pixel: what is left at the end.
VD_INLINE float depthwise_channel(const vd_taps *t, size_t c, float sum) {
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < t->columns; j++) {
            const float product = t->weights[i * t->weight_row + j * t->weight_column + c] *
                                  t->input[i * t->input_row + j * t->input_column + c];
            sum = sum + product;
        }
    return sum;
}

VD_TARGET void VD_NAME(vd_float_depthwise)(const vd_float_window *w, const float *input,
                                           const float *weights, const float *bias, float *output,
                                           float minimum, float maximum) {
    const size_t channels = w->channels;
    vd_taps t;
    t.input_row = w->dilation_height * w->input_width * channels;
    t.input_column = w->dilation_width * channels;
    t.weight_row = w->kernel_width * channels;
    t.weight_column = channels;
    for (size_t y = 0; y < w->output_height; y++) {
        const ptrdiff_t row = (ptrdiff_t)(y * w->stride_height) - (ptrdiff_t)w->top;
        size_t first_row, end_row;
        vd_float_taps(row, w->kernel_height, w->dilation_height, w->input_height, &first_row,
                      &end_row);
        for (size_t x = 0; x < w->output_width; x++, output += channels) {
            const ptrdiff_t column = (ptrdiff_t)(x * w->stride_width) - (ptrdiff_t)w->left;
            size_t first_column, end_column;
            vd_float_taps(column, w->kernel_width, w->dilation_width, w->input_width, &first_column,
                          &end_column);
            t.rows = end_row - first_row;
            t.columns = end_column - first_column;
            t.input = input;
            t.weights = weights;
            if (t.rows > 0 && t.columns > 0) {
                const size_t top = (size_t)(row + (ptrdiff_t)(first_row * w->dilation_height));
                const size_t left =
                    (size_t)(column + (ptrdiff_t)(first_column * w->dilation_width));
                t.input += (top * w->input_width + left) * channels;
                t.weights += first_row * t.weight_row + first_column * t.weight_column;
            }
            size_t c = 0;
            for (; c + 4 * VD_LANES <= channels; c += 4 * VD_LANES)
                depthwise_pixel(4, &t, c, bias, output, minimum, maximum);
            for (; c + VD_LANES <= channels; c += VD_LANES)
                depthwise_pixel(1, &t, c, bias, output, minimum, maximum);
            for (; c < channels; c++)
                output[c] = vd_float_clamped(depthwise_channel(&t, c, bias[c]), minimum, maximum);
        }
    }
}
