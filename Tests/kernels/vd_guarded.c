#define _GNU_SOURCE // MAP_ANONYMOUS
#include "vd_guarded.h"

#include <sys/mman.h>
#include <unistd.h>

// Bytes of pattern on the side where the area does not touch a guard page.
enum { MARGIN = 512 };

static size_t page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

int vd_guarded_open(vd_guarded *memory, size_t capacity) {
    const size_t page = page_size();
    capacity = (capacity + page - 1) / page * page;
    uint8_t *pages = mmap(NULL, capacity + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return 0;
    *memory = (vd_guarded){pages + page, capacity};
    return mprotect(memory->bytes, capacity, PROT_READ | PROT_WRITE) == 0;
}

void vd_guarded_close(vd_guarded *memory) {
    const size_t page = page_size();
    munmap(memory->bytes - page, memory->capacity + 2 * page);
    *memory = (vd_guarded){NULL, 0};
}

uint8_t vd_guarded_pattern(const uint8_t *address) {
    return (uint8_t)((uintptr_t)address * 37 + 11);
}

// The bytes from `from` to `to` of the memory, as far as they exist.
typedef struct zone {
    uint8_t *begin, *end;
} zone;

static zone zone_around(const vd_guarded *memory, const uint8_t *area, size_t size) {
    const size_t start = (size_t)(area - memory->bytes), end = start + size;
    const size_t before = start < MARGIN ? start : MARGIN;
    const size_t room = memory->capacity - end, after = room < MARGIN ? room : MARGIN;
    return (zone){memory->bytes + start - before, memory->bytes + end + after};
}

uint8_t *vd_guarded_place(vd_guarded *memory, size_t size, size_t alignment, vd_edge edge) {
    if (size > memory->capacity)
        return NULL;
    const size_t start = edge == VD_EDGE_BELOW ? 0 : memory->capacity - size;
    uint8_t *area = memory->bytes + start / alignment * alignment;
    const zone z = zone_around(memory, area, size);
    for (uint8_t *p = z.begin; p < z.end; p++)
        *p = vd_guarded_pattern(p);
    return area;
}

int vd_guarded_intact(const vd_guarded *memory, const uint8_t *area, size_t size) {
    const zone z = zone_around(memory, area, size);
    for (const uint8_t *p = z.begin; p < z.end; p++)
        if ((p < area || p >= area + size) && *p != vd_guarded_pattern(p))
            return 0;
    return 1;
}
