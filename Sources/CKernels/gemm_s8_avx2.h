// The matrix core of the AVX2 convolution and fully connected kernels.
//
// Activations are widened to int16 rows once, and vpmaddwd adds up the products of pairs exactly
// in int32; vpmaddubsw would be twice as fast and saturates.
#ifndef VD_GEMM_S8_AVX2_H
#define VD_GEMM_S8_AVX2_H

#include "panels.h"
#include "requantize_avx2.h"

// Panels stand in pack order, see requantize_avx2.h.
static const uint8_t vd_panel_order_avx2[VD_PANEL_CHANNELS] = {0, 1, 2, 3, 8,  9,  10, 11,
                                                               4, 5, 6, 7, 12, 13, 14, 15};

// int16 elements of one row: whole pairs, in whole cache lines.
static inline size_t vd_row_length_avx2(const vd_window *w) {
    return vd_round_up((size_t)vd_pair_count(w) * 2, 32);
}

// Widens `count` elements; reads and writes no other.
VD_AVX2_INLINE void vd_widen_avx2(int16_t *to, const int8_t *from, int32_t count) {
    int32_t i = 0;
    for (; i + 16 <= count; i += 16)
        _mm256_storeu_si256((__m256i *)(to + i),
                            _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(from + i))));
    for (; i + 8 <= count; i += 8)
        _mm_storeu_si128((__m128i *)(to + i),
                         _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)(from + i))));
    for (; i < count; i++)
        to[i] = from[i];
}

// `pixels` (1...4) rows times one panel, `channels` (1...16) outputs each. The outputs of
// neighbouring pixels stand `output_step` bytes apart. `pixels` is a constant wherever this is
// inlined.
VD_AVX2_INLINE void vd_tile_avx2(const vd_requant_avx2 *q, const int8_t *panel, int32_t pairs,
                                 const int16_t *rows, size_t row_length, int8_t *output,
                                 ptrdiff_t output_step, int32_t channels, const int pixels) {
    vd_sums_avx2 sums[VD_TILE_PIXELS];
    for (int i = 0; i < pixels; i++)
        sums[i] = q->bias;
    for (int32_t pair = 0; pair < pairs; pair++, panel += VD_PAIR_BYTES, rows += 2) {
        const __m128i *bytes = (const __m128i *)panel;
        const __m256i low = _mm256_cvtepi8_epi16(_mm_loadu_si128(bytes));
        const __m256i high = _mm256_cvtepi8_epi16(_mm_loadu_si128(bytes + 1));
        for (int i = 0; i < pixels; i++) {
            int32_t two;
            memcpy(&two, rows + (size_t)i * row_length, sizeof two);
            const __m256i x = _mm256_set1_epi32(two);
            sums[i].low = _mm256_add_epi32(sums[i].low, _mm256_madd_epi16(x, low));
            sums[i].high = _mm256_add_epi32(sums[i].high, _mm256_madd_epi16(x, high));
        }
    }
    for (int i = 0; i < pixels; i++)
        vd_store_bytes_avx2(output + i * output_step, vd_requantize_avx2(q, sums[i]), channels);
}

// `pixels` rows times one panel, of output channels first ..< first + 16 as far as they exist.
VD_AVX2_INLINE void vd_panel_avx2(const vd_conv_args *args, int32_t panel, const int16_t *rows,
                                  int32_t pixels, int8_t *output) {
    const vd_window *w = &args->window;
    const int32_t pairs = vd_pair_count(w), first = panel * VD_PANEL_CHANNELS;
    const int32_t channels = vd_min_s32(VD_PANEL_CHANNELS, w->out_c - first);
    const int8_t *weights = (const int8_t *)args->weights + (size_t)panel * vd_panel_size(w);
    const size_t length = vd_row_length_avx2(w);
    const vd_requant_avx2 q = vd_load_requant_avx2(&args->requant, first);
    const ptrdiff_t step = w->out_c;
    output += first;
    for (; pixels >= 4; pixels -= 4, rows += 4 * length, output += 4 * step)
        vd_tile_avx2(&q, weights, pairs, rows, length, output, step, channels, 4);
    if (pixels == 3)
        vd_tile_avx2(&q, weights, pairs, rows, length, output, step, channels, 3);
    else if (pixels == 2)
        vd_tile_avx2(&q, weights, pairs, rows, length, output, step, channels, 2);
    else if (pixels == 1)
        vd_tile_avx2(&q, weights, pairs, rows, length, output, step, channels, 1);
}

#endif
