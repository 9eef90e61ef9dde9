// Where libjpeg gets its bytes: one buffer that holds the whole file.
#include "vd_jpeg_internal.h"

static void init_source(j_decompress_ptr jpeg) {
    (void)jpeg;
}

static void term_source(j_decompress_ptr jpeg) {
    (void)jpeg;
}

// All bytes there are lie in the buffer from the start: whoever asks for more is missing some.
static boolean fill_input_buffer(j_decompress_ptr jpeg) {
    vd_jpeg_fail(vd_jpeg_of(jpeg->client_data), VD_JPEG_TRUNCATED,
                 "the file ends before its end-of-image marker");
}

static void skip_input_data(j_decompress_ptr jpeg, long count) {
    if (count <= 0)
        return;
    if ((size_t)count > jpeg->src->bytes_in_buffer) {
        jpeg->src->bytes_in_buffer = 0;
        fill_input_buffer(jpeg);
    }
    jpeg->src->next_input_byte += count;
    jpeg->src->bytes_in_buffer -= (size_t)count;
}

// APP1 in place of jpeg_save_markers: all bytes lie before us, so nothing needs to be copied. The
// first segment that gives an orientation wins.
boolean vd_jpeg_read_app1(j_decompress_ptr jpeg) {
    struct vd_jpeg *d = vd_jpeg_of(jpeg->client_data);
    struct jpeg_source_mgr *source = jpeg->src;
    if (source->bytes_in_buffer < 2)
        fill_input_buffer(jpeg);
    size_t length = (size_t)source->next_input_byte[0] << 8 | source->next_input_byte[1];
    if (length < 2)
        vd_jpeg_fail(d, VD_JPEG_CORRUPT, "an APP1 segment says that it is %zu bytes long", length);
    if (length <= source->bytes_in_buffer && d->orientation == 0)
        d->orientation = vd_exif_orientation(source->next_input_byte + 2, length - 2);
    skip_input_data(jpeg, (long)length);
    return TRUE;
}

void vd_jpeg_install_source(struct vd_jpeg *d) {
    d->source = (struct jpeg_source_mgr){
        .next_input_byte = d->bytes,
        .bytes_in_buffer = d->count,
        .init_source = init_source,
        .fill_input_buffer = fill_input_buffer,
        .skip_input_data = skip_input_data,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = term_source,
    };
}
