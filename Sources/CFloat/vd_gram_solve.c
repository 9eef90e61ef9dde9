/* Coordinate descent on integer codes. */
#include "vd_gram.h"
#include "vd_gram_vector.h"
#include <math.h>

#pragma STDC FP_CONTRACT OFF

/* to[i] += factor * from[i] */
VD_INLINE void add_scaled(float *restrict to, const float *restrict from, float factor,
                          size_t count) {
    size_t i = 0;
    for (; i + VD_GRAM_PANEL <= count; i += VD_GRAM_PANEL)
        vd_store(to + i, vd_load(to + i) + factor * vd_load(from + i));
    for (; i < count; i++)
        to[i] += factor * from[i];
}

/* Each row of the matrix serves all channels while it is in the nearest cache. */
VD_INLINE void apply(const float *matrix, size_t stride, size_t count, size_t channels,
                     const float *x, float *out) {
    for (size_t k = 0; k < count; k++)
        for (size_t c = 0; c < channels; c++)
            if (x[c * count + k] != 0)
                add_scaled(out + c * count, matrix + k * stride, x[c * count + k], count);
}

VD_INLINE size_t sweep(const vd_gram_problem *p, const uint32_t *order, const float *scales,
                       float *codes, float *gradient) {
    size_t changes = 0;
    for (size_t i = 0; i < p->count; i++) {
        const size_t k = order[i];
        const float *row = p->matrix + k * p->stride;
        const float curvature = row[k] + p->damping;
        for (size_t c = 0; c < p->channels; c++) {
            float *code = codes + c * p->count + k, *g = gradient + c * p->count;
            /* Where an input never moves, its row is 0 and the code is only rounded. */
            const float rest = curvature > 0 ? g[k] / (scales[c] * curvature) : 0;
            const float best = rintf(*code + rest);
            const float next = best < -p->limit ? -p->limit : best > p->limit ? p->limit : best;
            if (next == *code)
                continue;
            const float step = -(scales[c] * (next - *code));
            *code = next;
            add_scaled(g, row, step, p->count);
            g[k] += step * p->damping;
            changes++;
        }
    }
    return changes;
}

#if defined(__x86_64__)
VD_AVX512 static void apply_avx512(const float *matrix, size_t stride, size_t count,
                                   size_t channels, const float *x, float *out) {
    apply(matrix, stride, count, channels, x, out);
}

VD_AVX2 static void apply_avx2(const float *matrix, size_t stride, size_t count, size_t channels,
                               const float *x, float *out) {
    apply(matrix, stride, count, channels, x, out);
}

VD_AVX512 static size_t sweep_avx512(const vd_gram_problem *p, const uint32_t *order,
                                     const float *scales, float *codes, float *gradient) {
    return sweep(p, order, scales, codes, gradient);
}

VD_AVX2 static size_t sweep_avx2(const vd_gram_problem *p, const uint32_t *order,
                                 const float *scales, float *codes, float *gradient) {
    return sweep(p, order, scales, codes, gradient);
}
#endif

void vd_gram_apply(const float *matrix, size_t stride, size_t count, size_t channels,
                   const float *x, float *out) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        apply_avx512(matrix, stride, count, channels, x, out);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        apply_avx2(matrix, stride, count, channels, x, out);
        return;
    }
#endif
    apply(matrix, stride, count, channels, x, out);
}

size_t vd_gram_sweep(const vd_gram_problem *problem, const uint32_t *order, const float *scales,
                     float *codes, float *gradient) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return sweep_avx512(problem, order, scales, codes, gradient);
    if (__builtin_cpu_supports("avx2"))
        return sweep_avx2(problem, order, scales, codes, gradient);
#endif
    return sweep(problem, order, scales, codes, gradient);
}
