// malloc and its family, in front of the C library's own: the program's symbols come first, for the
// libraries too. Memory is still the C library's, so free() stays as it is.
#include "vd_allocations.h"

#include <errno.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static _Thread_local struct {
    int on;
    size_t count;
} counter;

static void note(void) {
    if (counter.on)
        counter.count++;
}

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note();
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    note();
    return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    note();
    void *made = __libc_memalign(alignment, size);
    if (made == NULL)
        return ENOMEM;
    *result = made;
    return 0;
}

void vd_count_allocations(void) {
    counter.count = 0;
    counter.on = 1;
}

size_t vd_counted_allocations(void) {
    counter.on = 0;
    return counter.count;
}
