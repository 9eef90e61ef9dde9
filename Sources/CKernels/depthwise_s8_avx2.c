// Depthwise convolution on AVX2, one input channel an output channel: 16 channels of an output
// pixel at a time. Taps are taken in pairs and interleaved, so that vpmaddwd sums two taps of a
// channel exactly.
#if defined(__x86_64__)
#include "kernel_rows.h"
#include "requantize_avx2.h"
#include "window.h"

// Packed weights: [c / 16][taps / 2][pack order: 16 channels][2 taps] as int16, ready for
// vpmaddwd; with tails of zeros. They are few beside the activations that each one meets.
enum { BLOCK = 16, PAIR_LENGTH = 2 * BLOCK };

static int32_t pair_count(const vd_window *w) {
    return (w->kernel_h * w->kernel_w + 1) / 2;
}

int vd_depthwise_s8_avx2_supports(const vd_window *w) {
    return w->out_c == w->in_c;
}

size_t vd_depthwise_s8_avx2_packed_size(const vd_window *w) {
    const size_t blocks = ((size_t)w->out_c + BLOCK - 1) / BLOCK;
    return blocks * (size_t)pair_count(w) * PAIR_LENGTH * sizeof(int16_t);
}

void vd_depthwise_s8_avx2_pack(const vd_window *w, const int8_t *weights, void *packed) {
    // vpunpcklwd and vpunpckhwd interleave within 128-bit halves, which is pack order.
    static const uint8_t order[BLOCK] = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};
    const int32_t taps = w->kernel_h * w->kernel_w;
    int16_t *to = packed;
    for (int32_t first = 0; first < w->out_c; first += BLOCK)
        for (int32_t pair = 0; pair < pair_count(w); pair++)
            for (int32_t i = 0; i < BLOCK; i++) {
                const int32_t c = first + order[i];
                for (int32_t t = 2 * pair; t < 2 * pair + 2; t++)
                    *to++ = c < w->out_c && t < taps ? weights[(ptrdiff_t)t * w->out_c + c] : 0;
            }
}

size_t vd_depthwise_s8_avx2_scratch_size(const vd_window *w) {
    return vd_padding_size(w) + vd_row_taps_size(w);
}

VD_AVX2_INLINE void add_pair(vd_sums_avx2 *sums, __m256i a, __m256i b, const int16_t *weights) {
    const __m256i *w = (const __m256i *)weights;
    sums->low = _mm256_add_epi32(
        sums->low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), _mm256_loadu_si256(w)));
    sums->high = _mm256_add_epi32(
        sums->high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), _mm256_loadu_si256(w + 1)));
}

// One row of `pixels` outputs, channels first ..< first + channels. `tap_count` is a constant for
// the usual kernels, which unrolls the loop; `channels` is 16 but in the last block.
VD_AVX2_INLINE void run_block(const vd_conv_args *args, const int8_t *const *taps,
                              const int16_t *weights, int8_t *output, int32_t first,
                              int32_t channels, const int32_t tap_count) {
    const vd_window *w = &args->window;
    const vd_requant_avx2 q = vd_load_requant_avx2(&args->requant, first);
    for (int32_t ox = 0; ox < w->out_w; ox++, taps += tap_count, output += w->out_c) {
        vd_sums_avx2 sums = q.bias;
        int32_t t = 0;
        for (; t + 2 <= tap_count; t += 2) {
            const __m128i a = vd_load_bytes_avx2(taps[t] + first, channels);
            const __m128i b = vd_load_bytes_avx2(taps[t + 1] + first, channels);
            add_pair(&sums, _mm256_cvtepi8_epi16(a), _mm256_cvtepi8_epi16(b), weights + t * BLOCK);
        }
        if (t < tap_count) {
            const __m128i a = vd_load_bytes_avx2(taps[t] + first, channels);
            add_pair(&sums, _mm256_cvtepi8_epi16(a), _mm256_setzero_si256(), weights + t * BLOCK);
        }
        vd_store_bytes_avx2(output + first, vd_requantize_avx2(&q, sums), channels);
    }
}

VD_AVX2_INLINE void run_row(const vd_conv_args *args, const int8_t *const *taps, int8_t *output,
                            const int32_t tap_count) {
    const vd_window *w = &args->window;
    const int16_t *weights = args->weights;
    const ptrdiff_t block_length = (ptrdiff_t)pair_count(w) * PAIR_LENGTH;
    int32_t first = 0;
    for (; first + BLOCK <= w->out_c; first += BLOCK, weights += block_length)
        run_block(args, taps, weights, output, first, BLOCK, tap_count);
    if (first < w->out_c)
        run_block(args, taps, weights, output, first, w->out_c - first, tap_count);
}

VD_AVX2 void vd_depthwise_s8_avx2_run(const vd_conv_args *args, const int8_t *input, int8_t *output,
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
