// Convolution on AVX2: a block of output pixels is gathered as int16 rows, then each panel of 16
// output channels runs over the block.
#if defined(__x86_64__)
#include "gemm_s8_avx2.h"
#include "kernel_rows.h"

int vd_conv_s8_avx2_supports(const vd_window *w) {
    return w->filter_c == w->in_c;
}

size_t vd_conv_s8_avx2_packed_size(const vd_window *w) {
    return (size_t)vd_panel_count(w) * vd_panel_size(w);
}

void vd_conv_s8_avx2_pack(const vd_window *w, const int8_t *weights, void *packed) {
    vd_pack_panels(w, vd_panel_order_avx2, weights, packed);
}

static int32_t block_pixels(const vd_window *w) {
    return vd_block_pixels(vd_row_length_avx2(w) * sizeof(int16_t));
}

size_t vd_conv_s8_avx2_scratch_size(const vd_window *w) {
    return (size_t)block_pixels(w) * vd_row_length_avx2(w) * sizeof(int16_t);
}

VD_AVX2 static void fill(int16_t *to, int16_t value, int32_t count) {
    for (int32_t i = 0; i < count; i++)
        to[i] = value;
}

// The int16 twin of vd_gather_patch_s8, with the tail that completes the last pair.
VD_AVX2 static void gather(const vd_conv_args *args, const int8_t *input, int32_t oy, int32_t ox,
                           int16_t *row) {
    const vd_window *w = &args->window;
    const int32_t y = oy * w->stride_h - w->pad_top, x = ox * w->stride_w - w->pad_left;
    const vd_range ys = vd_steps_inside(y, w->dilation_h, w->kernel_h, w->in_h);
    const vd_range xs = vd_steps_inside(x, w->dilation_w, w->kernel_w, w->in_w);
    const int32_t k = vd_patch_size(w);
    if (ys.end - ys.begin < w->kernel_h || xs.end - xs.begin < w->kernel_w)
        fill(row, (int16_t)args->input_zero_point, k);
    // Neighbouring taps are one run of bytes in the input, dilated ones are not.
    const int32_t run = w->dilation_w == 1 ? xs.end - xs.begin : 1;
    for (int32_t ky = ys.begin; ky < ys.end; ky++) {
        const int8_t *from = input + (ptrdiff_t)(y + ky * w->dilation_h) * w->in_w * w->in_c;
        int16_t *to = row + (ptrdiff_t)ky * w->kernel_w * w->in_c;
        for (int32_t kx = xs.begin; kx < xs.end; kx += run)
            vd_widen_avx2(to + (ptrdiff_t)kx * w->in_c,
                          from + (ptrdiff_t)(x + kx * w->dilation_w) * w->in_c, run * w->in_c);
    }
    if (k % 2 != 0)
        row[k] = 0;
}

// Pixels first ..< first + count, counted row by row through the output.
VD_AVX2 static void gather_block(const vd_conv_args *args, const int8_t *input, int32_t first,
                                 int32_t count, int16_t *rows) {
    const vd_window *w = &args->window;
    int32_t oy = first / w->out_w, ox = first % w->out_w;
    for (int32_t i = 0; i < count; i++, rows += vd_row_length_avx2(w)) {
        gather(args, input, oy, ox, rows);
        if (++ox == w->out_w) {
            ox = 0;
            oy++;
        }
    }
}

VD_AVX2 void vd_conv_s8_avx2_run(const vd_conv_args *args, const int8_t *input, int8_t *output,
                                 void *scratch, int32_t row_begin, int32_t row_end) {
    const vd_window *w = &args->window;
    const int32_t block = block_pixels(w), panels = vd_panel_count(w);
    const int32_t end = row_end * w->out_w;
    for (int32_t first = row_begin * w->out_w; first < end; first += block) {
        const int32_t count = vd_min_s32(block, end - first);
        gather_block(args, input, first, count, scratch);
        for (int32_t panel = 0; panel < panels; panel++)
            vd_panel_avx2(args, panel, scratch, count, output + (ptrdiff_t)first * w->out_c);
    }
}
#endif
