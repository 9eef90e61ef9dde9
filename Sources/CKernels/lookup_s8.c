// A function of one element by a table of its 256 values.
#include "vd_kernels.h"

void vd_lookup_s8(const int8_t *table, const int8_t *input, int8_t *output, size_t count) {
    for (size_t i = 0; i < count; i++)
        output[i] = table[input[i] + 128];
}
