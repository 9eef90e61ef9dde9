// Residual addition. The vector paths are part of each architecture's baseline, so they need no
// dispatch.
#include "vd_fixed_point.h"
#include "vd_kernels.h"

#if defined(__x86_64__)
#include <emmintrin.h>

// Pairs (a, b) of int16 for vpmaddwd, shifted, and packed with saturation to int16: the clamp that
// follows is within int8, so saturating first changes nothing.
static inline __m128i add_8(__m128i a, __m128i b, __m128i multipliers, __m128i bias,
                            __m128i shift) {
    const __m128i low = _mm_madd_epi16(_mm_unpacklo_epi16(a, b), multipliers);
    const __m128i high = _mm_madd_epi16(_mm_unpackhi_epi16(a, b), multipliers);
    return _mm_packs_epi32(_mm_sra_epi32(_mm_add_epi32(low, bias), shift),
                           _mm_sra_epi32(_mm_add_epi32(high, bias), shift));
}

// The leading multiple of 16 elements; returns how many.
static size_t add_blocks(const vd_add_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                         size_t count) {
    const __m128i multipliers = _mm_set1_epi32(
        (int32_t)((uint32_t)args->multiplier_b << 16 | (uint16_t)args->multiplier_a));
    const __m128i bias = _mm_set1_epi32(args->bias), shift = _mm_cvtsi32_si128(args->shift);
    const __m128i low = _mm_set1_epi16((int16_t)args->low);
    const __m128i high = _mm_set1_epi16((int16_t)args->high);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(a + i));
        const __m128i y = _mm_loadu_si128((const __m128i *)(b + i));
        // Widening without SSE4.1: the byte goes to the upper half and is shifted down.
        const __m128i x0 = _mm_srai_epi16(_mm_unpacklo_epi8(x, x), 8);
        const __m128i x1 = _mm_srai_epi16(_mm_unpackhi_epi8(x, x), 8);
        const __m128i y0 = _mm_srai_epi16(_mm_unpacklo_epi8(y, y), 8);
        const __m128i y1 = _mm_srai_epi16(_mm_unpackhi_epi8(y, y), 8);
        const __m128i first = add_8(x0, y0, multipliers, bias, shift);
        const __m128i second = add_8(x1, y1, multipliers, bias, shift);
        _mm_storeu_si128((__m128i *)(output + i),
                         _mm_packs_epi16(_mm_max_epi16(_mm_min_epi16(first, high), low),
                                         _mm_max_epi16(_mm_min_epi16(second, high), low)));
    }
    return i;
}
#elif defined(__aarch64__)
#include <arm_neon.h>

static inline int32x4_t add_4(int16x4_t a, int16x4_t b, const vd_add_args *args) {
    int32x4_t sum = vdupq_n_s32(args->bias);
    sum = vmlal_n_s16(sum, a, (int16_t)args->multiplier_a);
    sum = vmlal_n_s16(sum, b, (int16_t)args->multiplier_b);
    return vshlq_s32(sum, vdupq_n_s32(-args->shift));
}

static inline int16x8_t add_8(int8x8_t a, int8x8_t b, const vd_add_args *args) {
    const int16x8_t x = vmovl_s8(a), y = vmovl_s8(b);
    return vcombine_s16(vqmovn_s32(add_4(vget_low_s16(x), vget_low_s16(y), args)),
                        vqmovn_s32(add_4(vget_high_s16(x), vget_high_s16(y), args)));
}

// The leading multiple of 16 elements; returns how many. Saturating before the clamp, which is
// within int8, changes nothing.
static size_t add_blocks(const vd_add_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                         size_t count) {
    const int8x16_t low = vdupq_n_s8((int8_t)args->low), high = vdupq_n_s8((int8_t)args->high);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const int8x16_t x = vld1q_s8(a + i), y = vld1q_s8(b + i);
        const int16x8_t first = add_8(vget_low_s8(x), vget_low_s8(y), args);
        const int16x8_t second = add_8(vget_high_s8(x), vget_high_s8(y), args);
        const int8x16_t q = vcombine_s8(vqmovn_s16(first), vqmovn_s16(second));
        vst1q_s8(output + i, vmaxq_s8(vminq_s8(q, high), low));
    }
    return i;
}
#else
static size_t add_blocks(const vd_add_args *args, const int8_t *a, const int8_t *b, int8_t *output,
                         size_t count) {
    (void)args, (void)a, (void)b, (void)output, (void)count;
    return 0;
}
#endif

void vd_add_s8(const vd_add_args *args, const int8_t *a, const int8_t *b, int8_t *output,
               size_t count) {
    for (size_t i = add_blocks(args, a, b, output, count); i < count; i++) {
        const int32_t sum = a[i] * args->multiplier_a + b[i] * args->multiplier_b + args->bias;
        output[i] = (int8_t)vd_clamp_s32(sum >> args->shift, args->low, args->high);
    }
}
