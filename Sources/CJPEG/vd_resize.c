// Output rows are made in bundles of 8. The vertical pass runs along the rows of the picture, and
// its result is stored with the 8 rows of the bundle side by side, so that the horizontal pass,
// too, works on 8 neighbouring values at a time: compilers turn both inner loops into vector code
// on any ISA, and no pixel needs to be gathered. Vertical comes first because it leaves fewer rows.
#include "vd_resize.h"

#define BUNDLE 8 // rows
#define CHUNK 16 // values of a row summed up at once, held in registers

#define WEIGHT_BITS 14
#define FRACTION_BITS 6 // of the values between the passes, int16: 255 * 64 * 1.3 < 2^15

static int32_t round_shift(int32_t x, int bits) {
    return (x + (1 << (bits - 1))) >> bits;
}

// sums[e] = the vertical sum for values 0 ..< count (at most CHUNK) of one output row.
static void sum_rows(const uint8_t *restrict pixels, size_t stride, const int16_t *restrict weights,
                     int32_t taps, int32_t count, int32_t *restrict sums) {
    for (int32_t e = 0; e < CHUNK; e++)
        sums[e] = 0;
    if (count == CHUNK) {
        for (int32_t k = 0; k < taps; k++) {
            int16_t weight = weights[k];
            const uint8_t *row = pixels + (size_t)k * stride;
            for (int32_t e = 0; e < CHUNK; e++)
                sums[e] += weight * row[e];
        }
    } else {
        for (int32_t k = 0; k < taps; k++)
            for (int32_t e = 0; e < count; e++)
                sums[e] += weights[k] * pixels[(size_t)k * stride + (size_t)e];
    }
}

// One bundle, vertically: bundle[e * 8 + j] = value e of output row `first` + j.
static void resize_vertically(const uint8_t *pixels, size_t stride, const vd_resample_axis *rows,
                              int32_t first, int32_t values, int16_t *restrict bundle) {
    for (int32_t j = 0; j < BUNDLE; j++) {
        // A last bundle of fewer rows repeats its last row, so that all 8 hold something.
        int32_t row = first + j < rows->count ? first + j : rows->count - 1;
        const uint8_t *top = pixels + (size_t)rows->start[row] * stride;
        const int16_t *weights = rows->weights + (size_t)row * (size_t)rows->taps;
        for (int32_t e = 0; e < values; e += CHUNK) {
            int32_t sums[CHUNK];
            int32_t count = values - e < CHUNK ? values - e : CHUNK;
            sum_rows(top + e, stride, weights, rows->taps, count, sums);
            for (int32_t i = 0; i < count; i++)
                bundle[(size_t)(e + i) * BUNDLE + (size_t)j] =
                    (int16_t)round_shift(sums[i], WEIGHT_BITS - FRACTION_BITS);
        }
    }
}

static uint8_t clamp_u8(int32_t x) {
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}

// One bundle, horizontally; `height` of its rows go to the output.
static void resize_horizontally(const int16_t *restrict bundle, const vd_resample_axis *columns,
                                int32_t height, uint8_t *restrict output) {
    const size_t pitch = (size_t)columns->count * 3;
    const int32_t left = columns->start[0];
    for (int32_t x = 0; x < columns->count; x++) {
        const int16_t *weights = columns->weights + (size_t)x * (size_t)columns->taps;
        const int16_t *source = bundle + (size_t)(columns->start[x] - left) * 3 * BUNDLE;
        int32_t sums[3 * BUNDLE] = {0};
        for (int32_t k = 0; k < columns->taps; k++) {
            int16_t weight = weights[k];
            for (int32_t i = 0; i < 3 * BUNDLE; i++)
                sums[i] += weight * source[k * 3 * BUNDLE + i];
        }
        uint8_t bytes[3 * BUNDLE];
        for (int32_t i = 0; i < 3 * BUNDLE; i++)
            bytes[i] = clamp_u8(round_shift(sums[i], WEIGHT_BITS + FRACTION_BITS));
        for (int32_t j = 0; j < height; j++)
            for (int32_t c = 0; c < 3; c++)
                output[(size_t)j * pitch + (size_t)x * 3 + (size_t)c] = bytes[c * BUNDLE + j];
    }
}

// Columns of the picture that any output looks at.
static int32_t columns_read(const vd_resample_axis *columns) {
    return columns->start[columns->count - 1] + columns->taps - columns->start[0];
}

size_t vd_resize_scratch(const vd_resample_axis *columns) {
    return (size_t)columns_read(columns) * 3 * BUNDLE;
}

void vd_resize_rgb8(const uint8_t *pixels, size_t stride, const vd_resample_axis *columns,
                    const vd_resample_axis *rows, int16_t *scratch, uint8_t *output) {
    const uint8_t *left = pixels + (size_t)columns->start[0] * 3;
    int32_t values = columns_read(columns) * 3;
    for (int32_t first = 0; first < rows->count; first += BUNDLE) {
        int32_t height = rows->count - first < BUNDLE ? rows->count - first : BUNDLE;
        resize_vertically(left, stride, rows, first, values, scratch);
        resize_horizontally(scratch, columns, height,
                            output + (size_t)first * (size_t)columns->count * 3);
    }
}
