// A random walk through the dispatch tables: every row against the scalar one, bit for bit, with
// guard pages around every buffer. One implementation for the Swift tests and for check_kernels.c,
// which runs it where there is no Swift.
#ifndef VD_WALK_H
#define VD_WALK_H

#include <stddef.h>
#include <stdint.h>

typedef enum vd_walk_family {
    VD_WALK_CONVOLUTION = 0,
    VD_WALK_DEPTHWISE = 1,
    VD_WALK_FULLY_CONNECTED = 2,
} vd_walk_family;

// Runs row `row` of the family's table on `shapes` random shapes that it supports. Returns 1 when
// all outputs were equal and nothing outside the buffers changed; else 0, and `message` says which
// shape differed how. Reading outside a buffer ends the process. The same seed walks the same way.
int vd_walk_kernel(vd_walk_family family, size_t row, uint64_t seed, int shapes, char *message,
                   size_t message_size);

// The same for vd_add_s8, against 64-bit arithmetic.
int vd_walk_add(uint64_t seed, int shapes, char *message, size_t message_size);

// The same for the kernels that work on elements or move them: kernel 0, 1 and so on, as long as
// it has a name.
const char *vd_walk_element_name(size_t kernel);
int vd_walk_element(size_t kernel, uint64_t seed, int shapes, char *message, size_t message_size);

#endif
