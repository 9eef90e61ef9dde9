// Sums over one channel's weights.
#include "vd_kernels.h"

void vd_weight_sum(const int8_t *weights, size_t count, size_t stride, int32_t *sum,
                   int32_t *magnitude) {
    int32_t total = 0, absolute = 0;
    for (size_t i = 0; i < count; i++) {
        const int32_t w = weights[i * stride];
        total += w;
        absolute += w < 0 ? -w : w;
    }
    *sum = total;
    *magnitude = absolute;
}
