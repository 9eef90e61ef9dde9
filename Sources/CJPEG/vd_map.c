// From resized pixels to the elements of the network's input, turned and mirrored on the way.
#include "vd_resize.h"

// ITU-R BT.601's luma weights in 8 bits; they sum to 256.
static uint8_t luma(const uint8_t *rgb) {
    return (uint8_t)((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8);
}

// The body of both maps, which differ in the type of an element only.
#define VD_MAP(Element)                                                                            \
    for (int32_t y = 0; y < placement->height; y++) {                                              \
        Element *row = output + (placement->origin + y * placement->step_y) * channels;            \
        for (int32_t x = 0; x < placement->width; x++, rgb += 3) {                                 \
            Element *pixel = row + x * placement->step_x * channels;                               \
            if (channels == 1) {                                                                   \
                pixel[0] = tables[luma(rgb)];                                                      \
                continue;                                                                          \
            }                                                                                      \
            pixel[0] = tables[rgb[0]];                                                             \
            pixel[1] = tables[256 + rgb[1]];                                                       \
            pixel[2] = tables[512 + rgb[2]];                                                       \
        }                                                                                          \
    }

void vd_map_u8(const uint8_t *restrict rgb, const vd_placement *placement, int channels,
               const uint8_t *restrict tables, uint8_t *restrict output) {
    VD_MAP(uint8_t)
}

void vd_map_f32(const uint8_t *restrict rgb, const vd_placement *placement, int channels,
                const float *restrict tables, float *restrict output) {
    VD_MAP(float)
}

void vd_map_xor(const uint8_t *restrict bytes, size_t count, uint8_t mask,
                uint8_t *restrict output) {
    for (size_t i = 0; i < count; i++)
        output[i] = bytes[i] ^ mask;
}
