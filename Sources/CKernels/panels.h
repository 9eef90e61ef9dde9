// Packed weights of the matrix kernels (convolution and fully connected), shared by the ISAs whose
// multiply-add takes pairs: [out_c / 16][k / 2][16 channels][2 k]. Both tails are filled with
// zeros.
#ifndef VD_PANELS_H
#define VD_PANELS_H

#include "window.h"

enum {
    VD_PANEL_CHANNELS = 16,
    VD_PAIR_BYTES = 2 * VD_PANEL_CHANNELS, // one pair of k in a panel
    // Pixels that a matrix kernel's inner loop computes together.
    VD_TILE_PIXELS = 4,
};

static inline int32_t vd_panel_count(const vd_window *w) {
    return (w->out_c + VD_PANEL_CHANNELS - 1) / VD_PANEL_CHANNELS;
}

static inline int32_t vd_pair_count(const vd_window *w) {
    return (vd_patch_size(w) + 1) / 2;
}

static inline size_t vd_panel_size(const vd_window *w) {
    return (size_t)vd_pair_count(w) * VD_PAIR_BYTES;
}

// `order[i]` is the channel of its panel that stands at place i.
static inline void vd_pack_panels(const vd_window *w, const uint8_t order[VD_PANEL_CHANNELS],
                                  const int8_t *weights, int8_t *packed) {
    const int32_t k = vd_patch_size(w), pairs = vd_pair_count(w), panels = vd_panel_count(w);
    for (int32_t panel = 0; panel < panels; panel++)
        for (int32_t pair = 0; pair < pairs; pair++)
            for (int32_t i = 0; i < VD_PANEL_CHANNELS; i++) {
                const int32_t c = panel * VD_PANEL_CHANNELS + order[i];
                const int8_t *row = weights + (ptrdiff_t)c * k;
                for (int32_t j = 2 * pair; j < 2 * pair + 2; j++)
                    *packed++ = c < w->out_c && j < k ? row[j] : 0;
            }
}

// How many pixels of `row_bytes` each to gather before the panels run over them: as many as leave
// half of a small level 1 cache (32 KiB) to the panel, so that weights are fetched once a block.
static inline int32_t vd_block_pixels(size_t row_bytes) {
    const size_t fitting = 16 * 1024 / row_bytes / VD_TILE_PIXELS * VD_TILE_PIXELS;
    return fitting < VD_TILE_PIXELS ? VD_TILE_PIXELS : fitting > 64 ? 64 : (int32_t)fitting;
}

#endif
