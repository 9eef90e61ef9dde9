// Where a window's taps fall in the image: shared by every kernel that slides one.
#ifndef VD_WINDOW_H
#define VD_WINDOW_H

#include "vd_kernels.h"

#include <string.h>

static inline int32_t vd_min_s32(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static inline size_t vd_round_up(size_t x, size_t multiple) {
    return (x + multiple - 1) / multiple * multiple;
}

// A range of steps, begin ..< end.
typedef struct vd_range {
    int32_t begin, end;
} vd_range;

// The steps i in 0 ..< count for which origin + i * step lies in 0 ..< extent. Used both for the
// taps of one output (step = dilation) and for the outputs of one tap (step = stride).
static inline vd_range vd_steps_inside(int32_t origin, int32_t step, int32_t count,
                                       int32_t extent) {
    // Most windows lie inside as a whole, and a division costs as much as a dozen products.
    if (origin >= 0 && origin + (int64_t)(count - 1) * step < extent)
        return (vd_range){0, count};
    int32_t begin = origin >= 0 ? 0 : (int32_t)(((int64_t)step - 1 - origin) / step);
    int32_t end = origin >= extent ? 0 : (int32_t)(((int64_t)extent - origin + step - 1) / step);
    end = vd_min_s32(end, count);
    return (vd_range){vd_min_s32(begin, end), end};
}

// Products that one output channel sums up.
static inline int32_t vd_patch_size(const vd_window *w) {
    return w->kernel_h * w->kernel_w * w->filter_c;
}

// Whether each output pixel sees exactly one input pixel, and always one inside the image.
static inline int vd_is_pointwise(const vd_window *w) {
    return w->kernel_h == 1 && w->kernel_w == 1 && w->pad_top == 0 && w->pad_left == 0 &&
           (w->out_h - 1) * w->stride_h < w->in_h && (w->out_w - 1) * w->stride_w < w->in_w;
}

// The input that output pixel (oy, ox) sees, from `channel` on, as [kernel_h][kernel_w][filter_c].
static inline void vd_gather_patch_s8(const vd_window *w, const int8_t *input, int32_t zero_point,
                                      int32_t oy, int32_t ox, int32_t channel, int8_t *patch) {
    const int32_t y = oy * w->stride_h - w->pad_top, x = ox * w->stride_w - w->pad_left;
    const vd_range rows = vd_steps_inside(y, w->dilation_h, w->kernel_h, w->in_h);
    const vd_range columns = vd_steps_inside(x, w->dilation_w, w->kernel_w, w->in_w);
    const size_t filter_c = (size_t)w->filter_c;
    if (rows.end - rows.begin < w->kernel_h || columns.end - columns.begin < w->kernel_w)
        memset(patch, zero_point, (size_t)vd_patch_size(w));
    // Neighbouring taps of all channels are one run of bytes in the input.
    const int one_run = w->dilation_w == 1 && w->filter_c == w->in_c;
    for (int32_t ky = rows.begin; ky < rows.end; ky++) {
        const int8_t *row = input + (ptrdiff_t)(y + ky * w->dilation_h) * w->in_w * w->in_c;
        int8_t *to = patch + ((size_t)ky * (size_t)w->kernel_w) * filter_c;
        if (one_run && columns.begin < columns.end) {
            memcpy(to + (size_t)columns.begin * filter_c,
                   row + (ptrdiff_t)(x + columns.begin) * w->in_c,
                   (size_t)(columns.end - columns.begin) * filter_c);
            continue;
        }
        for (int32_t kx = columns.begin; kx < columns.end; kx++)
            memcpy(to + (size_t)kx * filter_c,
                   row + (ptrdiff_t)(x + kx * w->dilation_w) * w->in_c + channel, filter_c);
    }
}

// For each pixel of output row oy, one pointer a tap to the channels of the input pixel that the
// tap sees: taps[ox * kernel_h * kernel_w + ky * kernel_w + kx]. Outside the image that is
// `padding`, which holds in_c times the zero point.
static inline void vd_row_taps(const vd_window *w, const int8_t *input, const int8_t *padding,
                               int32_t oy, const int8_t **taps) {
    const int32_t tap_count = w->kernel_h * w->kernel_w;
    const ptrdiff_t step = (ptrdiff_t)w->stride_w * w->in_c;
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
        const int32_t y = oy * w->stride_h - w->pad_top + ky * w->dilation_h;
        const int row_inside = y >= 0 && y < w->in_h;
        for (int32_t kx = 0; kx < w->kernel_w; kx++, taps++) {
            const int32_t x = kx * w->dilation_w - w->pad_left;
            const vd_range inside =
                row_inside ? vd_steps_inside(x, w->stride_w, w->out_w, w->in_w) : (vd_range){0, 0};
            const int8_t **tap = taps;
            for (int32_t ox = 0; ox < inside.begin; ox++, tap += tap_count)
                *tap = padding;
            ptrdiff_t at = ((ptrdiff_t)y * w->in_w + x) * w->in_c + inside.begin * step;
            for (int32_t ox = inside.begin; ox < inside.end; ox++, tap += tap_count, at += step)
                *tap = input + at;
            for (int32_t ox = inside.end; ox < w->out_w; ox++, tap += tap_count)
                *tap = padding;
        }
    }
}

// The scratch of a depthwise kernel: the padding pixel, then the pointers of one output row.
static inline size_t vd_padding_size(const vd_window *w) {
    return vd_round_up((size_t)w->in_c, 64);
}

static inline size_t vd_row_taps_size(const vd_window *w) {
    return (size_t)w->out_w * (size_t)w->kernel_h * (size_t)w->kernel_w * sizeof(int8_t *);
}

#endif
