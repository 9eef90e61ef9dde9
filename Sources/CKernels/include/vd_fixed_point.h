// The one definition of our arithmetic: how an int32 sum of products becomes an int8 output.
//
// Every kernel, on every ISA, must give the bits that these functions give.
//
// Per output channel c the exact result would be
//     q = clamp(round(acc * s[c]) + zero_point)
//     s[c] = input_scale * weight_scale[c] / output_scale.
// We compute it in three steps that map to single instructions on x86 and on Arm:
//     1. t = saturate_int16(acc >> shift[c])                     psrad + packssdw    sshl + sqxtn
//     2. u = (t * multiplier[c] + 2^14) >> 15                    pmulhrsw            sqrdmulh
//     3. q = clamp(saturate_int16(((u + 2^(F-1)) >> F) + zero_point), low, high)        srshr ...
// where s[c] = multiplier[c] * 2^-15 * 2^-shift[c] * 2^-F, 2^14 <= multiplier < 2^15, and F, the
// fraction bits that step 3 removes (`final_shift`), is 6. A channel whose s is 2^-6 or more has a
// negative shift: the sum is shifted left (pslld, sshl), and the caller sees to it that it cannot
// leave an int32. Only a layer where it could takes a smaller F.
// The rounding of step 1 and the correction for the input's zero point are folded into the bias at
// load:
//     bias[c] = file_bias[c] - input_zero_point * sum(weights of c)
//               + (1 << (shift[c] - 1) if shift[c] > 0).
//
// The sum is an int32 that wraps around (arithmetic modulo 2^32), as in every kernel set of LiteRT.
// Only a channel with a bias near the ends of int32 gets there; converters write such biases for
// channels whose weights are all but zero. There the rounding is left out (1/128 of an output
// step), because it alone could carry the sum over the end.
//
// Why 6: t is an int16, so u reaches at least 2^14 before step 1 saturates; 2^14 >> 6 = 256 output
// steps, so whatever saturates there is clamped in step 3 as well, for every zero point.
//
// Error: against exact arithmetic the result differs by at most 1 step, with F = 6 in 0.5 % of
// outputs, with 5, 4, 3, 2, 1 in 0.9, 1.7, 3.6, 6.9, 14 %
// (Tests/CKernelsTests/RequantizeTests.swift measures it).
#ifndef VD_FIXED_POINT_H
#define VD_FIXED_POINT_H

#include <stdint.h>

static inline int32_t vd_clamp_s32(int32_t x, int32_t low, int32_t high) {
    return x < low ? low : x > high ? high : x;
}

// a + b modulo 2^32; in C a signed sum must not leave its type.
static inline int32_t vd_sum_s32(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

// Steps 1 to 3 above. shift: -15...31; multiplier: 0...32767; final_shift: 0...6;
// -128 <= low <= high <= 127. `acc` is the sum of products plus the folded bias (vd_sum_s32); with
// a negative shift, |acc| < 2^(31 + shift).
static inline int8_t vd_requantize(int32_t acc, int32_t shift, int16_t multiplier,
                                   int32_t final_shift, int32_t zero_point, int32_t low,
                                   int32_t high) {
    int32_t shifted = shift >= 0 ? acc >> shift : acc * (1 << -shift);
    int32_t t = vd_clamp_s32(shifted, INT16_MIN, INT16_MAX);
    int32_t u = (t * multiplier + (1 << 14)) >> 15;
    int32_t v = final_shift > 0 ? (u + (1 << (final_shift - 1))) >> final_shift : u;
    return (int8_t)vd_clamp_s32(v + zero_point, low, high);
}

// The plain alternative where speed does not matter (means, rescales):
//     q = clamp(((x * multiplier + 2^(shift - 1)) >> shift) + zero_point)
// multiplier: 2^30...2^31 - 1, or 0; shift: 1...62. One rounding, halves up. |x| < 2^31.
// It stands for the real factor multiplier * 2^-shift.
static inline int8_t vd_requantize_wide(int32_t x, int32_t multiplier, int32_t shift,
                                        int32_t zero_point, int32_t low, int32_t high) {
    int64_t product = (int64_t)x * multiplier;
    int64_t rounded = (product + ((int64_t)1 << (shift - 1))) >> shift;
    // 2^31 * 2^31 >> 1 still fits an int64; clamp before it meets the zero point in 32 bits.
    int64_t v = rounded + zero_point;
    return (int8_t)(v < low ? low : v > high ? high : v);
}

#endif
