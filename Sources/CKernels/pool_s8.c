// Average and maximum pooling over the part of each window that lies inside the image.
#include "vd_fixed_point.h"
#include "vd_kernels.h"
#include "window.h"

enum { BLOCK = 64 }; // channels that are kept at a time, so that memory is read in runs

// The part of one output pixel's window that lies inside the image.
typedef struct patch {
    const int8_t *start; // its first pixel
    int32_t rows, columns;
} patch;

static patch find_patch(const vd_window *w, const int8_t *input, int32_t oy, int32_t ox) {
    const int32_t y = oy * w->stride_h - w->pad_top, x = ox * w->stride_w - w->pad_left;
    const vd_range ys = vd_steps_inside(y, 1, w->kernel_h, w->in_h);
    const vd_range xs = vd_steps_inside(x, 1, w->kernel_w, w->in_w);
    const ptrdiff_t at = (ptrdiff_t)(y + ys.begin) * w->in_w + x + xs.begin;
    return (patch){input + at * w->in_c, ys.end - ys.begin, xs.end - xs.begin};
}

static int32_t divide_half_away_from_zero(int32_t sum, int32_t count) {
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void vd_average_pool_s8(const vd_window *w, int32_t low, int32_t high, const int8_t *input,
                        int8_t *output, int32_t row_begin, int32_t row_end) {
    output += (ptrdiff_t)row_begin * w->out_w * w->out_c;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        for (int32_t ox = 0; ox < w->out_w; ox++, output += w->out_c) {
            const patch p = find_patch(w, input, oy, ox);
            const int32_t pixels = p.rows * p.columns;
            for (int32_t first = 0; first < w->in_c; first += BLOCK) {
                const int32_t count = vd_min_s32(BLOCK, w->in_c - first);
                int32_t sums[BLOCK] = {0};
                for (int32_t ky = 0; ky < p.rows; ky++) {
                    const int8_t *pixel = p.start + (ptrdiff_t)ky * w->in_w * w->in_c + first;
                    for (int32_t kx = 0; kx < p.columns; kx++, pixel += w->in_c)
                        for (int32_t c = 0; c < count; c++)
                            sums[c] += pixel[c];
                }
                for (int32_t c = 0; c < count; c++)
                    output[first + c] = (int8_t)vd_clamp_s32(
                        divide_half_away_from_zero(sums[c], pixels), low, high);
            }
        }
    }
}

void vd_max_pool_s8(const vd_window *w, int32_t low, int32_t high, const int8_t *input,
                    int8_t *output, int32_t row_begin, int32_t row_end) {
    output += (ptrdiff_t)row_begin * w->out_w * w->out_c;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        for (int32_t ox = 0; ox < w->out_w; ox++, output += w->out_c) {
            const patch p = find_patch(w, input, oy, ox);
            memcpy(output, p.start, (size_t)w->in_c);
            for (int32_t ky = 0; ky < p.rows; ky++) {
                const int8_t *pixel = p.start + (ptrdiff_t)ky * w->in_w * w->in_c;
                for (int32_t kx = 0; kx < p.columns; kx++, pixel += w->in_c)
                    for (int32_t c = 0; c < w->in_c; c++)
                        output[c] = pixel[c] > output[c] ? pixel[c] : output[c];
            }
            for (int32_t c = 0; c < w->in_c; c++)
                output[c] = (int8_t)vd_clamp_s32(output[c], low, high);
        }
    }
}
