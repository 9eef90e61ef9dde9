// Convolution on NEON: a block of output pixels is gathered as rows, then each panel of 16 output
// channels runs over the block.
#if defined(__aarch64__)
#include "gemm_s8_neon.h"
#include "kernel_rows.h"

int vd_conv_s8_neon_supports(const vd_window *w) {
    return w->filter_c == w->in_c;
}

size_t vd_conv_s8_neon_packed_size(const vd_window *w) {
    return (size_t)vd_panel_count(w) * vd_panel_size(w);
}

void vd_conv_s8_neon_pack(const vd_window *w, const int8_t *weights, void *packed) {
    vd_pack_panels(w, vd_panel_order_neon, weights, packed);
}

size_t vd_conv_s8_neon_scratch_size(const vd_window *w) {
    return (size_t)vd_block_pixels(vd_row_length_neon(w)) * vd_row_length_neon(w);
}

// Pixels first ..< first + count, counted row by row through the output.
static void gather_block(const vd_conv_args *args, const int8_t *input, int32_t first,
                         int32_t count, int8_t *rows) {
    const vd_window *w = &args->window;
    const int32_t k = vd_patch_size(w);
    int32_t oy = first / w->out_w, ox = first % w->out_w;
    for (int32_t i = 0; i < count; i++, rows += vd_row_length_neon(w)) {
        vd_gather_patch_s8(w, input, args->input_zero_point, oy, ox, 0, rows);
        if (k % 2 != 0)
            rows[k] = 0;
        if (++ox == w->out_w) {
            ox = 0;
            oy++;
        }
    }
}

void vd_conv_s8_neon_run(const vd_conv_args *args, const int8_t *input, int8_t *output,
                         void *scratch, int32_t row_begin, int32_t row_end) {
    const vd_window *w = &args->window;
    const int32_t block = vd_block_pixels(vd_row_length_neon(w)), panels = vd_panel_count(w);
    const int32_t end = row_end * w->out_w;
    for (int32_t first = row_begin * w->out_w; first < end; first += block) {
        const int32_t count = vd_min_s32(block, end - first);
        gather_block(args, input, first, count, scratch);
        for (int32_t panel = 0; panel < panels; panel++)
            vd_panel_neon(args, panel, scratch, count, output + (ptrdiff_t)first * w->out_c);
    }
}
#endif
