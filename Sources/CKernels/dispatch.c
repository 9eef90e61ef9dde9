// The dispatch tables: what this architecture has for each operator, scalar first, then in rising
// order of ISA. A new ISA is one file a kernel, one line in kernel_rows.h and one line here.
#include "kernel_rows.h"

static const vd_conv_kernel conv_kernels[] = {
    VD_KERNEL_ROW(VD_ISA_SCALAR, conv_s8_scalar),
#if defined(__x86_64__)
    VD_KERNEL_ROW(VD_ISA_AVX2, conv_s8_avx2),
#elif defined(__aarch64__)
    VD_KERNEL_ROW(VD_ISA_NEON, conv_s8_neon),
#endif
};

static const vd_conv_kernel depthwise_kernels[] = {
    VD_KERNEL_ROW(VD_ISA_SCALAR, depthwise_s8_scalar),
#if defined(__x86_64__)
    VD_KERNEL_ROW(VD_ISA_AVX2, depthwise_s8_avx2),
#elif defined(__aarch64__)
    VD_KERNEL_ROW(VD_ISA_NEON, depthwise_s8_neon),
#endif
};

static const vd_conv_kernel fully_connected_kernels[] = {
    VD_KERNEL_ROW(VD_ISA_SCALAR, fully_connected_s8_scalar),
#if defined(__x86_64__)
    VD_KERNEL_ROW(VD_ISA_AVX2, fully_connected_s8_avx2),
#elif defined(__aarch64__)
    VD_KERNEL_ROW(VD_ISA_NEON, fully_connected_s8_neon),
#endif
};

const vd_conv_kernel *vd_conv_kernels(size_t *count) {
    *count = sizeof conv_kernels / sizeof conv_kernels[0];
    return conv_kernels;
}

const vd_conv_kernel *vd_depthwise_kernels(size_t *count) {
    *count = sizeof depthwise_kernels / sizeof depthwise_kernels[0];
    return depthwise_kernels;
}

const vd_conv_kernel *vd_fully_connected_kernels(size_t *count) {
    *count = sizeof fully_connected_kernels / sizeof fully_connected_kernels[0];
    return fully_connected_kernels;
}

const vd_conv_kernel *vd_best_kernel(const vd_conv_kernel *table, size_t count, uint32_t mask,
                                     const vd_window *window) {
    for (size_t i = count; i-- > 1;)
        if ((mask >> table[i].isa & 1) != 0 && table[i].supports(window))
            return &table[i];
    return table;
}
