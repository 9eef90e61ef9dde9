// RGB8 rows to a JPEG, behind a setjmp wall of its own: the report's thumbnails.
//
// Keeps no state, calls nothing back, does not log or exit. The device's programs do not use it.
#ifndef VD_JPEG_ENCODE_H
#define VD_JPEG_ENCODE_H

#include "vd_jpeg.h"

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

// The longest side that is taken, so that libjpeg's rows stay small.
#define VD_JPEG_ENCODE_LONGEST 4096

// Writes `width` x `height` pixels (RGB, 8 bits each, rows without padding, both 1...4096) as a
// baseline 4:2:0 JPEG of `quality` (1...100) into `bytes`, of which `capacity` are there, and their
// number into `count`; one byte more than that must be there (libjpeg asks for room when it has
// used the last). Pixels and bytes may not overlap. The same pixels give the same bytes on every
// machine with the same libjpeg.
//
// VD_JPEG_TOO_LARGE if they do not fit or an extent is out of range, VD_JPEG_NO_MEMORY, else
// VD_JPEG_CORRUPT for anything else that libjpeg refuses; `count` is 0 then.
vd_jpeg_status vd_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height,
                              uint32_t quality, uint8_t *bytes, size_t capacity, size_t *count);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
