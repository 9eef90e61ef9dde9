// Some indices of an axis, in any order.
#include "vd_kernels.h"

#include <string.h>

void vd_gather_s8(const vd_gather_args *args, const int32_t *indices, const int8_t *input,
                  int8_t *output) {
    const size_t inner = (size_t)args->inner, step = (size_t)args->extent * inner;
    for (int32_t outer = 0; outer < args->outer; outer++, input += step) {
        // Channels, one byte each, are what is mostly gathered.
        if (inner == 1)
            for (int32_t i = 0; i < args->count; i++)
                *output++ = input[indices[i]];
        else
            for (int32_t i = 0; i < args->count; i++, output += inner)
                memcpy(output, input + (size_t)indices[i] * inner, inner);
    }
}
