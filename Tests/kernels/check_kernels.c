// The kernels' walk as a program of its own, for CPU models that only an emulator has and for
// compilers other than Swift's. Compile it with the other C files of this folder and of
// Sources/CKernels:
//     check_kernels [SEED [SHAPES]]
// It exits 1 at the first difference and says where; the seed repeats it.
#include "vd_kernels.h"
#include "vd_walk.h"

#include <stdio.h>
#include <stdlib.h>

static int report(const char *name, int good, const char *message) {
    printf("%s %s%s%s\n", good ? "ok    " : "FAILED", name, good ? "" : ": ", message);
    fflush(stdout);
    return good;
}

int main(int argc, char **argv) {
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    const int shapes = argc > 2 ? atoi(argv[2]) : 400;
    const uint32_t mask = vd_cpu_isa_mask();
    char message[512] = "";
    int good = 1;
    printf("seed %llu, %d shapes, ISA mask %#x\n", (unsigned long long)seed, shapes, mask);
    fflush(stdout);
    for (int family = VD_WALK_CONVOLUTION; family <= VD_WALK_FULLY_CONNECTED; family++) {
        size_t count;
        const vd_conv_kernel *table = family == VD_WALK_CONVOLUTION ? vd_conv_kernels(&count)
                                      : family == VD_WALK_DEPTHWISE
                                          ? vd_depthwise_kernels(&count)
                                          : vd_fully_connected_kernels(&count);
        for (size_t row = 0; row < count; row++) {
            if ((mask >> table[row].isa & 1) == 0) {
                printf("skip   %s: not on this CPU\n", table[row].name);
                continue;
            }
            const int same = vd_walk_kernel((vd_walk_family)family, row, seed + row, shapes,
                                            message, sizeof message);
            good &= report(table[row].name, same, message);
        }
    }
    good &= report("add_s8", vd_walk_add(seed, shapes * 10, message, sizeof message), message);
    for (size_t kernel = 0; vd_walk_element_name(kernel); kernel++)
        good &=
            report(vd_walk_element_name(kernel),
                   vd_walk_element(kernel, seed, shapes * 10, message, sizeof message), message);
    return good ? 0 : 1;
}
