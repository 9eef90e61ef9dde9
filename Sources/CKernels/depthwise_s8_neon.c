// Depthwise convolution on NEON, one input channel an output channel: 16 channels of an output
// pixel at a time. Taps are taken in pairs and interleaved, so that a pair's products add up while
// they widen.
#if defined(__aarch64__)
#include "kernel_rows.h"
#include "requantize_neon.h"
#include "window.h"

// Packed weights: [c / 16][taps / 2][16 channels][2 taps], with tails of zeros.
enum { BLOCK = 16, PAIR_BYTES = 2 * BLOCK };

static int32_t pair_count(const vd_window *w) {
    return (w->kernel_h * w->kernel_w + 1) / 2;
}

int vd_depthwise_s8_neon_supports(const vd_window *w) {
    return w->out_c == w->in_c;
}

size_t vd_depthwise_s8_neon_packed_size(const vd_window *w) {
    return ((size_t)w->out_c + BLOCK - 1) / BLOCK * (size_t)pair_count(w) * PAIR_BYTES;
}

void vd_depthwise_s8_neon_pack(const vd_window *w, const int8_t *weights, void *packed) {
    const int32_t taps = w->kernel_h * w->kernel_w;
    int8_t *to = packed;
    for (int32_t first = 0; first < w->out_c; first += BLOCK)
        for (int32_t pair = 0; pair < pair_count(w); pair++)
            for (int32_t c = first; c < first + BLOCK; c++)
                for (int32_t t = 2 * pair; t < 2 * pair + 2; t++)
                    *to++ = c < w->out_c && t < taps ? weights[(ptrdiff_t)t * w->out_c + c] : 0;
}

size_t vd_depthwise_s8_neon_scratch_size(const vd_window *w) {
    return vd_padding_size(w) + vd_row_taps_size(w);
}

VD_NEON_INLINE void add_pair(vd_sums_neon *sums, int8x16_t a, int8x16_t b, const int8_t *weights) {
    vd_add_pairs_neon(sums, vzip1q_s8(a, b), vzip2q_s8(a, b), vld1q_s8(weights),
                      vld1q_s8(weights + 16));
}

// One row of outputs, channels first ..< first + channels. `tap_count` is a constant for the usual
// kernels, which unrolls the loop; `channels` is 16 but in the last block.
VD_NEON_INLINE void run_block(const vd_conv_args *args, const int8_t *const *taps,
                              const int8_t *weights, int8_t *output, int32_t first,
                              int32_t channels, const int32_t tap_count) {
    const vd_window *w = &args->window;
    const vd_requant_neon q = vd_load_requant_neon(&args->requant, first);
    for (int32_t ox = 0; ox < w->out_w; ox++, taps += tap_count, output += w->out_c) {
        vd_sums_neon sums = q.bias;
        int32_t t = 0;
        for (; t + 2 <= tap_count; t += 2)
            add_pair(&sums, vd_load_bytes_neon(taps[t] + first, channels),
                     vd_load_bytes_neon(taps[t + 1] + first, channels), weights + t * BLOCK);
        if (t < tap_count)
            add_pair(&sums, vd_load_bytes_neon(taps[t] + first, channels), vdupq_n_s8(0),
                     weights + t * BLOCK);
        vd_store_bytes_neon(output + first, vd_requantize_neon(&q, &sums), channels);
    }
}

VD_NEON_INLINE void run_row(const vd_conv_args *args, const int8_t *const *taps, int8_t *output,
                            const int32_t tap_count) {
    const vd_window *w = &args->window;
    const int8_t *weights = args->weights;
    const ptrdiff_t block_length = (ptrdiff_t)pair_count(w) * PAIR_BYTES;
    int32_t first = 0;
    for (; first + BLOCK <= w->out_c; first += BLOCK, weights += block_length)
        run_block(args, taps, weights, output, first, BLOCK, tap_count);
    if (first < w->out_c)
        run_block(args, taps, weights, output, first, w->out_c - first, tap_count);
}

void vd_depthwise_s8_neon_run(const vd_conv_args *args, const int8_t *input, int8_t *output,
                              void *scratch, int32_t row_begin, int32_t row_end) {
    const vd_window *w = &args->window;
    const int32_t tap_count = w->kernel_h * w->kernel_w;
    int8_t *padding = scratch;
    const int8_t **taps = (const int8_t **)(void *)(padding + vd_padding_size(w));
    memset(padding, args->input_zero_point, (size_t)w->in_c);
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *row = output + (ptrdiff_t)oy * w->out_w * w->out_c;
        vd_row_taps(w, input, padding, oy, taps);
        switch (tap_count) {
        case 9:
            run_row(args, taps, row, 9);
            break;
        case 25:
            run_row(args, taps, row, 25);
            break;
        default:
            run_row(args, taps, row, tap_count);
        }
    }
}
#endif
