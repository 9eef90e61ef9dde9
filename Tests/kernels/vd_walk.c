#include "vd_walk.h"

#include "vd_draw.h"
#include "vd_guarded.h"

#include <stdio.h>
#include <string.h>

// One guarded memory for each buffer of a call.
enum { WEIGHTS, INPUT, PACKED, OUTPUT, SCRATCH, BIAS, SHIFT, MULTIPLIER, EXPECTED, BUFFERS };
enum { CAPACITY = 1 << 20 };

typedef struct walk {
    vd_walk_family family;
    vd_random random;
    const vd_conv_kernel *table, *kernel;
    vd_guarded memory[BUFFERS];
    uint8_t *area[BUFFERS];
    size_t size[BUFFERS];
    vd_conv_args args;
    char *message;
    size_t message_size;
} walk;

static int open_memory(walk *k) {
    for (int i = 0; i < BUFFERS; i++)
        if (!vd_guarded_open(&k->memory[i], CAPACITY)) {
            snprintf(k->message, k->message_size, "no memory");
            return 0;
        }
    return 1;
}

static void close_memory(walk *k) {
    for (int i = 0; i < BUFFERS; i++)
        vd_guarded_close(&k->memory[i]);
}

static int place(walk *k, int buffer, size_t size, size_t alignment, vd_edge edge) {
    k->size[buffer] = size;
    k->area[buffer] = vd_guarded_place(&k->memory[buffer], size, alignment, edge);
    return k->area[buffer] != NULL;
}

static int fail(const walk *k, const char *what, long at) {
    const vd_window *w = &k->args.window;
    const vd_requant *q = &k->args.requant;
    snprintf(k->message, k->message_size,
             "%s: %s at %ld; in %dx%dx%d out %dx%dx%d kernel %dx%d stride %dx%d dilation %dx%d "
             "pad %d,%d filter_c %d; final_shift %d zero_point %d clamp %d...%d",
             k->kernel->name, what, at, w->in_h, w->in_w, w->in_c, w->out_h, w->out_w, w->out_c,
             w->kernel_h, w->kernel_w, w->stride_h, w->stride_w, w->dilation_h, w->dilation_w,
             w->pad_top, w->pad_left, w->filter_c, q->final_shift, q->zero_point, q->low, q->high);
    return 0;
}

// What run's row_begin and row_end count.
static int32_t row_count(const walk *k) {
    const vd_window *w = &k->args.window;
    if (k->family != VD_WALK_FULLY_CONNECTED)
        return w->out_h;
    return (w->out_c + VD_FULLY_CONNECTED_BLOCK - 1) / VD_FULLY_CONNECTED_BLOCK;
}

static int32_t row_of(const walk *k, size_t output) {
    const vd_window *w = &k->args.window;
    if (k->family != VD_WALK_FULLY_CONNECTED)
        return (int32_t)(output / ((size_t)w->out_w * (size_t)w->out_c));
    return (int32_t)(output % (size_t)w->out_c / VD_FULLY_CONNECTED_BLOCK);
}

// Packs for one kernel, places packed weights and scratch, and makes them the call's.
static int prepare(walk *k, const vd_conv_kernel *kernel, vd_edge edge) {
    const vd_window *w = &k->args.window;
    if (!place(k, PACKED, kernel->packed_size(w), 64, edge) ||
        !place(k, SCRATCH, kernel->scratch_size(w), 64, edge))
        return fail(k, "buffer too large", edge);
    kernel->pack(w, (const int8_t *)k->area[WEIGHTS], k->area[PACKED]);
    k->args.weights = k->area[PACKED];
    return 1;
}

static void run(const walk *k, const vd_conv_kernel *kernel, int output, int32_t begin,
                int32_t end) {
    kernel->run(&k->args, (const int8_t *)k->area[INPUT], (int8_t *)k->area[output],
                k->area[SCRATCH], begin, end);
}

// Draws the shape and all that a call reads, and lets the scalar kernel say what is right.
static int draw(walk *k, vd_edge edge) {
    vd_random *r = &k->random;
    vd_window *w = &k->args.window;
    do
        *w = vd_draw_window(r, k->family);
    while (!k->kernel->supports(w));
    const size_t products = (size_t)w->kernel_h * (size_t)w->kernel_w * (size_t)w->filter_c;
    const size_t channels = (size_t)w->out_c;
    const size_t padded =
        (channels + VD_CHANNEL_PADDING - 1) / VD_CHANNEL_PADDING * VD_CHANNEL_PADDING;
    const size_t outputs = (size_t)w->out_h * (size_t)w->out_w * channels;
    if (!place(k, WEIGHTS, products * channels, 1, edge) ||
        !place(k, INPUT, (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c, 1, edge) ||
        !place(k, OUTPUT, outputs, 1, edge) || !place(k, EXPECTED, outputs, 1, edge) ||
        !place(k, BIAS, padded * sizeof(int32_t), sizeof(int32_t), edge) ||
        !place(k, SHIFT, padded * sizeof(int32_t), sizeof(int32_t), edge) ||
        !place(k, MULTIPLIER, padded * sizeof(int16_t), sizeof(int16_t), edge))
        return fail(k, "buffer too large", edge);
    vd_draw_bytes(r, (int8_t *)k->area[WEIGHTS], k->size[WEIGHTS]);
    vd_draw_bytes(r, (int8_t *)k->area[INPUT], k->size[INPUT]);
    k->args.requant = vd_draw_requant(
        r, (int32_t *)(void *)k->area[BIAS], (int32_t *)(void *)k->area[SHIFT],
        (int16_t *)(void *)k->area[MULTIPLIER], channels, padded, (int32_t)products);
    k->args.input_zero_point = vd_between(r, -128, 127);
    if (!prepare(k, k->table, edge))
        return 0;
    run(k, k->table, EXPECTED, 0, row_count(k));
    return 1;
}

// Runs rows begin ..< end first, which must leave the others alone, then the others.
static int run_split(walk *k) {
    const int32_t rows = row_count(k);
    const int32_t begin = vd_between(&k->random, 0, rows),
                  end = vd_between(&k->random, begin, rows);
    run(k, k->kernel, OUTPUT, begin, end);
    for (size_t i = 0; i < k->size[OUTPUT]; i++) {
        const int32_t row = row_of(k, i);
        const uint8_t *byte = k->area[OUTPUT] + i;
        if ((row < begin || row >= end) && *byte != vd_guarded_pattern(byte))
            return fail(k, "another row's output written", (long)i);
    }
    run(k, k->kernel, OUTPUT, end, rows);
    run(k, k->kernel, OUTPUT, 0, begin);
    return 1;
}

static int check(walk *k, vd_edge edge) {
    if (!draw(k, edge) || !prepare(k, k->kernel, edge))
        return 0;
    // What an earlier call left in the scratch must not matter.
    for (size_t i = 0; i < k->size[SCRATCH]; i++)
        k->area[SCRATCH][i] = (uint8_t)vd_next(&k->random);
    if (vd_between(&k->random, 0, 1) == 0)
        run(k, k->kernel, OUTPUT, 0, row_count(k));
    else if (!run_split(k))
        return 0;
    for (int i = 0; i < BUFFERS; i++)
        if (!vd_guarded_intact(&k->memory[i], k->area[i], k->size[i]))
            return fail(k, "bytes around a buffer written, buffer", i);
    for (size_t i = 0; i < k->size[OUTPUT]; i++)
        if (k->area[OUTPUT][i] != k->area[EXPECTED][i])
            return fail(k, "output differs", (long)i);
    return 1;
}

int vd_walk_kernel(vd_walk_family family, size_t row, uint64_t seed, int shapes, char *message,
                   size_t message_size) {
    size_t count = 0;
    walk k = {.family = family, .random = {seed}, .message = message, .message_size = message_size};
    k.table = family == VD_WALK_CONVOLUTION ? vd_conv_kernels(&count)
              : family == VD_WALK_DEPTHWISE ? vd_depthwise_kernels(&count)
                                            : vd_fully_connected_kernels(&count);
    if (row >= count) {
        snprintf(message, message_size, "no row %zu", row);
        return 0;
    }
    k.kernel = &k.table[row];
    int good = open_memory(&k);
    for (int shape = 0; good && shape < shapes; shape++)
        good = check(&k, shape % 2 == 0 ? VD_EDGE_ABOVE : VD_EDGE_BELOW);
    close_memory(&k);
    return good;
}

// One call of vd_add_s8; the output is a buffer of its own, or a, or b.
static int check_add(walk *k, vd_edge edge) {
    vd_random *r = &k->random;
    vd_add_args args = {.multiplier_a = vd_between(r, -INT16_MAX, INT16_MAX),
                        .multiplier_b = vd_between(r, -INT16_MAX, INT16_MAX),
                        .shift = vd_between(r, 0, 22)};
    const int32_t reach = INT32_MAX - 2 * 128 * INT16_MAX;
    args.bias = vd_between(r, 0, 1) == 0 ? vd_between(r, -reach, reach)
                                         : vd_between(r, -(1 << args.shift), 1 << args.shift);
    vd_draw_clamp(r, &args.low, &args.high);
    const size_t size = (size_t)vd_between(r, 0, 100);
    for (int i = 0; i < BUFFERS; i++)
        if (!place(k, i, size, 1, edge))
            return 0;
    const int8_t *a = (const int8_t *)k->area[INPUT], *b = (const int8_t *)k->area[WEIGHTS];
    int8_t *expected = (int8_t *)k->area[EXPECTED];
    vd_draw_bytes(r, (int8_t *)k->area[INPUT], size);
    vd_draw_bytes(r, (int8_t *)k->area[WEIGHTS], size);
    for (size_t i = 0; i < size; i++) {
        const int64_t sum =
            (int64_t)a[i] * args.multiplier_a + (int64_t)b[i] * args.multiplier_b + args.bias;
        const int64_t q = sum >> args.shift;
        expected[i] = (int8_t)(q < args.low ? args.low : q > args.high ? args.high : q);
    }
    static const int outputs[] = {OUTPUT, INPUT, WEIGHTS};
    const int output = outputs[vd_between(r, 0, 2)];
    vd_add_s8(&args, a, b, (int8_t *)k->area[output], size);
    int good = memcmp(k->area[output], expected, size) == 0;
    for (int i = 0; i < BUFFERS; i++)
        good = good && vd_guarded_intact(&k->memory[i], k->area[i], size);
    if (!good)
        snprintf(k->message, k->message_size,
                 "vd_add_s8: count %zu multipliers %d %d bias %d shift %d clamp %d...%d", size,
                 args.multiplier_a, args.multiplier_b, args.bias, args.shift, args.low, args.high);
    return good;
}

int vd_walk_add(uint64_t seed, int shapes, char *message, size_t message_size) {
    walk k = {.random = {seed}, .message = message, .message_size = message_size};
    int good = open_memory(&k);
    for (int shape = 0; good && shape < shapes; shape++)
        good = check_add(&k, shape % 2 == 0 ? VD_EDGE_ABOVE : VD_EDGE_BELOW);
    close_memory(&k);
    return good;
}
