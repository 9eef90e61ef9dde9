// The rows of the dispatch tables. Each kernel is five functions, defined in the file of its name:
// VD_KERNEL(conv_s8_avx2) declares vd_conv_s8_avx2_supports and so on, and VD_KERNEL_ROW strings
// them into a row.
#ifndef VD_KERNEL_ROWS_H
#define VD_KERNEL_ROWS_H

#include "vd_kernels.h"

#define VD_KERNEL(name)                                                                            \
    int vd_##name##_supports(const vd_window *window);                                             \
    size_t vd_##name##_packed_size(const vd_window *window);                                       \
    void vd_##name##_pack(const vd_window *window, const int8_t *weights, void *packed);           \
    size_t vd_##name##_scratch_size(const vd_window *window);                                      \
    void vd_##name##_run(const vd_conv_args *args, const int8_t *input, int8_t *output,            \
                         void *scratch, int32_t row_begin, int32_t row_end);

#define VD_KERNEL_ROW(isa, name)                                                                   \
    {#name,                                                                                        \
     isa,                                                                                          \
     vd_##name##_supports,                                                                         \
     vd_##name##_packed_size,                                                                      \
     vd_##name##_pack,                                                                             \
     vd_##name##_scratch_size,                                                                     \
     vd_##name##_run}

VD_KERNEL(conv_s8_scalar)
VD_KERNEL(depthwise_s8_scalar)
VD_KERNEL(fully_connected_s8_scalar)

#if defined(__x86_64__)
VD_KERNEL(conv_s8_avx2)
VD_KERNEL(depthwise_s8_avx2)
VD_KERNEL(fully_connected_s8_avx2)
#elif defined(__aarch64__)
VD_KERNEL(conv_s8_neon)
VD_KERNEL(depthwise_s8_neon)
VD_KERNEL(fully_connected_s8_neon)
#endif

#endif
