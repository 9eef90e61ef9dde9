// Depthwise convolution, plain C: the definition.
#include "kernel_rows.h"
#include "vd_fixed_point.h"
#include "window.h"

// Output channels whose sums are kept at a time, so that the inner loop runs over channels.
enum { BLOCK = 64 };

int vd_depthwise_s8_scalar_supports(const vd_window *window) {
    (void)window;
    return 1;
}

size_t vd_depthwise_s8_scalar_packed_size(const vd_window *w) {
    return (size_t)w->kernel_h * (size_t)w->kernel_w * (size_t)w->out_c;
}

void vd_depthwise_s8_scalar_pack(const vd_window *w, const int8_t *weights, void *packed) {
    memcpy(packed, weights, vd_depthwise_s8_scalar_packed_size(w));
}

size_t vd_depthwise_s8_scalar_scratch_size(const vd_window *w) {
    return vd_padding_size(w) + vd_row_taps_size(w);
}

// Output channels `first` ..< first + count, count <= BLOCK, of one pixel.
static void run_block(const vd_conv_args *args, const int8_t *const *taps, int8_t *output,
                      int32_t first, int32_t count) {
    const vd_window *w = &args->window;
    const vd_requant *q = &args->requant;
    const int32_t tap_count = w->kernel_h * w->kernel_w, multiplier = w->out_c / w->in_c;
    int32_t sums[BLOCK] = {0};
    const int8_t *weights = (const int8_t *)args->weights + first;
    for (int32_t t = 0; t < tap_count; t++, weights += w->out_c) {
        if (multiplier == 1) {
            const int8_t *x = taps[t] + first;
            for (int32_t c = 0; c < count; c++)
                sums[c] += x[c] * weights[c];
        } else {
            for (int32_t c = 0; c < count; c++)
                sums[c] += taps[t][(first + c) / multiplier] * weights[c];
        }
    }
    for (int32_t c = 0; c < count; c++)
        output[first + c] =
            vd_requantize(vd_sum_s32(q->bias[first + c], sums[c]), q->shift[first + c],
                          q->multiplier[first + c], q->final_shift, q->zero_point, q->low, q->high);
}

void vd_depthwise_s8_scalar_run(const vd_conv_args *args, const int8_t *input, int8_t *output,
                                void *scratch, int32_t row_begin, int32_t row_end) {
    const vd_window *w = &args->window;
    int8_t *padding = scratch;
    const int8_t **taps = (const int8_t **)(void *)(padding + vd_padding_size(w));
    memset(padding, args->input_zero_point, (size_t)w->in_c);
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        vd_row_taps(w, input, padding, oy, taps);
        for (int32_t ox = 0; ox < w->out_w; ox++) {
            int8_t *to = output + ((ptrdiff_t)oy * w->out_w + ox) * w->out_c;
            const int8_t *const *pixel_taps = taps + (ptrdiff_t)ox * w->kernel_h * w->kernel_w;
            for (int32_t first = 0; first < w->out_c; first += BLOCK)
                run_block(args, pixel_taps, to, first, vd_min_s32(BLOCK, w->out_c - first));
        }
    }
}
