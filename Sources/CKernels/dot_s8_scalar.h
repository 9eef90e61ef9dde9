// The dot product of two int8 rows, plain C.
#ifndef VD_DOT_S8_SCALAR_H
#define VD_DOT_S8_SCALAR_H

#include <stdint.h>

static inline int32_t vd_dot_s8(const int8_t *restrict a, const int8_t *restrict b, int32_t count) {
    int32_t sum = 0, i = 0;
#if !defined(__OPTIMIZE__)
    // Whole networks run through this in debug builds and under emulation, where one long
    // expression is several times faster than a loop; an optimiser prefers the plain loop.
    for (; i + 8 <= count; i += 8, a += 8, b += 8)
        sum += a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3] + a[4] * b[4] + a[5] * b[5] +
               a[6] * b[6] + a[7] * b[7];
    for (; i < count; i++)
        sum += *a++ * *b++;
#else
    for (; i < count; i++)
        sum += a[i] * b[i];
#endif
    return sum;
}

#endif
