// What this CPU and its operating system can run.
#include "vd_float.h"

#if defined(__x86_64__)
#include <cpuid.h>

// The register state that the operating system saves on a context switch: an AVX instruction
// faults when the CPU has it and the system does not.
static uint64_t saved_state(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}
#endif

vd_float_isa vd_float_best_isa(void) {
#if defined(__x86_64__)
    const uint32_t osxsave = 1u << 27, avx = 1u << 28; // leaf 1, ecx
    const uint32_t avx2 = 1u << 5, avx512f = 1u << 16; // leaf 7, ebx
    const uint64_t ymm_state = 0x06, zmm_state = 0xe6; // XCR0
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (osxsave | avx)) != (osxsave | avx))
        return VD_FLOAT_BASELINE;
    const uint64_t state = saved_state();
    if ((state & ymm_state) != ymm_state || !__get_cpuid_count(7, 0, &a, &b, &c, &d) ||
        (b & avx2) == 0)
        return VD_FLOAT_BASELINE;
    if ((state & zmm_state) == zmm_state && (b & avx512f) != 0)
        return VD_FLOAT_AVX512;
    return VD_FLOAT_AVX2;
#else
    return VD_FLOAT_BASELINE;
#endif
}
