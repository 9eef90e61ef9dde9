// What this CPU and its operating system can run.
#include "vd_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>

// The register state that the operating system saves on a context switch: an AVX instruction
// faults when the CPU has it and the system does not.
static uint64_t saved_state(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static int has_avx2(void) {
    const uint32_t osxsave = 1u << 27, avx = 1u << 28; // leaf 1, ecx
    const uint32_t avx2 = 1u << 5;                     // leaf 7, ebx
    const uint64_t xmm_and_ymm = 1u << 1 | 1u << 2;    // XCR0
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (osxsave | avx)) != (osxsave | avx))
        return 0;
    if ((saved_state() & xmm_and_ymm) != xmm_and_ymm)
        return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & avx2) != 0;
}
#endif

uint32_t vd_cpu_isa_mask(void) {
    uint32_t mask = 1u << VD_ISA_SCALAR;
#if defined(__x86_64__)
    if (has_avx2())
        mask |= 1u << VD_ISA_AVX2;
#elif defined(__aarch64__)
    mask |= 1u << VD_ISA_NEON; // part of the architecture's baseline
#endif
    return mask;
}

const char *vd_isa_name(vd_isa isa) {
    switch (isa) {
    case VD_ISA_SCALAR:
        return "scalar";
    case VD_ISA_AVX2:
        return "avx2";
    case VD_ISA_NEON:
        return "neon";
    }
    return "unknown";
}
