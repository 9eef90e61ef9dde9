// The encoder: one picture, from memory to memory.
#include "vd_jpeg_encode.h"

#include <setjmp.h>
// jpeglib.h needs size_t and FILE declared before it.
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>

// All that lives across the wall: the function that calls setjmp has no locals of its own.
struct encoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf wall;
    const uint8_t *pixels;
    uint32_t width, height, quality;
    uint8_t *bytes;
    size_t capacity;
    vd_jpeg_status status;
};

static _Noreturn void escape(struct encoder *e, vd_jpeg_status status) {
    e->status = status;
    longjmp(e->wall, 1);
}

static void on_error(j_common_ptr jpeg) {
    escape(jpeg->client_data,
           jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? VD_JPEG_NO_MEMORY : VD_JPEG_CORRUPT);
}

// libjpeg's warnings and own prints.
static void on_message(j_common_ptr jpeg, int level) {
    (void)jpeg;
    (void)level;
}

static void on_print(j_common_ptr jpeg) {
    (void)jpeg;
}

static void on_start(j_compress_ptr jpeg) {
    struct encoder *e = jpeg->client_data;
    e->destination.next_output_byte = e->bytes;
    e->destination.free_in_buffer = e->capacity;
}

static boolean on_full(j_compress_ptr jpeg) {
    escape(jpeg->client_data, VD_JPEG_TOO_LARGE);
}

static void on_end(j_compress_ptr jpeg) {
    (void)jpeg;
}

static void encode(struct encoder *e) {
    struct jpeg_compress_struct *jpeg = &e->jpeg;
    jpeg_create_compress(jpeg);
    jpeg->dest = &e->destination;
    jpeg->image_width = e->width;
    jpeg->image_height = e->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, (int)e->quality, TRUE);
    // SIMD gives the bits of the C version, on every family of processors.
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->optimize_coding = TRUE; // a tenth smaller at this size, for microseconds
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < e->height) {
        // libjpeg takes rows that it could write to, and does not.
        JSAMPROW row = (JSAMPROW)(e->pixels + (size_t)jpeg->next_scanline * e->width * 3);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

// The only setjmp.
static void guarded(struct encoder *e) {
    if (setjmp(e->wall) == 0)
        encode(e);
}

vd_jpeg_status vd_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height,
                              uint32_t quality, uint8_t *bytes, size_t capacity, size_t *count) {
    *count = 0;
    if (width < 1 || width > VD_JPEG_ENCODE_LONGEST || height < 1 ||
        height > VD_JPEG_ENCODE_LONGEST || quality < 1 || quality > 100 || capacity < 1)
        return VD_JPEG_TOO_LARGE;
    struct encoder e = {.pixels = pixels,
                        .width = width,
                        .height = height,
                        .quality = quality,
                        .bytes = bytes,
                        .capacity = capacity,
                        .status = VD_JPEG_OK};
    e.jpeg.err = jpeg_std_error(&e.errors);
    e.errors.error_exit = on_error;
    e.errors.emit_message = on_message;
    e.errors.output_message = on_print;
    e.destination.init_destination = on_start;
    e.destination.empty_output_buffer = on_full;
    e.destination.term_destination = on_end;
    // jpeg_create_compress clears all but `err` and `client_data`.
    e.jpeg.client_data = &e;
    guarded(&e);
    jpeg_destroy_compress(&e.jpeg); // harmless wherever creation failed: `mem` is null then
    if (e.status == VD_JPEG_OK)
        *count = capacity - e.destination.free_in_buffer;
    return e.status;
}
