/* Nearest rounding of weights, and the histograms of activations. */
#include "vd_gram.h"
#include "vd_gram_vector.h"
#include <math.h>

#pragma STDC FP_CONTRACT OFF

VD_INLINE float nearest(float x, float scale, float limit) {
    const float code = rintf(x / scale);
    return code < -limit ? -limit : code > limit ? limit : code;
}

/* Sixteen at a time, and the last ones as if zeros followed, which cost nothing. */
VD_INLINE double round_error(const float *x, const float *weight, size_t count, float scale,
                             float limit) {
    const vd_floats high = (vd_floats){0} + limit;
    /* Adding 1.5 * 2^23 leaves no fraction bits: to the nearest integer, halves to even. */
    const float shift = 12582912.0f;
    vd_doubles sums = {0};
    for (size_t k = 0; k < count; k += VD_GRAM_PANEL) {
        const size_t lanes = count - k < VD_GRAM_PANEL ? count - k : VD_GRAM_PANEL;
        vd_floats value = {0}, factor = (vd_floats){0} + 1;
        if (lanes == VD_GRAM_PANEL) {
            value = vd_load(x + k);
            if (weight)
                factor = vd_load(weight + k);
        } else {
            memcpy(&value, x + k, lanes * sizeof *x);
            if (weight)
                memcpy(&factor, weight + k, lanes * sizeof *weight);
        }
        vd_floats code = value / scale;
        code = __builtin_elementwise_max(__builtin_elementwise_min(code, high), -high);
        code = (code + shift) - shift;
        const vd_floats error = value - scale * code;
        sums += __builtin_convertvector(factor * (error * error), vd_doubles);
    }
    double total = 0;
    for (size_t i = 0; i < VD_GRAM_PANEL; i++)
        total += sums[i];
    return total;
}

VD_INLINE void round_all(const float *x, size_t count, float scale, float limit, float *codes) {
    for (size_t k = 0; k < count; k++)
        codes[k] = nearest(x[k], scale, limit);
}

#if defined(__x86_64__)
VD_AVX512 static double round_error_avx512(const float *x, const float *weight, size_t count,
                                           float scale, float limit) {
    return round_error(x, weight, count, scale, limit);
}

VD_AVX2 static double round_error_avx2(const float *x, const float *weight, size_t count,
                                       float scale, float limit) {
    return round_error(x, weight, count, scale, limit);
}

/* Rounding is one instruction here and a call in the baseline. */
VD_AVX2 static void round_all_avx2(const float *x, size_t count, float scale, float limit,
                                   float *codes) {
    round_all(x, count, scale, limit, codes);
}
#endif

double vd_gram_round_error(const float *x, const float *weight, size_t count, float scale,
                           float limit) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return round_error_avx512(x, weight, count, scale, limit);
    if (__builtin_cpu_supports("avx2"))
        return round_error_avx2(x, weight, count, scale, limit);
#endif
    return round_error(x, weight, count, scale, limit);
}

void vd_gram_round(const float *x, size_t count, float scale, float limit, float *codes) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        round_all_avx2(x, count, scale, limit, codes);
        return;
    }
#endif
    round_all(x, count, scale, limit, codes);
}

vd_gram_extremes vd_gram_find_extremes(const float *x, size_t count) {
    vd_gram_extremes found = {INFINITY, -INFINITY, 0, 0};
    for (size_t i = 0; i < count; i++) {
        const int finite = x[i] - x[i] == 0;
        found.zeros += x[i] == 0;
        found.non_finite += !finite;
        found.minimum = finite && x[i] < found.minimum ? x[i] : found.minimum;
        found.maximum = finite && x[i] > found.maximum ? x[i] : found.maximum;
    }
    return found;
}

void vd_gram_count(const float *x, size_t count, float inverse_width, size_t bins,
                   uint64_t *counts) {
    const float half = (float)(bins / 2);
    for (size_t i = 0; i < count; i++) {
        if (x[i] - x[i] != 0)
            continue;
        const float bin = x[i] * inverse_width;
        const float inside = bin < -half ? -half : bin > half - 1 ? half - 1 : bin;
        /* The conversion cuts towards zero; below zero the floor may be one less. */
        const int64_t cut = (int64_t)inside;
        counts[(int64_t)(bins / 2) + cut - ((float)cut > inside)]++;
    }
}
