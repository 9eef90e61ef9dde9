/* Sixteen floats as one value. The compiler makes one, two or four registers of it, as the target
 * of the function that it is used in has them; element by element, so the bits are the same. */
#ifndef VD_GRAM_VECTOR_H
#define VD_GRAM_VECTOR_H

#include <string.h>

typedef float vd_floats __attribute__((vector_size(64)));
typedef double vd_doubles __attribute__((vector_size(128)));

#define VD_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define VD_AVX2 __attribute__((target("avx2")))
#define VD_AVX512 __attribute__((target("avx512f")))
#endif

/* By macros: a function that returns 64 bytes has another convention on each target. */
#define vd_load(from)                                                                              \
    ({                                                                                             \
        vd_floats loaded;                                                                          \
        memcpy(&loaded, (from), sizeof loaded);                                                    \
        loaded;                                                                                    \
    })
#define vd_store(to, value)                                                                        \
    do {                                                                                           \
        const vd_floats stored = (value);                                                          \
        memcpy((to), &stored, sizeof stored);                                                      \
    } while (0)

#endif
