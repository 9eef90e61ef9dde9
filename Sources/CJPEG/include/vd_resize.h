// Separable resampling of RGB8 pictures and the map from pixels to a network's input, in integers.
//
// C and not Swift, because these loops touch every pixel: an unoptimised build of them in Swift is
// some 50 times slower than the optimised one, and the tests run unoptimised, under an emulator
// too.
#ifndef VD_RESIZE_H
#define VD_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

// One axis. Output i is the sum of weights[i * taps + k] * input[start[i] + k] over k in 0 ..<
// taps. The weights of one output sum to 2^14, their magnitudes to less than 2^15; `start` never
// falls, and start + taps stays inside the input. count >= 1, taps >= 1.
typedef struct vd_resample_axis {
    const int32_t *start;
    const int16_t *weights;
    int32_t count;
    int32_t taps;
} vd_resample_axis;

// The int16 values of scratch that vd_resize_rgb8 wants.
size_t vd_resize_scratch(const vd_resample_axis *columns);

// Resizes RGB8 rows of `stride` bytes to columns->count x rows->count pixels of RGB8 without
// padding. Both passes keep 6 fraction bits in between and round once each, to nearest, halves up.
// `pixels`, `scratch` and `output` do not overlap.
void vd_resize_rgb8(const uint8_t *pixels, size_t stride, const vd_resample_axis *columns,
                    const vd_resample_axis *rows, int16_t *scratch, uint8_t *output);

// Where the pixels of a picture of width x height go: pixel (x, y) becomes pixel
// origin + x * step_x + y * step_y of the output. That is how a picture is turned and mirrored.
typedef struct vd_placement {
    int32_t width, height;
    ptrdiff_t origin, step_x, step_y;
} vd_placement;

// Looks every value up in its channel's table of 256 and writes it to its place: `channels` is 3,
// or 1 for the luma (77 R + 150 G + 29 B) / 256 of each pixel. Tables stand one after the other.
void vd_map_u8(const uint8_t *rgb, const vd_placement *placement, int channels,
               const uint8_t *tables, uint8_t *output);
void vd_map_f32(const uint8_t *rgb, const vd_placement *placement, int channels,
                const float *tables, float *output);

// output[i] = bytes[i] ^ mask: the map of an input whose quantization step is one level, in place
// of tables (mask 0x80: pixel - 128 as int8).
void vd_map_xor(const uint8_t *bytes, size_t count, uint8_t mask, uint8_t *output);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
