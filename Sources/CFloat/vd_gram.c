/* Packing and the 16 x 16 product of panels, in which Gram matrices are summed. */
#include "vd_gram.h"
#include "vd_gram_vector.h"

#pragma STDC FP_CONTRACT OFF

static size_t columns_of(const vd_gram_rows *shape) {
    return shape->taps * shape->channels;
}

void vd_gram_pack(const vd_gram_rows *shape, const float *rows, size_t count, float *panels) {
    const size_t columns = columns_of(shape);
    const size_t padded = (columns + VD_GRAM_PANEL) / VD_GRAM_PANEL * VD_GRAM_PANEL;
    for (size_t r = 0; r < count; r++) {
        const float *row = rows + r * shape->row_stride + shape->first;
        size_t k = 0;
        for (size_t tap = 0; tap < shape->taps; tap++)
            for (size_t c = 0; c < shape->channels; c++, k++)
                panels[(k / VD_GRAM_PANEL * count + r) * VD_GRAM_PANEL + k % VD_GRAM_PANEL] =
                    row[tap * shape->tap_stride + c];
        for (; k < padded; k++)
            panels[(k / VD_GRAM_PANEL * count + r) * VD_GRAM_PANEL + k % VD_GRAM_PANEL] =
                k == columns ? 1.0f : 0.0f;
    }
}

void vd_gram_pack_difference(const vd_gram_rows *shape, const float *a, const float *b,
                             size_t count, float *panels) {
    const size_t columns = columns_of(shape);
    const size_t padded = (count + VD_GRAM_PANEL - 1) / VD_GRAM_PANEL * VD_GRAM_PANEL;
    for (size_t r = 0; r < padded; r++) {
        float *to = panels + r / VD_GRAM_PANEL * columns * VD_GRAM_PANEL + r % VD_GRAM_PANEL;
        if (r >= count) {
            for (size_t k = 0; k < columns; k++)
                to[k * VD_GRAM_PANEL] = 0;
            continue;
        }
        const size_t start = r * shape->row_stride + shape->first;
        for (size_t tap = 0; tap < shape->taps; tap++)
            for (size_t c = 0; c < shape->channels; c++, to += VD_GRAM_PANEL) {
                const size_t at = start + tap * shape->tap_stride + c;
                *to = a[at] - b[at];
            }
    }
}

void vd_gram_pack_turned(const float *matrix, size_t count, size_t columns, float *panels) {
    const size_t padded = (count + VD_GRAM_PANEL - 1) / VD_GRAM_PANEL * VD_GRAM_PANEL;
    for (size_t r = 0; r < padded; r++) {
        float *to = panels + r / VD_GRAM_PANEL * columns * VD_GRAM_PANEL + r % VD_GRAM_PANEL;
        for (size_t k = 0; k < columns; k++)
            to[k * VD_GRAM_PANEL] = r < count ? matrix[r * columns + k] : 0;
    }
}

/* `step` rows of the tile at a time, as many as the registers hold; it decides no bit. */
VD_INLINE void tile(const float *left, const float *right, size_t depth, float *out, size_t stride,
                    const int step) {
    for (int first = 0; first < VD_GRAM_PANEL; first += step) {
        vd_floats sums[VD_GRAM_PANEL];
        for (int i = 0; i < step; i++)
            sums[i] = (vd_floats){0};
        for (size_t d = 0; d < depth; d++) {
            const vd_floats columns = vd_load(right + d * VD_GRAM_PANEL);
            const float *rows = left + d * VD_GRAM_PANEL + first;
            for (int i = 0; i < step; i++)
                sums[i] += rows[i] * columns;
        }
        for (int i = 0; i < step; i++) {
            float *to = out + (size_t)(first + i) * stride;
            vd_store(to, vd_load(to) + sums[i]);
        }
    }
}

#if defined(__x86_64__)
VD_AVX512 static void tile_avx512(const float *left, const float *right, size_t depth, float *out,
                                  size_t stride) {
    tile(left, right, depth, out, stride, 16);
}

VD_AVX2 static void tile_avx2(const float *left, const float *right, size_t depth, float *out,
                              size_t stride) {
    tile(left, right, depth, out, stride, 4);
}
#endif

void vd_gram_tile(const float *left, const float *right, size_t depth, float *out, size_t stride) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        tile_avx512(left, right, depth, out, stride);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        tile_avx2(left, right, depth, out, stride);
        return;
    }
    tile(left, right, depth, out, stride, 2);
#else
    tile(left, right, depth, out, stride, 4);
#endif
}
