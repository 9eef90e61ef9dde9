// The vectors of one build: VD_LANES floats, in the compiler's own vector extension, so that
// the same source is SSE2, AVX2, AVX-512 or NEON. Included by each *_body.h; the file that includes
// those defines VD_LANES, VD_TARGET (the function attribute) and VD_NAME (appends the suffix).
//
// A product and the sum that takes it are rounded one by one: contraction is off, whatever
// the target has.
#pragma STDC FP_CONTRACT OFF

#ifndef VD_FLOAT_VECTOR_H
#define VD_FLOAT_VECTOR_H

#include <math.h>

#define VD_INLINE static inline __attribute__((always_inline)) VD_TARGET

typedef float vd_vector __attribute__((vector_size(VD_LANES * 4)));
typedef int32_t vd_mask __attribute__((vector_size(VD_LANES * 4)));
// For loads and stores: elements of a float array, without the vector's own alignment.
typedef float vd_memory __attribute__((vector_size(VD_LANES * 4), aligned(4), may_alias));

// Lanes of a where the mask is set (all ones), of b elsewhere.
#define VD_SELECT(mask, a, b) ((vd_vector)(((mask) & (vd_mask)(a)) | (~(mask) & (vd_mask)(b))))
#define VD_LOAD(p) ((vd_vector) * (const vd_memory *)(p))
#define VD_STORE(p, v) (*(vd_memory *)(p) = (v))
#define VD_SPLAT(x) ((vd_vector){0} + (x))
#define VD_CLAMP(v, low, high)                                                                     \
    do {                                                                                           \
        (v) = VD_SELECT((vd_mask)((v) < (low)), (low), (v));                                       \
        (v) = VD_SELECT((vd_mask)((v) > (high)), (high), (v));                                     \
    } while (0)

VD_INLINE float vd_float_clamped(float x, float low, float high) {
    x = x < low ? low : x;
    return x > high ? high : x;
}

#endif
