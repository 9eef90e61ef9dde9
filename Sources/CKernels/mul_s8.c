// Products of two tensors, element by element.
#include "vd_fixed_point.h"
#include "vd_kernels.h"

void vd_mul_s8(const vd_mul_args *args, const int8_t *a, const int8_t *b, int8_t *output,
               size_t count) {
    const vd_mul_args m = *args; // the output might alias what is behind a pointer
    for (size_t i = 0; i < count; i++)
        output[i] = vd_requantize_wide((a[i] - m.zero_point_a) * (b[i] - m.zero_point_b),
                                       m.multiplier, m.shift, m.zero_point, m.low, m.high);
}
