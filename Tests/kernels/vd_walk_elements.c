// The walk of the kernels that work on elements or move them: each against its formula with 64-bit
// numbers and an index for every element, on guarded memory.
#include "vd_draw.h"
#include "vd_fixed_point.h"
#include "vd_guarded.h"
#include "vd_walk.h"

#include <stdio.h>
#include <string.h>

enum { INPUT, SECOND, OUTPUT, EXTRA, BUFFERS };
enum { CAPACITY = 1 << 16, AXES = 6 };

typedef struct walk {
    vd_random random;
    vd_edge edge;
    vd_guarded memory[BUFFERS];
    int8_t *area[BUFFERS];
    size_t size[BUFFERS];
    int8_t expected[CAPACITY];
    const char *fault;
} walk;

static int fail(walk *k, const char *fault) {
    if (!k->fault)
        k->fault = fault;
    return 0;
}

static int place(walk *k, int buffer, size_t size, size_t alignment) {
    k->size[buffer] = size;
    k->area[buffer] = (int8_t *)vd_guarded_place(&k->memory[buffer], size, alignment, k->edge);
    return k->area[buffer] != NULL || fail(k, "buffer too large");
}

// An input of `size` drawn elements.
static int draw_input(walk *k, int buffer, size_t size) {
    if (!place(k, buffer, size, 1))
        return 0;
    vd_draw_bytes(&k->random, k->area[buffer], size);
    return 1;
}

// Whether `output` holds what was expected and nothing around any buffer changed.
static int compare(walk *k, const int8_t *output, size_t size) {
    for (int i = 0; i < BUFFERS; i++)
        if (k->area[i] && !vd_guarded_intact(&k->memory[i], (uint8_t *)k->area[i], k->size[i]))
            return fail(k, "bytes around a buffer written");
    return memcmp(output, k->expected, size) == 0 || fail(k, "output differs");
}

static int8_t clamped(int64_t x, int32_t low, int32_t high) {
    return (int8_t)(x < low ? low : x > high ? high : x);
}

static int64_t floor_shift(int64_t x, int32_t shift) {
    const int64_t divisor = (int64_t)1 << shift;
    return x / divisor - (x % divisor < 0);
}

static vd_mul_args draw_mul(vd_random *r) {
    vd_mul_args args = {.zero_point_a = vd_between(r, -128, 127),
                        .zero_point_b = vd_between(r, -128, 127),
                        .multiplier = vd_between(r, 1 << 30, INT32_MAX),
                        .shift = vd_between(r, 26, 50),
                        .zero_point = vd_between(r, -128, 127)};
    vd_draw_clamp(r, &args.low, &args.high);
    return args;
}

static int8_t product(const vd_mul_args *m, int64_t a, int64_t b) {
    const int64_t x = (a - m->zero_point_a) * (b - m->zero_point_b) * m->multiplier;
    return clamped(floor_shift(x + ((int64_t)1 << (m->shift - 1)), m->shift) + m->zero_point,
                   m->low, m->high);
}

static vd_add_args draw_add(vd_random *r) {
    vd_add_args args = {.multiplier_a = vd_between(r, -INT16_MAX, INT16_MAX),
                        .multiplier_b = vd_between(r, -INT16_MAX, INT16_MAX),
                        .shift = vd_between(r, 8, 22),
                        .bias = vd_between(r, -(1 << 24), 1 << 24)};
    vd_draw_clamp(r, &args.low, &args.high);
    return args;
}

static int8_t sum(const vd_add_args *s, int64_t a, int64_t b) {
    return clamped(floor_shift(a * s->multiplier_a + b * s->multiplier_b + s->bias, s->shift),
                   s->low, s->high);
}

// The output is a buffer of its own, or a, or b.
static int check_mul(walk *k) {
    vd_random *r = &k->random;
    const vd_mul_args args = draw_mul(r);
    const size_t size = (size_t)vd_between(r, 0, 100);
    if (!draw_input(k, INPUT, size) || !draw_input(k, SECOND, size) || !place(k, OUTPUT, size, 1))
        return 0;
    for (size_t i = 0; i < size; i++)
        k->expected[i] = product(&args, k->area[INPUT][i], k->area[SECOND][i]);
    int8_t *output = k->area[vd_between(r, INPUT, OUTPUT)];
    vd_mul_s8(&args, k->area[INPUT], k->area[SECOND], output, size);
    return compare(k, output, size);
}

static int check_broadcast(walk *k) {
    vd_random *r = &k->random;
    const int is_sum = vd_between(r, 0, 1);
    const vd_mul_args mul = draw_mul(r);
    const vd_add_args add = draw_add(r);
    vd_broadcast s;
    int32_t size_a = 1, size_b = 1, size = 1;
    for (int axis = 3; axis >= 0; axis--) {
        // The last axis at times longer than what is spread out at once.
        s.extents[axis] =
            axis == 3 && vd_between(r, 0, 3) == 0 ? vd_between(r, 200, 800) : vd_between(r, 1, 5);
        s.strides_a[axis] = vd_between(r, 0, 2) == 0 ? 0 : size_a;
        s.strides_b[axis] = vd_between(r, 0, 2) == 0 ? 0 : size_b;
        size_a *= s.strides_a[axis] == 0 ? 1 : s.extents[axis];
        size_b *= s.strides_b[axis] == 0 ? 1 : s.extents[axis];
        size *= s.extents[axis];
    }
    if (size > CAPACITY)
        return 1;
    if (!draw_input(k, INPUT, (size_t)size_a) || !draw_input(k, SECOND, (size_t)size_b) ||
        !place(k, OUTPUT, (size_t)size, 1))
        return 0;
    for (int32_t i = 0; i < size; i++) {
        int32_t rest = i, a = 0, b = 0;
        for (int axis = 3; axis >= 0; rest /= s.extents[axis--]) {
            a += rest % s.extents[axis] * s.strides_a[axis];
            b += rest % s.extents[axis] * s.strides_b[axis];
        }
        const int8_t x = k->area[INPUT][a], y = k->area[SECOND][b];
        k->expected[i] = is_sum ? sum(&add, x, y) : product(&mul, x, y);
    }
    if (is_sum)
        vd_add_broadcast_s8(&add, &s, k->area[INPUT], k->area[SECOND], k->area[OUTPUT]);
    else
        vd_mul_broadcast_s8(&mul, &s, k->area[INPUT], k->area[SECOND], k->area[OUTPUT]);
    return compare(k, k->area[OUTPUT], (size_t)size);
}

static int check_lookup(walk *k) {
    const size_t size = (size_t)vd_between(&k->random, 0, 300);
    if (!draw_input(k, EXTRA, 256) || !draw_input(k, INPUT, size) || !place(k, OUTPUT, size, 1))
        return 0;
    for (size_t i = 0; i < size; i++)
        k->expected[i] = k->area[EXTRA][k->area[INPUT][i] + 128];
    int8_t *output = k->area[vd_between(&k->random, 0, 1) ? INPUT : OUTPUT];
    vd_lookup_s8(k->area[EXTRA], k->area[INPUT], output, size);
    return compare(k, output, size);
}

static int check_mean(walk *k) {
    vd_random *r = &k->random;
    vd_mean_args args = {.outer = vd_between(r, 1, 4),
                         .reduced = vd_between(r, 1, 60),
                         .inner = vd_between(r, 1, 150),
                         .input_zero_point = vd_between(r, -128, 127),
                         .multiplier = vd_between(r, 1 << 30, INT32_MAX),
                         .shift = vd_between(r, 28, 40),
                         .zero_point = vd_between(r, -128, 127)};
    vd_draw_clamp(r, &args.low, &args.high);
    const size_t size = (size_t)(args.outer * args.inner);
    if (!draw_input(k, INPUT, size * (size_t)args.reduced) || !place(k, OUTPUT, size, 1))
        return 0;
    for (int32_t o = 0; o < args.outer; o++)
        for (int32_t c = 0; c < args.inner; c++) {
            int64_t total = 0;
            for (int32_t i = 0; i < args.reduced; i++)
                total +=
                    k->area[INPUT][(o * args.reduced + i) * args.inner + c] - args.input_zero_point;
            total =
                floor_shift(total * args.multiplier + ((int64_t)1 << (args.shift - 1)), args.shift);
            k->expected[o * args.inner + c] = clamped(total + args.zero_point, args.low, args.high);
        }
    vd_mean_s8(&args, k->area[INPUT], k->area[OUTPUT]);
    return compare(k, k->area[OUTPUT], size);
}

// Strides in any order and with gaps, over just the elements that they reach.
static int check_copy_strided(walk *k) {
    vd_random *r = &k->random;
    vd_copy_args args;
    int order[AXES] = {0, 1, 2, 3, 4, 5};
    for (int i = AXES - 1; i > 0; i--) {
        const int j = vd_between(r, 0, i), other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
    int32_t stride = 1, last = 0, size = 1;
    for (int i = 0; i < AXES; i++) {
        const int axis = order[i];
        args.extents[axis] = vd_between(r, 0, 1) ? 1 : vd_between(r, 1, 6);
        args.strides[axis] = stride * (vd_between(r, 0, 3) == 0 ? vd_between(r, 0, 3) : 1);
        last += (args.extents[axis] - 1) * args.strides[axis];
        stride = last + 1;
        size *= args.extents[axis];
    }
    if (last >= CAPACITY || size > CAPACITY)
        return 1;
    if (!draw_input(k, INPUT, (size_t)last + 1) || !place(k, OUTPUT, (size_t)size, 1))
        return 0;
    for (int32_t i = 0; i < size; i++) {
        int32_t rest = i, from = 0;
        for (int axis = AXES - 1; axis >= 0; rest /= args.extents[axis--])
            from += rest % args.extents[axis] * args.strides[axis];
        k->expected[i] = k->area[INPUT][from];
    }
    vd_copy_strided_s8(&args, k->area[INPUT], k->area[OUTPUT]);
    return compare(k, k->area[OUTPUT], (size_t)size);
}

// The rows between the copied ones stay as they were.
static int check_copy_rows(walk *k) {
    vd_random *r = &k->random;
    const size_t rows = (size_t)vd_between(r, 1, 9), size = (size_t)vd_between(r, 1, 70);
    const size_t stride = size + (size_t)vd_between(r, 0, 40), reach = (rows - 1) * stride + size;
    if (!draw_input(k, INPUT, rows * size) || !place(k, OUTPUT, reach, 1))
        return 0;
    memcpy(k->expected, k->area[OUTPUT], reach);
    for (size_t i = 0; i < rows * size; i++)
        k->expected[i / size * stride + i % size] = k->area[INPUT][i];
    vd_copy_rows_s8(k->area[INPUT], k->area[OUTPUT], rows, size, stride);
    return compare(k, k->area[OUTPUT], reach);
}

static int check_gather(walk *k) {
    vd_random *r = &k->random;
    const vd_gather_args args = {.outer = vd_between(r, 1, 5),
                                 .extent = vd_between(r, 1, 40),
                                 .inner = vd_between(r, 0, 1) ? 1 : vd_between(r, 1, 9),
                                 .count = vd_between(r, 1, 40)};
    const size_t size = (size_t)(args.outer * args.count * args.inner);
    if (!draw_input(k, INPUT, (size_t)(args.outer * args.extent * args.inner)) ||
        !place(k, OUTPUT, size, 1) ||
        !place(k, EXTRA, (size_t)args.count * sizeof(int32_t), sizeof(int32_t)))
        return 0;
    int32_t *indices = (int32_t *)(void *)k->area[EXTRA];
    for (int32_t i = 0; i < args.count; i++)
        indices[i] = vd_between(r, 0, args.extent - 1);
    for (int32_t i = 0; i < (int32_t)size; i++) {
        const int32_t inner = i % args.inner, index = indices[i / args.inner % args.count];
        const int32_t outer = i / args.inner / args.count;
        k->expected[i] = k->area[INPUT][(outer * args.extent + index) * args.inner + inner];
    }
    vd_gather_s8(&args, indices, k->area[INPUT], k->area[OUTPUT]);
    return compare(k, k->area[OUTPUT], size);
}

static const struct {
    const char *name;
    int (*check)(walk *k);
} kernels[] = {
    {"mul_s8", check_mul},
    {"broadcast_s8", check_broadcast},
    {"lookup_s8", check_lookup},
    {"mean_s8", check_mean},
    {"copy_strided_s8", check_copy_strided},
    {"copy_rows_s8", check_copy_rows},
    {"gather_s8", check_gather},
};

const char *vd_walk_element_name(size_t kernel) {
    return kernel < sizeof kernels / sizeof *kernels ? kernels[kernel].name : NULL;
}

int vd_walk_element(size_t kernel, uint64_t seed, int shapes, char *message, size_t message_size) {
    static const walk empty;
    walk k = empty;
    k.random.state = seed;
    int good = 1, shape = 0;
    for (int i = 0; i < BUFFERS; i++)
        good = good && vd_guarded_open(&k.memory[i], CAPACITY);
    for (; good && shape < shapes; shape++) {
        k.edge = shape % 2 == 0 ? VD_EDGE_ABOVE : VD_EDGE_BELOW;
        memset(k.area, 0, sizeof k.area);
        good = kernels[kernel].check(&k);
    }
    for (int i = 0; i < BUFFERS; i++)
        vd_guarded_close(&k.memory[i]);
    if (!good)
        snprintf(message, message_size, "%s: %s at shape %d", kernels[kernel].name,
                 k.fault ? k.fault : "no memory", shape - 1);
    return good;
}
