// Convolution, plain C: the definition. Each output pixel's patch is gathered once, so the inner
// loop is a dot product of two contiguous rows without a bounds check.
#include "dot_s8_scalar.h"
#include "kernel_rows.h"
#include "vd_fixed_point.h"
#include "window.h"

int vd_conv_s8_scalar_supports(const vd_window *window) {
    (void)window;
    return 1;
}

size_t vd_conv_s8_scalar_packed_size(const vd_window *w) {
    return (size_t)w->out_c * (size_t)vd_patch_size(w);
}

void vd_conv_s8_scalar_pack(const vd_window *w, const int8_t *weights, void *packed) {
    memcpy(packed, weights, vd_conv_s8_scalar_packed_size(w));
}

size_t vd_conv_s8_scalar_scratch_size(const vd_window *w) {
    return vd_is_pointwise(w) ? 0 : (size_t)vd_patch_size(w);
}

void vd_conv_s8_scalar_run(const vd_conv_args *args, const int8_t *input, int8_t *output,
                           void *scratch, int32_t row_begin, int32_t row_end) {
    const vd_window *w = &args->window;
    const vd_requant *q = &args->requant;
    const int32_t patch_size = vd_patch_size(w), groups = w->in_c / w->filter_c;
    const int32_t group_out_c = w->out_c / groups;
    const int pointwise = vd_is_pointwise(w);
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        for (int32_t ox = 0; ox < w->out_w; ox++) {
            int8_t *to = output + ((ptrdiff_t)oy * w->out_w + ox) * w->out_c;
            for (int32_t group = 0; group < groups; group++) {
                const int32_t in_channel = group * w->filter_c;
                const int8_t *patch = scratch;
                if (pointwise)
                    patch = input + in_channel +
                            ((ptrdiff_t)oy * w->stride_h * w->in_w + ox * w->stride_w) * w->in_c;
                else
                    vd_gather_patch_s8(w, input, args->input_zero_point, oy, ox, in_channel,
                                       scratch);
                const int32_t first = group * group_out_c;
                const int8_t *weights =
                    (const int8_t *)args->weights + (ptrdiff_t)first * patch_size;
                for (int32_t c = first; c < first + group_out_c; c++, weights += patch_size)
                    to[c] = vd_requantize(
                        vd_sum_s32(q->bias[c], vd_dot_s8(patch, weights, patch_size)), q->shift[c],
                        q->multiplier[c], q->final_shift, q->zero_point, q->low, q->high);
            }
        }
    }
}
