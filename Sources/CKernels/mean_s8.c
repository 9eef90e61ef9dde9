// Mean over the middle of three extents.
#include "vd_fixed_point.h"
#include "vd_kernels.h"
#include "window.h"

enum { BLOCK = 64 }; // channels whose sums are kept at a time, so that memory is read in runs

static void mean_block(const vd_mean_args *args, const int8_t *input, int8_t *output,
                       int32_t count) {
    int32_t sums[BLOCK] = {0};
    for (int32_t i = 0; i < args->reduced; i++, input += args->inner)
        for (int32_t c = 0; c < count; c++)
            sums[c] += input[c];
    const int32_t offset = args->reduced * args->input_zero_point;
    for (int32_t c = 0; c < count; c++)
        output[c] = vd_requantize_wide(sums[c] - offset, args->multiplier, args->shift,
                                       args->zero_point, args->low, args->high);
}

void vd_mean_s8(const vd_mean_args *args, const int8_t *input, int8_t *output) {
    const ptrdiff_t step = (ptrdiff_t)args->reduced * args->inner;
    for (int32_t i = 0; i < args->outer; i++, input += step, output += args->inner)
        for (int32_t first = 0; first < args->inner; first += BLOCK)
            mean_block(args, input + first, output + first, vd_min_s32(BLOCK, args->inner - first));
}
