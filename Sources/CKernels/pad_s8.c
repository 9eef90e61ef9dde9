// Padding of a tensor of rank 4.
#include "vd_kernels.h"

#include <string.h>

// Pads axis `axis` and those inside it; the input and output positions move on.
static void pad_axis(const vd_pad_args *args, const size_t *output_sizes, int axis,
                     const int8_t **input, int8_t **output) {
    const size_t before = (size_t)args->before[axis] * output_sizes[axis];
    const size_t after = (size_t)args->after[axis] * output_sizes[axis];
    memset(*output, args->value, before);
    *output += before;
    if (axis == 3) {
        const size_t run = (size_t)args->extents[3];
        memcpy(*output, *input, run);
        *input += run;
        *output += run;
    } else {
        for (int32_t i = 0; i < args->extents[axis]; i++)
            pad_axis(args, output_sizes, axis + 1, input, output);
    }
    memset(*output, args->value, after);
    *output += after;
}

void vd_pad_s8(const vd_pad_args *args, const int8_t *input, int8_t *output) {
    // Bytes of one step along each axis of the output.
    size_t output_sizes[4] = {1, 1, 1, 1};
    for (int axis = 3; axis > 0; axis--)
        output_sizes[axis - 1] =
            output_sizes[axis] *
            (size_t)(args->before[axis] + args->extents[axis] + args->after[axis]);
    pad_axis(args, output_sizes, 0, &input, &output);
}
