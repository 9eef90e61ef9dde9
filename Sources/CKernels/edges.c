// The edges of the graph: from and to float32 and uint8, and from one int8 scale to another.
#include "vd_fixed_point.h"
#include "vd_kernels.h"

void vd_rescale_s8(const vd_rescale_args *args, const int8_t *input, int8_t *output, size_t count) {
    for (size_t i = 0; i < count; i++)
        output[i] = vd_requantize_wide(input[i] - args->input_zero_point, args->multiplier,
                                       args->shift, args->zero_point, INT8_MIN, INT8_MAX);
}

void vd_flip_sign(const uint8_t *input, uint8_t *output, size_t count) {
    for (size_t i = 0; i < count; i++)
        output[i] = input[i] ^ 0x80;
}

// Rounds to nearest, halves away from zero. |x| <= 512; the difference to the whole part is exact,
// which adding a half and truncating is not (0.49999997f + 0.5f is 1).
static int32_t round_half_away_from_zero(float x) {
    const int32_t whole = (int32_t)x;
    const float rest = x - (float)whole;
    return rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1 : whole;
}

void vd_quantize_f32(const float *input, int8_t *output, size_t count, float scale,
                     int32_t zero_point) {
    for (size_t i = 0; i < count; i++) {
        float x = input[i] / scale;
        // A distance of 256 steps leaves int8 from every zero point, and its conversion is defined.
        x = x < -256.0f ? -256.0f : x > 256.0f ? 256.0f : x;
        const int32_t q = x == x ? round_half_away_from_zero(x) : 0; // NaN is not equal to itself
        output[i] = (int8_t)vd_clamp_s32(q + zero_point, INT8_MIN, INT8_MAX);
    }
}

void vd_dequantize_s8(const int8_t *input, float *output, size_t count, float scale,
                      int32_t zero_point) {
    for (size_t i = 0; i < count; i++)
        output[i] = scale * (float)(input[i] - zero_point);
}
