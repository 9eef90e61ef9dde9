// Counts what one thread allocates, for tests of code that must not.
#ifndef VD_ALLOCATIONS_H
#define VD_ALLOCATIONS_H

#include <stddef.h>

// Starts counting the calls of malloc, calloc, realloc, aligned_alloc and posix_memalign that this
// thread makes.
void vd_count_allocations(void);

// Stops, and returns the count.
size_t vd_counted_allocations(void);

#endif
