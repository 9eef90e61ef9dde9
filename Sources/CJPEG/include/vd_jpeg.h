// JPEG bytes to RGB8 rows through libjpeg, behind one setjmp wall.
//
// The input is hostile until proven otherwise: everything that costs memory or time is held against
// a limit before it is spent, and a picture of which a part is missing or damaged is an error,
// never a result. (libjpeg by itself fills what is missing with grey and reports success.)
//
// A decoder is used by one thread at a time. No function here calls back into its caller, logs,
// exits or keeps a pointer to `bytes` after vd_jpeg_end.
#ifndef VD_JPEG_H
#define VD_JPEG_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#define VD_JPEG_NULLABLE _Nullable
#else
#define VD_JPEG_NULLABLE
#endif

typedef enum vd_jpeg_status {
    VD_JPEG_OK = 0,
    VD_JPEG_EMPTY,          // no bytes at all
    VD_JPEG_NOT_JPEG,       // does not begin with a start-of-image marker
    VD_JPEG_TOO_LARGE,      // over a limit on bytes, extents, pixels or memory
    VD_JPEG_TOO_MANY_SCANS, // over vd_jpeg_limits.scans
    VD_JPEG_TRUNCATED,      // ends before its end-of-image marker, or lacks entropy-coded data
    VD_JPEG_CORRUPT,        // breaks the format
    VD_JPEG_UNSUPPORTED,    // a valid JPEG of a kind that we do not decode
    VD_JPEG_TIMEOUT,        // over vd_jpeg_limits.nanoseconds
    VD_JPEG_NO_MEMORY,      // the system has none left
} vd_jpeg_status;

// What one picture may cost. All limits are inclusive.
typedef struct vd_jpeg_limits {
    uint64_t bytes;             // of the file
    uint32_t width, height;     // of the full-size picture
    uint64_t pixels;            // of the full-size picture
    uint64_t coefficient_bytes; // that a picture of several scans keeps before its first row is out
    uint32_t scans;
    uint64_t nanoseconds; // from vd_jpeg_begin to the last row, by the monotonic clock
} vd_jpeg_limits;

typedef struct vd_jpeg_info {
    uint32_t width, height; // full size, as stored: before the orientation is applied
    uint32_t components;    // 1 grayscale, 3 colour, 4 CMYK or YCCK
    uint32_t orientation;   // EXIF's 1...8; 1 where there is none
    int progressive;
} vd_jpeg_info;

typedef struct vd_jpeg vd_jpeg;

// Null if the system has no memory left.
vd_jpeg *VD_JPEG_NULLABLE vd_jpeg_create(void);
void vd_jpeg_destroy(vd_jpeg *VD_JPEG_NULLABLE decoder);

// Reads the header of a picture and checks it against the limits. `bytes` must stay until
// vd_jpeg_end. After an error the decoder is ready for the next picture.
vd_jpeg_status vd_jpeg_begin(vd_jpeg *decoder, const uint8_t *VD_JPEG_NULLABLE bytes, size_t count,
                             const vd_jpeg_limits *limits, vd_jpeg_info *info);

// What `extent` becomes when decoded at eighths / 8 of full size. Pixel i of the decoded picture
// covers 8 / eighths pixels of the full-size one, from i * 8 / eighths on.
uint32_t vd_jpeg_scaled(uint32_t extent, uint32_t eighths);

// Decodes the picture that vd_jpeg_begin opened, at eighths / 8 of its size (1...8), into `pixels`:
// RGB, 8 bits each, rows without padding, `capacity` bytes of which
// scaled width * scaled height * 3 are written on success, and some on failure. Reads on to the
// end-of-image marker, so that success means that the file was whole. Ends the picture.
vd_jpeg_status vd_jpeg_read(vd_jpeg *decoder, uint32_t eighths, uint8_t *pixels, size_t capacity);

// Gives up the picture that vd_jpeg_begin opened, if any, and all memory that it took.
void vd_jpeg_end(vd_jpeg *decoder);

// Of the last failure: a sentence, and the offset in the file up to which it was read.
const char *vd_jpeg_message(const vd_jpeg *decoder);
size_t vd_jpeg_offset(const vd_jpeg *decoder);

// The orientation (1...8) that the payload of an APP1 segment gives, 0 if it gives none.
uint32_t vd_exif_orientation(const uint8_t *payload, size_t count);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
