// Sums and products of tensors of different shapes: row by row, what is repeated along a row spread
// out first, so that the kernels for equal shapes do the work.
#include "vd_kernels.h"

#include <string.h>

enum { BLOCK = 256 }; // elements of a repeated one that are spread out at a time

typedef void (*row_function)(const void *args, const int8_t *a, const int8_t *b, int8_t *output,
                             size_t count);

static void add_row(const void *args, const int8_t *a, const int8_t *b, int8_t *output,
                    size_t count) {
    vd_add_s8(args, a, b, output, count);
}

static void mul_row(const void *args, const int8_t *a, const int8_t *b, int8_t *output,
                    size_t count) {
    vd_mul_s8(args, a, b, output, count);
}

static void repeated_row(row_function row, const void *args, const vd_broadcast *s, const int8_t *a,
                         const int8_t *b, int8_t *output) {
    const size_t count = (size_t)s->extents[3];
    int8_t spread_a[BLOCK], spread_b[BLOCK];
    if (s->strides_a[3] == 0)
        memset(spread_a, a[0], BLOCK);
    if (s->strides_b[3] == 0)
        memset(spread_b, b[0], BLOCK);
    for (size_t i = 0; i < count; i += BLOCK)
        row(args, s->strides_a[3] == 0 ? spread_a : a + i, s->strides_b[3] == 0 ? spread_b : b + i,
            output + i, count - i < BLOCK ? count - i : BLOCK);
}

static void walk(row_function row, const void *args, const vd_broadcast *s, const int8_t *a,
                 const int8_t *b, int8_t *output) {
    const int dense = s->strides_a[3] == 1 && s->strides_b[3] == 1;
    for (int32_t i = 0; i < s->extents[0]; i++)
        for (int32_t j = 0; j < s->extents[1]; j++)
            for (int32_t k = 0; k < s->extents[2]; k++, output += s->extents[3]) {
                const int8_t *from_a = a + (ptrdiff_t)i * s->strides_a[0] +
                                       (ptrdiff_t)j * s->strides_a[1] +
                                       (ptrdiff_t)k * s->strides_a[2];
                const int8_t *from_b = b + (ptrdiff_t)i * s->strides_b[0] +
                                       (ptrdiff_t)j * s->strides_b[1] +
                                       (ptrdiff_t)k * s->strides_b[2];
                if (dense)
                    row(args, from_a, from_b, output, (size_t)s->extents[3]);
                else
                    repeated_row(row, args, s, from_a, from_b, output);
            }
}

void vd_add_broadcast_s8(const vd_add_args *args, const vd_broadcast *shape, const int8_t *a,
                         const int8_t *b, int8_t *output) {
    walk(add_row, args, shape, a, b, output);
}

void vd_mul_broadcast_s8(const vd_mul_args *args, const vd_broadcast *shape, const int8_t *a,
                         const int8_t *b, int8_t *output) {
    walk(mul_row, args, shape, a, b, output);
}
