// vd_requantize for 16 channels at a time on AVX2.
//
// Sums come in "pack order", low = channels {0-3, 8-11} and high = {4-7, 12-15}, because that is
// what vpackssdw, which works on each 128-bit half by itself, turns into the natural order.
#ifndef VD_REQUANTIZE_AVX2_H
#define VD_REQUANTIZE_AVX2_H

#include "vd_kernels.h"

#include <immintrin.h>
#include <string.h>

#define VD_AVX2 __attribute__((target("avx2")))
#define VD_AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

typedef struct vd_sums_avx2 {
    __m256i low, high;
} vd_sums_avx2;

// What the 16 channels of a block need, and what all channels need.
typedef struct vd_requant_avx2 {
    vd_sums_avx2 bias, left, right; // the two shifts, at least one of them 0
    __m256i multiplier;
    __m256i rounding, zero_point;
    __m128i final_shift, low, high;
} vd_requant_avx2;

VD_AVX2_INLINE __m256i vd_halves_avx2(const int32_t *low, const int32_t *high) {
    const __m128i a = _mm_loadu_si128((const __m128i *)low);
    const __m128i b = _mm_loadu_si128((const __m128i *)high);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
}

// The constants of channels first ..< first + 16; the arrays' padding makes a short block safe.
VD_AVX2_INLINE vd_requant_avx2 vd_load_requant_avx2(const vd_requant *q, int32_t first) {
    const int32_t *bias = q->bias + first, *shift = q->shift + first;
    vd_requant_avx2 r;
    r.bias.low = vd_halves_avx2(bias, bias + 8);
    r.bias.high = vd_halves_avx2(bias + 4, bias + 12);
    const __m256i zero = _mm256_setzero_si256();
    const __m256i shift_low = vd_halves_avx2(shift, shift + 8);
    const __m256i shift_high = vd_halves_avx2(shift + 4, shift + 12);
    r.left.low = _mm256_max_epi32(_mm256_sub_epi32(zero, shift_low), zero);
    r.left.high = _mm256_max_epi32(_mm256_sub_epi32(zero, shift_high), zero);
    r.right.low = _mm256_max_epi32(shift_low, zero);
    r.right.high = _mm256_max_epi32(shift_high, zero);
    r.multiplier = _mm256_loadu_si256((const __m256i *)(q->multiplier + first));
    r.rounding = _mm256_set1_epi16((int16_t)(q->final_shift > 0 ? 1 << (q->final_shift - 1) : 0));
    r.final_shift = _mm_cvtsi32_si128(q->final_shift);
    r.zero_point = _mm256_set1_epi16((int16_t)q->zero_point);
    r.low = _mm_set1_epi8((int8_t)q->low);
    r.high = _mm_set1_epi8((int8_t)q->high);
    return r;
}

// The two saturating additions differ from vd_requantize only above 2^15 - 32, which ends far
// beyond `high` either way.
VD_AVX2_INLINE __m128i vd_requantize_avx2(const vd_requant_avx2 *q, vd_sums_avx2 sums) {
    const __m256i low = _mm256_srav_epi32(_mm256_sllv_epi32(sums.low, q->left.low), q->right.low);
    const __m256i high =
        _mm256_srav_epi32(_mm256_sllv_epi32(sums.high, q->left.high), q->right.high);
    const __m256i t = _mm256_packs_epi32(low, high);
    const __m256i u = _mm256_adds_epi16(_mm256_mulhrs_epi16(t, q->multiplier), q->rounding);
    const __m256i v = _mm256_adds_epi16(_mm256_sra_epi16(u, q->final_shift), q->zero_point);
    const __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_max_epi8(_mm_min_epi8(bytes, q->high), q->low);
}

// Channels of one pixel, 1...16 of them. A short block goes through a copy of its own.
VD_AVX2_INLINE __m128i vd_load_bytes_avx2(const int8_t *from, int32_t count) {
    if (count == 16)
        return _mm_loadu_si128((const __m128i *)from);
    int8_t bytes[16] = {0};
    memcpy(bytes, from, (size_t)count);
    return _mm_loadu_si128((const __m128i *)bytes);
}

VD_AVX2_INLINE void vd_store_bytes_avx2(int8_t *to, __m128i bytes, int32_t count) {
    if (count == 16) {
        _mm_storeu_si128((__m128i *)to, bytes);
    } else if (count == 8) {
        _mm_storel_epi64((__m128i *)to, bytes);
    } else {
        int8_t copy[16];
        _mm_storeu_si128((__m128i *)copy, bytes);
        memcpy(to, copy, (size_t)count);
    }
}

#endif
