// What the files of the decoder share.
#ifndef VD_JPEG_INTERNAL_H
#define VD_JPEG_INTERNAL_H

#include "vd_jpeg.h"

#include <setjmp.h>
// jpeglib.h needs size_t and FILE declared before it.
#include <stdio.h>

#include <jpeglib.h>

struct vd_jpeg {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf wall;
    int open; // whether `jpeg` holds memory of libjpeg's

    const uint8_t *bytes;
    size_t count;
    vd_jpeg_limits limits;
    uint64_t started; // nanoseconds
    uint32_t orientation;

    // The arguments of vd_jpeg_read, on their way through the wall.
    uint32_t eighths;
    uint8_t *pixels;
    size_t capacity;

    uint8_t *cmyk_row; // of libjpeg's image pool
    vd_jpeg_status status;
    size_t offset;
    char message[JMSG_LENGTH_MAX];
};

static inline struct vd_jpeg *vd_jpeg_of(void *client_data) {
    return client_data;
}

// Leaves the wall with a status and a sentence. Only C frames of ours and of libjpeg's lie between.
__attribute__((format(printf, 3, 4))) _Noreturn void
vd_jpeg_fail(struct vd_jpeg *d, vd_jpeg_status status, const char *format, ...);

// Points libjpeg's error, source and progress managers at ours.
void vd_jpeg_install_errors(struct vd_jpeg *d);
void vd_jpeg_install_source(struct vd_jpeg *d);
void vd_jpeg_install_limits(struct vd_jpeg *d);

// A replacement for libjpeg's reader of APP1 segments: takes the orientation out of EXIF.
boolean vd_jpeg_read_app1(j_decompress_ptr jpeg);

uint64_t vd_jpeg_now(void); // nanoseconds of the monotonic clock

// Each leaves the wall if a limit is passed: after nothing, and after the header, is known.
void vd_jpeg_check_file(struct vd_jpeg *d);
void vd_jpeg_check_header(struct vd_jpeg *d);

#endif
