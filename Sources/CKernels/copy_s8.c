// Elements that change their place only: transpositions and slices, parts of concatenations.
#include "vd_kernels.h"

#include <string.h>

// Copies axis `axis` and those inside it; the output position moves on.
static void copy_axis(const vd_copy_args *args, int axis, const int8_t *input, int8_t **output) {
    const int32_t count = args->extents[axis];
    const ptrdiff_t stride = args->strides[axis];
    if (axis < 5) {
        for (int32_t i = 0; i < count; i++)
            copy_axis(args, axis + 1, input + i * stride, output);
    } else {
        if (stride == 1)
            memcpy(*output, input, (size_t)count);
        else
            for (int32_t i = 0; i < count; i++)
                (*output)[i] = input[i * stride];
        *output += count;
    }
}

void vd_copy_strided_s8(const vd_copy_args *args, const int8_t *input, int8_t *output) {
    copy_axis(args, 0, input, &output);
}

void vd_copy_rows_s8(const int8_t *input, int8_t *output, size_t rows, size_t size,
                     size_t output_stride) {
    for (size_t row = 0; row < rows; row++)
        memcpy(output + row * output_stride, input + row * size, size);
}
