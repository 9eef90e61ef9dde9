// Mean over height and width.
#include "vd_fixed_point.h"
#include "vd_kernels.h"
#include "window.h"

enum { BLOCK = 64 }; // channels whose sums are kept at a time, so that memory is read in runs

void vd_mean_s8(const vd_mean_args *args, const int8_t *input, int8_t *output) {
    const int32_t pixels = args->in_h * args->in_w;
    const int32_t offset = pixels * args->input_zero_point;
    for (int32_t first = 0; first < args->c; first += BLOCK) {
        const int32_t count = vd_min_s32(BLOCK, args->c - first);
        int32_t sums[BLOCK] = {0};
        const int8_t *pixel = input + first;
        for (int32_t i = 0; i < pixels; i++, pixel += args->c)
            for (int32_t c = 0; c < count; c++)
                sums[c] += pixel[c];
        for (int32_t c = 0; c < count; c++)
            output[first + c] = vd_requantize_wide(sums[c] - offset, args->multiplier, args->shift,
                                                   args->zero_point, args->low, args->high);
    }
}
