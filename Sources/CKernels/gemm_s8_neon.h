// The matrix core of the NEON convolution and fully connected kernels, for cores without the dot
// product: a pair of activations is broadcast and meets 16 channels' pairs of weights.
#ifndef VD_GEMM_S8_NEON_H
#define VD_GEMM_S8_NEON_H

#include "panels.h"
#include "requantize_neon.h"

static const uint8_t vd_panel_order_neon[VD_PANEL_CHANNELS] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                               8, 9, 10, 11, 12, 13, 14, 15};

// Bytes of one row of activations: whole pairs, in whole vectors.
static inline size_t vd_row_length_neon(const vd_window *w) {
    return vd_round_up((size_t)vd_pair_count(w) * 2, 16);
}

// `pixels` (1...4) rows times one panel, `channels` (1...16) outputs each. The outputs of
// neighbouring pixels stand `output_step` bytes apart. `pixels` is a constant wherever this is
// inlined.
VD_NEON_INLINE void vd_tile_neon(const vd_requant_neon *q, const int8_t *panel, int32_t pairs,
                                 const int8_t *rows, size_t row_length, int8_t *output,
                                 ptrdiff_t output_step, int32_t channels, const int pixels) {
    vd_sums_neon sums[VD_TILE_PIXELS];
    for (int i = 0; i < pixels; i++)
        sums[i] = q->bias;
    for (int32_t pair = 0; pair < pairs; pair++, panel += VD_PAIR_BYTES, rows += 2) {
        const int8x16_t low = vld1q_s8(panel), high = vld1q_s8(panel + 16);
        for (int i = 0; i < pixels; i++) {
            int16_t two;
            memcpy(&two, rows + (size_t)i * row_length, sizeof two);
            const int8x16_t x = vreinterpretq_s8_s16(vdupq_n_s16(two));
            vd_add_pairs_neon(&sums[i], x, x, low, high);
        }
    }
    for (int i = 0; i < pixels; i++)
        vd_store_bytes_neon(output + i * output_step, vd_requantize_neon(q, &sums[i]), channels);
}

// `pixels` rows times one panel, of output channels first ..< first + 16 as far as they exist.
VD_NEON_INLINE void vd_panel_neon(const vd_conv_args *args, int32_t panel, const int8_t *rows,
                                  int32_t pixels, int8_t *output) {
    const vd_window *w = &args->window;
    const int32_t pairs = vd_pair_count(w), first = panel * VD_PANEL_CHANNELS;
    const int32_t channels = vd_min_s32(VD_PANEL_CHANNELS, w->out_c - first);
    const int8_t *weights = (const int8_t *)args->weights + (size_t)panel * vd_panel_size(w);
    const size_t length = vd_row_length_neon(w);
    const vd_requant_neon q = vd_load_requant_neon(&args->requant, first);
    const ptrdiff_t step = w->out_c;
    output += first;
    for (; pixels >= 4; pixels -= 4, rows += 4 * length, output += 4 * step)
        vd_tile_neon(&q, weights, pairs, rows, length, output, step, channels, 4);
    if (pixels == 3)
        vd_tile_neon(&q, weights, pairs, rows, length, output, step, channels, 3);
    else if (pixels == 2)
        vd_tile_neon(&q, weights, pairs, rows, length, output, step, channels, 2);
    else if (pixels == 1)
        vd_tile_neon(&q, weights, pairs, rows, length, output, step, channels, 1);
}

#endif
