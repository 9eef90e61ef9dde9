// Softmax by a table of exponentials: integers only, so the same bits everywhere.
#include "vd_kernels.h"

void vd_softmax_s8(const uint32_t *exponentials, const int8_t *input, int8_t *output, size_t rows,
                   size_t count) {
    for (size_t row = 0; row < rows; row++, input += count, output += count) {
        int32_t max = INT8_MIN;
        for (size_t i = 0; i < count; i++)
            max = input[i] > max ? input[i] : max;
        uint64_t sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += exponentials[max - input[i]];
        for (size_t i = 0; i < count; i++) {
            const uint64_t e = exponentials[max - input[i]];
            const uint64_t q = ((e << 8) + sum / 2) / sum; // 0...256, e is part of the sum
            output[i] = (int8_t)(q > 255 ? INT8_MAX : (int32_t)q - 128);
        }
    }
}
