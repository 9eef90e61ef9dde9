// Fully connected on AVX2: the convolution's panels, split among threads by output channels.
#if defined(__x86_64__)
#include "gemm_s8_avx2.h"
#include "kernel_rows.h"

enum { BLOCK_PANELS = VD_FULLY_CONNECTED_BLOCK / VD_PANEL_CHANNELS };

int vd_fully_connected_s8_avx2_supports(const vd_window *window) {
    (void)window;
    return 1;
}

size_t vd_fully_connected_s8_avx2_packed_size(const vd_window *w) {
    return (size_t)vd_panel_count(w) * vd_panel_size(w);
}

void vd_fully_connected_s8_avx2_pack(const vd_window *w, const int8_t *weights, void *packed) {
    vd_pack_panels(w, vd_panel_order_avx2, weights, packed);
}

size_t vd_fully_connected_s8_avx2_scratch_size(const vd_window *w) {
    return VD_TILE_PIXELS * vd_row_length_avx2(w) * sizeof(int16_t);
}

VD_AVX2 void vd_fully_connected_s8_avx2_run(const vd_conv_args *args, const int8_t *input,
                                            int8_t *output, void *scratch, int32_t row_begin,
                                            int32_t row_end) {
    const vd_window *w = &args->window;
    const int32_t panel_end = vd_min_s32(row_end * BLOCK_PANELS, vd_panel_count(w));
    for (int32_t m = 0; m < w->in_h; m += VD_TILE_PIXELS) {
        const int32_t count = vd_min_s32(VD_TILE_PIXELS, w->in_h - m);
        int16_t *row = scratch;
        for (int32_t i = m; i < m + count; i++, row += vd_row_length_avx2(w)) {
            vd_widen_avx2(row, input + (ptrdiff_t)i * w->in_c, w->in_c);
            if (w->in_c % 2 != 0)
                row[w->in_c] = 0;
        }
        for (int32_t panel = row_begin * BLOCK_PANELS; panel < panel_end; panel++)
            vd_panel_avx2(args, panel, scratch, count, output + (ptrdiff_t)m * w->out_c);
    }
}
#endif
