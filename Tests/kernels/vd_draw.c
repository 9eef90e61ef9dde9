#include "vd_draw.h"

// SplitMix64.
uint64_t vd_next(vd_random *random) {
    uint64_t z = random->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

int32_t vd_between(vd_random *random, int32_t low, int32_t high) {
    const uint64_t count = (uint64_t)((int64_t)high - low + 1);
    return (int32_t)(low + (int64_t)(vd_next(random) % count));
}

static int one_in(vd_random *random, int32_t n) {
    return vd_between(random, 1, n) == 1;
}

// One axis of a sliding window.
typedef struct axis {
    int32_t in, out, kernel, stride, dilation, pad;
} axis;

static axis draw_axis(vd_random *r, int32_t kernel) {
    axis a = {.in = vd_between(r, 1, 14), .kernel = kernel};
    a.stride = one_in(r, 2) ? 1 : vd_between(r, 1, 3);
    a.dilation = one_in(r, 4) ? vd_between(r, 2, 3) : 1;
    const int32_t reach = (a.kernel - 1) * a.dilation + 1;
    a.pad = one_in(r, 3) ? 0 : vd_between(r, 0, reach);
    int32_t pad_end = one_in(r, 3) ? 0 : vd_between(r, 0, reach);
    if (a.in + a.pad + pad_end < reach)
        pad_end = reach - a.in - a.pad;
    a.out = (a.in + a.pad + pad_end - reach) / a.stride + 1;
    return a;
}

static vd_window window_of(axis y, axis x, int32_t in_c, int32_t out_c, int32_t filter_c) {
    return (vd_window){.in_h = y.in,
                       .in_w = x.in,
                       .in_c = in_c,
                       .out_h = y.out,
                       .out_w = x.out,
                       .out_c = out_c,
                       .kernel_h = y.kernel,
                       .kernel_w = x.kernel,
                       .stride_h = y.stride,
                       .stride_w = x.stride,
                       .dilation_h = y.dilation,
                       .dilation_w = x.dilation,
                       .pad_top = y.pad,
                       .pad_left = x.pad,
                       .filter_c = filter_c};
}

static int32_t draw_channels(vd_random *r) {
    static const int32_t usual[] = {1, 3, 8, 15, 16, 17, 24, 31, 32, 33, 40, 64, 80, 96};
    return one_in(r, 2) ? vd_between(r, 1, 40) : usual[vd_between(r, 0, 13)];
}

static vd_window draw_any(vd_random *r, vd_walk_family family) {
    if (family == VD_WALK_FULLY_CONNECTED) {
        const axis rows = {.in = vd_between(r, 1, 9), .kernel = 1, .stride = 1, .dilation = 1};
        axis y = rows, x = rows;
        y.out = y.in;
        x.in = x.out = 1;
        const int32_t in_c = vd_between(r, 1, 300);
        return window_of(y, x, in_c, vd_between(r, 1, 200), in_c);
    }
    static const int32_t square[] = {1, 1, 3, 3, 5, 2, 7};
    const int32_t side = square[vd_between(r, 0, 6)];
    const int rectangle = one_in(r, 4);
    const axis y = draw_axis(r, rectangle ? vd_between(r, 1, 6) : side);
    const axis x = draw_axis(r, rectangle ? vd_between(r, 1, 6) : side);
    if (family == VD_WALK_DEPTHWISE) {
        const int32_t channels = draw_channels(r);
        return window_of(y, x, channels, one_in(r, 5) ? channels * vd_between(r, 2, 4) : channels,
                         1);
    }
    const int32_t groups = one_in(r, 5) ? vd_between(r, 2, 4) : 1, filter_c = draw_channels(r);
    return window_of(y, x, groups * filter_c, groups * draw_channels(r), filter_c);
}

vd_window vd_draw_window(vd_random *r, vd_walk_family family) {
    const int64_t limit = one_in(r, 16) ? 1000000 : 100000;
    for (;;) {
        const vd_window w = draw_any(r, family);
        const int64_t outputs = (int64_t)w.out_h * w.out_w * w.out_c;
        if (outputs * w.kernel_h * w.kernel_w * w.filter_c <= limit)
            return w;
    }
}

void vd_draw_bytes(vd_random *r, int8_t *bytes, size_t count) {
    const int32_t kind = vd_between(r, 0, 7);
    const int8_t one = (int8_t)vd_between(r, -128, 127);
    for (size_t i = 0; i < count; i++) {
        switch (kind) {
        case 0:
            bytes[i] = -128;
            break;
        case 1:
            bytes[i] = 127;
            break;
        case 2:
            bytes[i] = i % 2 != 0 ? 127 : -128;
            break;
        case 3:
            bytes[i] = (int8_t)vd_between(r, -2, 2);
            break;
        case 4:
            bytes[i] = one;
            break;
        default:
            bytes[i] = (int8_t)vd_next(r);
        }
    }
}

void vd_draw_clamp(vd_random *r, int32_t *low, int32_t *high) {
    *low = -128;
    *high = 127;
    if (one_in(r, 2)) {
        *low = vd_between(r, -128, 127);
        *high = one_in(r, 8) ? *low : vd_between(r, *low, 127);
    }
}

vd_requant vd_draw_requant(vd_random *r, int32_t *bias, int32_t *shift, int16_t *multiplier,
                           size_t channels, size_t padded, int32_t products) {
    const int32_t largest = products * 128 * 128;
    const int real = one_in(r, 2); // parameters as of a real layer
    // The range of the sums, as a power of 2, so that outputs are neither all clamped nor all zero.
    int32_t bits = 1;
    while (bits < 24 && products * 1024 >> bits != 0)
        bits++;
    for (size_t c = 0; c < padded; c++) {
        bias[c] = shift[c] = multiplier[c] = 0;
        if (c >= channels)
            continue;
        shift[c] = real ? vd_between(r, bits - 14, bits) : vd_between(r, -15, 31);
        while (shift[c] < 0 && INT32_MAX >> -shift[c] <= largest)
            shift[c]++;
        const int32_t limit = (shift[c] < 0 ? INT32_MAX >> -shift[c] : INT32_MAX) - largest;
        const int32_t reach = real && 1 << bits < limit ? 1 << bits : limit;
        bias[c] = one_in(r, 8) ? (one_in(r, 2) ? reach : -reach) : vd_between(r, -reach, reach);
        // Sums that wrap around, as a converter's saturated bias makes them.
        if (shift[c] >= 0 && one_in(r, 16))
            bias[c] = one_in(r, 2) ? INT32_MAX : INT32_MIN;
        if (real) {
            multiplier[c] = (int16_t)vd_between(r, 1 << 14, INT16_MAX);
        } else {
            multiplier[c] = one_in(r, 8)   ? INT16_MAX
                            : one_in(r, 8) ? 0
                                           : (int16_t)vd_between(r, 0, INT16_MAX);
        }
    }
    vd_requant q = {.bias = bias, .shift = shift, .multiplier = multiplier};
    q.final_shift = real ? 6 : vd_between(r, 0, 6);
    q.zero_point = one_in(r, 4) ? (one_in(r, 2) ? -128 : 127) : vd_between(r, -128, 127);
    vd_draw_clamp(r, &q.low, &q.high);
    return q;
}
