// The decoder: what is done inside the wall, the wall, and the functions that enter it.
#include "vd_jpeg_internal.h"

#include <stdlib.h>

// Rows asked for at once: libjpeg hands out at most one row of MCUs, 16 or 32 pixel rows.
#define ROWS_AT_ONCE 16

static void open_and_read_header(struct vd_jpeg *d) {
    vd_jpeg_check_file(d);

    // A decoder is made for each picture, so that a file without Huffman or quantization tables
    // never gets those of the file before it. That costs 10 small allocations, some 2 us.
    d->jpeg.mem = NULL; // so that jpeg_destroy_decompress works wherever creation fails
    d->open = 1;
    jpeg_create_decompress(&d->jpeg);
    d->jpeg.src = &d->source;
    vd_jpeg_install_limits(d);
    jpeg_set_marker_processor(&d->jpeg, JPEG_APP0 + 1, vd_jpeg_read_app1);
    jpeg_read_header(&d->jpeg, TRUE);
    vd_jpeg_check_header(d);
}

// Adobe writes CMYK inverted (255 is no ink), and so does everyone else who writes CMYK JPEGs.
static void rgb_from_inverted_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t width) {
    for (size_t x = 0; x < width; x++) {
        for (size_t c = 0; c < 3; c++) {
            // (a * b) / 255, rounded to nearest: exact for all bytes a and b.
            uint32_t t = (uint32_t)cmyk[4 * x + c] * cmyk[4 * x + 3] + 128;
            rgb[3 * x + c] = (uint8_t)((t + (t >> 8)) >> 8);
        }
    }
}

// A picture of several scans is absorbed whole before its first row comes out. One that lacks a
// component, or the low bits of its mean values, is legal but not all there; libjpeg says nothing.
static void check_complete(struct vd_jpeg *d) {
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    for (int i = 0; i < jpeg->num_components; i++) {
        int sent = jpeg->progressive_mode ? jpeg->coef_bits[i][0] == 0
                                          : jpeg->comp_info[i].quant_table != NULL;
        if (!sent)
            vd_jpeg_fail(d, VD_JPEG_TRUNCATED, "no scan holds the whole of component %d", i + 1);
    }
}

static void read_rows(struct vd_jpeg *d) {
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg->scale_num = d->eighths;
    jpeg->scale_denom = 8;
    // Both have SIMD versions that give the bits of the C version, on every family of processors.
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = TRUE;
    // Guesses coefficients that a progressive file has not sent, by a rule that changes from
    // release to release.
    jpeg->do_block_smoothing = FALSE;
    jpeg_start_decompress(jpeg);
    check_complete(d);

    size_t width = jpeg->output_width, height = jpeg->output_height, stride = width * 3;
    if (width != vd_jpeg_scaled(jpeg->image_width, d->eighths) ||
        height != vd_jpeg_scaled(jpeg->image_height, d->eighths) || d->capacity / stride < height)
        vd_jpeg_fail(d, VD_JPEG_TOO_LARGE, "%zu x %zu pixels do not fit the buffer of %zu bytes",
                     width, height, d->capacity);
    if (jpeg->out_color_space == JCS_CMYK) {
        d->cmyk_row = jpeg->mem->alloc_large((j_common_ptr)jpeg, JPOOL_IMAGE, width * 4);
        while (jpeg->output_scanline < height) {
            uint8_t *row = d->pixels + jpeg->output_scanline * stride;
            jpeg_read_scanlines(jpeg, &d->cmyk_row, 1);
            rgb_from_inverted_cmyk(d->cmyk_row, row, width);
        }
    } else {
        while (jpeg->output_scanline < height) {
            JSAMPROW rows[ROWS_AT_ONCE];
            JDIMENSION count = (JDIMENSION)height - jpeg->output_scanline;
            if (count > ROWS_AT_ONCE)
                count = ROWS_AT_ONCE;
            for (JDIMENSION i = 0; i < count; i++)
                rows[i] = d->pixels + (jpeg->output_scanline + i) * stride;
            jpeg_read_scanlines(jpeg, rows, count);
        }
    }
    jpeg_finish_decompress(jpeg); // reads up to the end-of-image marker, or fails
}

// ------------------------------------------------------------------------------------- the wall

// The only setjmp. `step` keeps its state in the decoder, so that there is no local that
// longjmp could leave undefined.
static vd_jpeg_status guarded(struct vd_jpeg *d, void (*step)(struct vd_jpeg *)) {
    d->status = VD_JPEG_OK;
    if (setjmp(d->wall) == 0)
        step(d);
    return d->status;
}

vd_jpeg *vd_jpeg_create(void) {
    return calloc(1, sizeof(struct vd_jpeg));
}

void vd_jpeg_destroy(vd_jpeg *d) {
    if (d == NULL)
        return;
    vd_jpeg_end(d);
    free(d);
}

void vd_jpeg_end(vd_jpeg *d) {
    if (d->open)
        jpeg_destroy_decompress(&d->jpeg); // all of libjpeg's memory, whatever it was doing
    d->open = 0;
    d->bytes = NULL;
}

vd_jpeg_status vd_jpeg_begin(vd_jpeg *d, const uint8_t *bytes, size_t count,
                             const vd_jpeg_limits *limits, vd_jpeg_info *info) {
    vd_jpeg_end(d);
    d->bytes = bytes;
    d->count = count;
    d->limits = *limits;
    d->started = vd_jpeg_now();
    d->orientation = 0;

    vd_jpeg_install_errors(d);
    // jpeg_create_decompress clears all but `err` and `client_data`, and can fail before it
    // returns.
    d->jpeg.client_data = d;
    vd_jpeg_install_source(d);
    vd_jpeg_status status = guarded(d, open_and_read_header);
    if (status != VD_JPEG_OK) {
        vd_jpeg_end(d);
        return status;
    }
    *info = (vd_jpeg_info){
        .width = d->jpeg.image_width,
        .height = d->jpeg.image_height,
        .components = (uint32_t)d->jpeg.num_components,
        .orientation = d->orientation == 0 ? 1 : d->orientation,
        .progressive = d->jpeg.progressive_mode,
    };
    return VD_JPEG_OK;
}

uint32_t vd_jpeg_scaled(uint32_t extent, uint32_t eighths) {
    return (uint32_t)(((uint64_t)extent * eighths + 7) / 8);
}

vd_jpeg_status vd_jpeg_read(vd_jpeg *d, uint32_t eighths, uint8_t *pixels, size_t capacity) {
    if (!d->open || eighths < 1 || eighths > 8) {
        snprintf(d->message, sizeof d->message, "no picture is open, or a scale of %u/8", eighths);
        vd_jpeg_end(d);
        return VD_JPEG_UNSUPPORTED;
    }
    d->eighths = eighths;
    d->pixels = pixels;
    d->capacity = capacity;
    vd_jpeg_status status = guarded(d, read_rows);
    vd_jpeg_end(d);
    return status;
}

const char *vd_jpeg_message(const vd_jpeg *d) {
    return d->message;
}

size_t vd_jpeg_offset(const vd_jpeg *d) {
    return d->offset;
}
