// What is done to each element alone, and softmax. Memory's speed bounds most of it, so there is
// one build, for the baseline.
#include "vd_float.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static float clamped(float x, float low, float high) {
    x = x < low ? low : x;
    return x > high ? high : x;
}

void vd_float_affine(size_t rows, size_t channels, const float *input, const float *scale,
                     const float *offset, float *output) {
    for (size_t r = 0; r < rows; r++, input += channels, output += channels)
        for (size_t c = 0; c < channels; c++)
            output[c] = input[c] * scale[c] + offset[c];
}

void vd_float_clamp(size_t count, const float *input, float minimum, float maximum, float *output) {
    for (size_t i = 0; i < count; i++)
        output[i] = clamped(input[i], minimum, maximum);
}

void vd_float_leaky_relu(size_t count, const float *input, float slope, float *output) {
    for (size_t i = 0; i < count; i++)
        output[i] = input[i] > 0 ? input[i] : input[i] * slope;
}

void vd_float_hard_swish(size_t count, const float *input, float *output) {
    for (size_t i = 0; i < count; i++)
        output[i] = input[i] * clamped(input[i] / 6 + 0.5f, 0, 1);
}

void vd_float_hard_sigmoid(size_t count, const float *input, float alpha, float beta,
                           float *output) {
    for (size_t i = 0; i < count; i++)
        output[i] = clamped(alpha * input[i] + beta, 0, 1);
}

// x = n ln 2 + r with |r| <= ln 2 / 2; exp(r) by its Taylor polynomial of degree 8, whose
// remainder is below r^9 / 9! * 1.2 = 2.4e-10; then n goes into the exponent.
double vd_float_exp(double x) {
    x = x < -700 ? -700 : x;
    x = x > 700 ? 700 : x;
    // Adding 1.5 * 2^52 leaves the nearest integer in the low bits.
    const double shift = 6755399441055744.0;
    const double shifted = x * 1.4426950408889634 + shift;
    const double n = shifted - shift;
    const double r = (x - n * 0.693145751953125) - n * 1.42860682030941723212e-6;
    double y = 1.0 / 40320;
    y = y * r + 1.0 / 5040;
    y = y * r + 1.0 / 720;
    y = y * r + 1.0 / 120;
    y = y * r + 1.0 / 24;
    y = y * r + 1.0 / 6;
    y = y * r + 0.5;
    y = y * r + 1;
    y = y * r + 1;
    uint64_t low, bits;
    memcpy(&low, &shifted, sizeof low);
    bits = (low << 52) + ((uint64_t)1023 << 52);
    double power;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

void vd_float_sigmoid(size_t count, const float *input, float *output) {
    for (size_t i = 0; i < count; i++)
        output[i] = (float)(1 / (1 + vd_float_exp(-(double)input[i])));
}

void vd_float_softmax(size_t rows, size_t channels, const float *input, float *output) {
    for (size_t r = 0; r < rows; r++, input += channels, output += channels) {
        float largest = input[0];
        for (size_t c = 1; c < channels; c++)
            largest = input[c] > largest ? input[c] : largest;
        double sum = 0;
        for (size_t c = 0; c < channels; c++) {
            const double e = vd_float_exp((double)input[c] - (double)largest);
            sum += e;
            output[c] = (float)e;
        }
        for (size_t c = 0; c < channels; c++)
            output[c] = (float)(output[c] / sum);
    }
}
