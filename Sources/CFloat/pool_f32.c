// Pooling, pixel by pixel, channels innermost.
#include "float_rows.h"
#include <math.h>

#pragma STDC FP_CONTRACT OFF

// Channels whose sums are kept beside each other.
enum { BLOCK = 64 };

typedef struct {
    ptrdiff_t row, column;
    size_t first_row, end_row, first_column, end_column;
} place;

static place place_of(const vd_float_window *w, size_t y, size_t x) {
    place p;
    p.row = (ptrdiff_t)(y * w->stride_height) - (ptrdiff_t)w->top;
    p.column = (ptrdiff_t)(x * w->stride_width) - (ptrdiff_t)w->left;
    vd_float_taps(p.row, w->kernel_height, w->dilation_height, w->input_height, &p.first_row,
                  &p.end_row);
    vd_float_taps(p.column, w->kernel_width, w->dilation_width, w->input_width, &p.first_column,
                  &p.end_column);
    return p;
}

static const float *tap(const vd_float_window *w, const float *input, const place *p, size_t i,
                        size_t j) {
    const size_t y = (size_t)(p->row + (ptrdiff_t)(i * w->dilation_height));
    const size_t x = (size_t)(p->column + (ptrdiff_t)(j * w->dilation_width));
    return input + (y * w->input_width + x) * w->channels;
}

void vd_float_max_pool(const vd_float_window *w, const float *input, float *output) {
    const size_t channels = w->channels;
    for (size_t y = 0; y < w->output_height; y++)
        for (size_t x = 0; x < w->output_width; x++, output += channels) {
            const place p = place_of(w, y, x);
            for (size_t c = 0; c < channels; c++)
                output[c] = -INFINITY;
            for (size_t i = p.first_row; i < p.end_row; i++)
                for (size_t j = p.first_column; j < p.end_column; j++) {
                    const float *const source = tap(w, input, &p, i, j);
                    for (size_t c = 0; c < channels; c++)
                        output[c] = source[c] > output[c] ? source[c] : output[c];
                }
        }
}

// Taps along one axis inside the image and the padding that counts.
static size_t counted(ptrdiff_t start, size_t kernel, size_t dilation, size_t extent, size_t before,
                      size_t after) {
    size_t first, end;
    vd_float_taps(start + (ptrdiff_t)before, kernel, dilation, before + extent + after, &first,
                  &end);
    return end - first;
}

void vd_float_average_pool(const vd_float_window *w, size_t counted_top, size_t counted_left,
                           size_t counted_bottom, size_t counted_right, const float *input,
                           float *output) {
    const size_t channels = w->channels;
    for (size_t y = 0; y < w->output_height; y++)
        for (size_t x = 0; x < w->output_width; x++, output += channels) {
            const place p = place_of(w, y, x);
            const double divisor = (double)(counted(p.row, w->kernel_height, w->dilation_height,
                                                    w->input_height, counted_top, counted_bottom) *
                                            counted(p.column, w->kernel_width, w->dilation_width,
                                                    w->input_width, counted_left, counted_right));
            for (size_t c = 0; c < channels; c += BLOCK) {
                const size_t count = channels - c < BLOCK ? channels - c : BLOCK;
                double sums[BLOCK] = {0};
                for (size_t i = p.first_row; i < p.end_row; i++)
                    for (size_t j = p.first_column; j < p.end_column; j++) {
                        const float *const source = tap(w, input, &p, i, j) + c;
                        for (size_t k = 0; k < count; k++)
                            sums[k] += source[k];
                    }
                for (size_t k = 0; k < count; k++)
                    output[c + k] = (float)(sums[k] / divisor);
            }
        }
}
