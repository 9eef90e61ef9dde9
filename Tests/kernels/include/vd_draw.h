// What the walk draws: shapes, bytes and requantisation parameters, with a liking for the extremes.
#ifndef VD_DRAW_H
#define VD_DRAW_H

#include "vd_kernels.h"
#include "vd_walk.h"

typedef struct vd_random {
    uint64_t state;
} vd_random;

uint64_t vd_next(vd_random *random);

// low...high, all alike.
int32_t vd_between(vd_random *random, int32_t low, int32_t high);

// A shape of the family: odd sizes, tails, strides, dilations, padding up to whole windows of it,
// and groups or depth multipliers; at most some 10^5 products, now and then more.
vd_window vd_draw_window(vd_random *random, vd_walk_family family);

// Random, all alike, alternating between the extremes, or small.
void vd_draw_bytes(vd_random *random, int8_t *bytes, size_t count);

// Fills the arrays' first `channels` entries, the rest up to `padded` with zeros, and the other
// fields. No sum of `products` products and the bias leaves an int32,
// not even shifted.
vd_requant vd_draw_requant(vd_random *random, int32_t *bias, int32_t *shift, int16_t *multiplier,
                           size_t channels, size_t padded, int32_t products);

// A clamp, -128 <= low <= high <= 127.
void vd_draw_clamp(vd_random *random, int32_t *low, int32_t *high);

#endif
