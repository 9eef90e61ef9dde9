// vd_requantize for 16 channels at a time on NEON, which has each of its steps as an instruction.
#ifndef VD_REQUANTIZE_NEON_H
#define VD_REQUANTIZE_NEON_H

#include "vd_kernels.h"

#include <arm_neon.h>
#include <string.h>

#define VD_NEON_INLINE static inline __attribute__((always_inline))

typedef struct vd_sums_neon {
    int32x4_t quad[4]; // channels 0-3, 4-7, 8-11, 12-15
} vd_sums_neon;

// What the 16 channels of a block need, and what all channels need.
typedef struct vd_requant_neon {
    vd_sums_neon bias, left_shift; // to the right where negative
    int16x8_t multiplier[2];
    int16x8_t final_left_shift, zero_point;
    int8x16_t low, high;
} vd_requant_neon;

// The constants of channels first ..< first + 16; the arrays' padding makes a short block safe.
VD_NEON_INLINE vd_requant_neon vd_load_requant_neon(const vd_requant *q, int32_t first) {
    vd_requant_neon r;
    for (int i = 0; i < 4; i++) {
        r.bias.quad[i] = vld1q_s32(q->bias + first + 4 * i);
        r.left_shift.quad[i] = vnegq_s32(vld1q_s32(q->shift + first + 4 * i));
    }
    r.multiplier[0] = vld1q_s16(q->multiplier + first);
    r.multiplier[1] = vld1q_s16(q->multiplier + first + 8);
    r.final_left_shift = vdupq_n_s16((int16_t)-q->final_shift);
    r.zero_point = vdupq_n_s16((int16_t)q->zero_point);
    r.low = vdupq_n_s8((int8_t)q->low);
    r.high = vdupq_n_s8((int8_t)q->high);
    return r;
}

// 8 channels, from quads 2 * half and 2 * half + 1. The saturating addition can only saturate far
// above `high` or below `low`.
VD_NEON_INLINE int8x8_t vd_requantize_half_neon(const vd_requant_neon *q, const vd_sums_neon *sums,
                                                const int half) {
    const int32x4_t *sum = &sums->quad[2 * half], *shift = &q->left_shift.quad[2 * half];
    const int16x8_t t = vcombine_s16(vqmovn_s32(vshlq_s32(sum[0], shift[0])),
                                     vqmovn_s32(vshlq_s32(sum[1], shift[1])));
    const int16x8_t u = vrshlq_s16(vqrdmulhq_s16(t, q->multiplier[half]), q->final_left_shift);
    return vqmovn_s16(vqaddq_s16(u, q->zero_point));
}

VD_NEON_INLINE int8x16_t vd_requantize_neon(const vd_requant_neon *q, const vd_sums_neon *sums) {
    const int8x16_t bytes =
        vcombine_s8(vd_requantize_half_neon(q, sums, 0), vd_requantize_half_neon(q, sums, 1));
    return vmaxq_s8(vminq_s8(bytes, q->high), q->low);
}

// Adds the products of 16 channels' pairs: x0 and w0 hold the pairs of channels 0-7, x1 and w1 of
// 8-15. A product fits an int16 and vpadal widens before it adds, so nothing can overflow, not
// even -128 * -128 twice, which vmlal_s8 would.
VD_NEON_INLINE void vd_add_pairs_neon(vd_sums_neon *sums, int8x16_t x0, int8x16_t x1, int8x16_t w0,
                                      int8x16_t w1) {
    int32x4_t *quad = sums->quad;
    quad[0] = vpadalq_s16(quad[0], vmull_s8(vget_low_s8(x0), vget_low_s8(w0)));
    quad[1] = vpadalq_s16(quad[1], vmull_high_s8(x0, w0));
    quad[2] = vpadalq_s16(quad[2], vmull_s8(vget_low_s8(x1), vget_low_s8(w1)));
    quad[3] = vpadalq_s16(quad[3], vmull_high_s8(x1, w1));
}

// Channels of one pixel, 1...16 of them. A short block goes through a copy of its own.
VD_NEON_INLINE int8x16_t vd_load_bytes_neon(const int8_t *from, int32_t count) {
    if (count == 16)
        return vld1q_s8(from);
    int8_t bytes[16] = {0};
    memcpy(bytes, from, (size_t)count);
    return vld1q_s8(bytes);
}

VD_NEON_INLINE void vd_store_bytes_neon(int8_t *to, int8x16_t bytes, int32_t count) {
    if (count == 16) {
        vst1q_s8(to, bytes);
    } else if (count == 8) {
        vst1_s8(to, vget_low_s8(bytes));
    } else {
        int8_t copy[16];
        vst1q_s8(copy, bytes);
        memcpy(to, copy, (size_t)count);
    }
}

#endif
