// Memory between two pages that nobody may touch: a read or write past it ends the test program.
#ifndef VD_GUARDED_H
#define VD_GUARDED_H

#include <stddef.h>
#include <stdint.h>

typedef struct vd_guarded {
    uint8_t *bytes; // the first byte after the guard page below
    size_t capacity;
} vd_guarded;

// Which of the two guard pages an area touches.
typedef enum vd_edge {
    VD_EDGE_BELOW = 0, // it starts right after the page below
    VD_EDGE_ABOVE = 1, // it ends right before the page above, but for alignment
} vd_edge;

// Maps at least `capacity` bytes with a guard page on each side; 0 when that failed.
int vd_guarded_open(vd_guarded *memory, size_t capacity);
void vd_guarded_close(vd_guarded *memory);

// An area of `size` bytes at the given edge, surrounded by a known pattern as far as there is
// room. One area at a time; its own bytes hold the same pattern. 0 when it does not fit.
uint8_t *vd_guarded_place(vd_guarded *memory, size_t size, size_t alignment, vd_edge edge);

// Whether the pattern around the area still stands.
int vd_guarded_intact(const vd_guarded *memory, const uint8_t *area, size_t size);

// The pattern's byte at this address.
uint8_t vd_guarded_pattern(const uint8_t *address);

#endif
