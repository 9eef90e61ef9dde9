// Walks over arrays of any rank: broadcasting, copies, sums, gathers. The last axis is the inner
// loop; the others count like the wheels of an odometer.
#include "vd_float.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF

typedef struct {
    size_t indices[VD_FLOAT_MAX_RANK];
    size_t first, second; // offsets of the row
} odometer;

// Moves to the next row; false after the last.
static int advance(const vd_float_walk *walk, odometer *o) {
    for (size_t axis = walk->rank - 1; axis-- > 0;) {
        o->first += walk->first_steps[axis];
        o->second += walk->second_steps[axis];
        if (++o->indices[axis] < walk->extents[axis])
            return 1;
        o->first -= walk->first_steps[axis] * walk->extents[axis];
        o->second -= walk->second_steps[axis] * walk->extents[axis];
        o->indices[axis] = 0;
    }
    return 0;
}

// The same expression for the steps that matter, so that the compiler can use vectors.
#define VD_ROW(expression)                                                                         \
    do {                                                                                           \
        if (s == 1 && t == 1)                                                                      \
            for (size_t i = 0; i < count; i++) {                                                   \
                const float x = a[i], y = b[i];                                                    \
                output[i] = expression;                                                            \
            }                                                                                      \
        else                                                                                       \
            for (size_t i = 0; i < count; i++) {                                                   \
                const float x = a[i * s], y = b[i * t];                                            \
                output[i] = expression;                                                            \
            }                                                                                      \
    } while (0)

void vd_float_binary(vd_float_binary_kind kind, const vd_float_walk *walk, const float *first,
                     const float *second, float *output) {
    const size_t count = walk->extents[walk->rank - 1];
    const size_t s = walk->first_steps[walk->rank - 1], t = walk->second_steps[walk->rank - 1];
    odometer o = {{0}, 0, 0};
    do {
        const float *const a = first + o.first, *const b = second + o.second;
        switch (kind) {
        case VD_FLOAT_ADD:
            VD_ROW(x + y);
            break;
        case VD_FLOAT_SUBTRACT:
            VD_ROW(x - y);
            break;
        case VD_FLOAT_MULTIPLY:
            VD_ROW(x * y);
            break;
        case VD_FLOAT_DIVIDE:
            VD_ROW(x / y);
            break;
        }
        output += count;
    } while (advance(walk, &o));
}

void vd_float_copy(const vd_float_walk *walk, const float *input, float *output) {
    const size_t count = walk->extents[walk->rank - 1];
    const size_t s = walk->first_steps[walk->rank - 1], t = walk->second_steps[walk->rank - 1];
    odometer o = {{0}, 0, 0};
    do {
        const float *const source = input + o.first;
        float *const target = output + o.second;
        if (s == 1 && t == 1)
            memcpy(target, source, count * sizeof(float));
        else
            for (size_t i = 0; i < count; i++)
                target[i * t] = source[i * s];
    } while (advance(walk, &o));
}

void vd_float_sum(const vd_float_walk *walk, const float *input, double *sums) {
    const size_t count = walk->extents[walk->rank - 1];
    const size_t s = walk->first_steps[walk->rank - 1], t = walk->second_steps[walk->rank - 1];
    odometer o = {{0}, 0, 0};
    do {
        const float *const source = input + o.first;
        double *const target = sums + o.second;
        for (size_t i = 0; i < count; i++)
            target[i * t] += source[i * s];
    } while (advance(walk, &o));
}

void vd_float_quotient(size_t count, const double *sums, double divisor, float *output) {
    for (size_t i = 0; i < count; i++)
        output[i] = (float)(sums[i] / divisor);
}

void vd_float_gather(size_t rows, size_t extent, size_t inner, const int32_t *indices, size_t count,
                     const float *input, float *output) {
    for (size_t r = 0; r < rows; r++, input += extent * inner)
        if (inner == 1)
            for (size_t i = 0; i < count; i++)
                *output++ = input[indices[i]];
        else
            for (size_t i = 0; i < count; i++, output += inner)
                memcpy(output, input + (size_t)indices[i] * inner, inner * sizeof(float));
}
