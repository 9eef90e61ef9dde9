// Fully connected, plain C: the definition.
#include "dot_s8_scalar.h"
#include "kernel_rows.h"
#include "vd_fixed_point.h"
#include "window.h"

int vd_fully_connected_s8_scalar_supports(const vd_window *window) {
    (void)window;
    return 1;
}

size_t vd_fully_connected_s8_scalar_packed_size(const vd_window *w) {
    return (size_t)w->out_c * (size_t)w->in_c;
}

void vd_fully_connected_s8_scalar_pack(const vd_window *w, const int8_t *weights, void *packed) {
    memcpy(packed, weights, vd_fully_connected_s8_scalar_packed_size(w));
}

size_t vd_fully_connected_s8_scalar_scratch_size(const vd_window *window) {
    (void)window;
    return 0;
}

void vd_fully_connected_s8_scalar_run(const vd_conv_args *args, const int8_t *input, int8_t *output,
                                      void *scratch, int32_t row_begin, int32_t row_end) {
    (void)scratch;
    const vd_window *w = &args->window;
    const vd_requant *q = &args->requant;
    const int32_t begin = row_begin * VD_FULLY_CONNECTED_BLOCK;
    const int32_t end = vd_min_s32(row_end * VD_FULLY_CONNECTED_BLOCK, w->out_c);
    for (int32_t m = 0; m < w->in_h; m++, input += w->in_c, output += w->out_c) {
        const int8_t *weights = (const int8_t *)args->weights + (ptrdiff_t)begin * w->in_c;
        for (int32_t c = begin; c < end; c++, weights += w->in_c)
            output[c] = vd_requantize(vd_sum_s32(q->bias[c], vd_dot_s8(input, weights, w->in_c)),
                                      q->shift[c], q->multiplier[c], q->final_shift, q->zero_point,
                                      q->low, q->high);
    }
}
