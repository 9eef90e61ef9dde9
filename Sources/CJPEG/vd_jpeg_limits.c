// What one picture may cost, held against the limits before it is spent.

// clock_gettime, which C11 alone does not have.
#define _POSIX_C_SOURCE 200809L

#include "vd_jpeg_internal.h"

#include <string.h>
#include <time.h>

uint64_t vd_jpeg_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void check_time(struct vd_jpeg *d) {
    if (vd_jpeg_now() - d->started >= d->limits.nanoseconds)
        vd_jpeg_fail(d, VD_JPEG_TIMEOUT, "decoding took longer than %llu ms",
                     (unsigned long long)(d->limits.nanoseconds / 1000000));
}

// libjpeg calls this for every row of MCUs that it reads, and for every call of
// jpeg_read_scanlines.
static void progress_monitor(j_common_ptr common) {
    struct vd_jpeg *d = vd_jpeg_of(common->client_data);
    if ((uint64_t)d->jpeg.input_scan_number > d->limits.scans)
        vd_jpeg_fail(d, VD_JPEG_TOO_MANY_SCANS, "more than %u scans", d->limits.scans);
    check_time(d);
}

// Scans from here to the end of the image, the one that the source stands in included. Without this
// look ahead, a bomb of thousands of scans would be found only after `limits.scans` of them had
// been decoded, each a pass over all coefficients.
static uint64_t count_scans(const uint8_t *p, size_t count) {
    const uint8_t *end = p + count;
    uint64_t scans = 1;
    while ((p = memchr(p, 0xFF, (size_t)(end - p))) != NULL) {
        while (p < end && *p == 0xFF)
            p++;
        if (p == end)
            break;
        uint8_t marker = *p++;
        if (marker == JPEG_EOI)
            break;
        if (marker == 0 || (marker >= JPEG_RST0 && marker <= JPEG_RST0 + 7))
            continue;
        scans += marker == 0xDA;
        size_t rest = (size_t)(end - p);
        size_t length = rest >= 2 ? (size_t)p[0] << 8 | p[1] : rest;
        p += length < rest ? length : rest;
    }
    return scans;
}

static uint64_t round_up(uint64_t x, int multiple) {
    uint64_t m = (uint64_t)multiple;
    return (x + m - 1) / m * m;
}

// What libjpeg keeps when a picture comes in several scans: every coefficient, 16 bits each, in
// whole MCUs.
static uint64_t coefficient_bytes(const struct jpeg_decompress_struct *jpeg) {
    uint64_t blocks = 0;
    for (int i = 0; i < jpeg->num_components; i++) {
        const jpeg_component_info *c = &jpeg->comp_info[i];
        blocks += round_up(c->width_in_blocks, c->h_samp_factor) *
                  round_up(c->height_in_blocks, c->v_samp_factor);
    }
    return blocks * DCTSIZE2 * sizeof(JCOEF);
}

void vd_jpeg_check_file(struct vd_jpeg *d) {
    check_time(d);
    if (d->count > d->limits.bytes)
        vd_jpeg_fail(d, VD_JPEG_TOO_LARGE, "%zu bytes; at most %llu are allowed", d->count,
                     (unsigned long long)d->limits.bytes);
    if (d->count == 0)
        vd_jpeg_fail(d, VD_JPEG_EMPTY, "the file is empty");
    if (d->bytes[0] != 0xFF || (d->count > 1 && d->bytes[1] != 0xD8))
        vd_jpeg_fail(d, VD_JPEG_NOT_JPEG, "the file does not begin with a start-of-image marker");
}

void vd_jpeg_check_header(struct vd_jpeg *d) {
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    const vd_jpeg_limits *limits = &d->limits;
    uint64_t pixels = (uint64_t)jpeg->image_width * jpeg->image_height;
    if (jpeg->image_width > limits->width || jpeg->image_height > limits->height ||
        pixels > limits->pixels)
        vd_jpeg_fail(d, VD_JPEG_TOO_LARGE,
                     "%u x %u pixels; at most %u x %u and %llu in all are allowed",
                     jpeg->image_width, jpeg->image_height, limits->width, limits->height,
                     (unsigned long long)limits->pixels);
    if (jpeg->data_precision != 8)
        vd_jpeg_fail(d, VD_JPEG_UNSUPPORTED, "%d bits a sample; only 8 are supported",
                     jpeg->data_precision);
    if (jpeg->num_components != 1 && jpeg->num_components != 3 && jpeg->num_components != 4)
        vd_jpeg_fail(d, VD_JPEG_UNSUPPORTED, "%d colour components; only 1, 3 and 4 are supported",
                     jpeg->num_components);
    if (jpeg->arith_code) // no camera writes it, browsers refuse it, and it is slow to decode
        vd_jpeg_fail(d, VD_JPEG_UNSUPPORTED, "arithmetic coding is not supported");
    // Each block's mean value takes a Huffman code of at least one bit, so a short file that claims
    // a large picture is found out before memory is taken for it.
    uint64_t blocks = 0;
    for (int i = 0; i < jpeg->num_components; i++)
        blocks +=
            (uint64_t)jpeg->comp_info[i].width_in_blocks * jpeg->comp_info[i].height_in_blocks;
    if (d->source.bytes_in_buffer < blocks / 8)
        vd_jpeg_fail(d, VD_JPEG_TRUNCATED, "%zu bytes of data cannot hold %u x %u pixels",
                     d->source.bytes_in_buffer, jpeg->image_width, jpeg->image_height);
    if (!jpeg_has_multiple_scans(&d->jpeg))
        return;
    uint64_t memory = coefficient_bytes(jpeg);
    if (memory > limits->coefficient_bytes)
        vd_jpeg_fail(d, VD_JPEG_TOO_LARGE,
                     "several scans of %u x %u pixels need %llu bytes; at most %llu are allowed",
                     jpeg->image_width, jpeg->image_height, (unsigned long long)memory,
                     (unsigned long long)limits->coefficient_bytes);
    uint64_t scans = count_scans(d->source.next_input_byte, d->source.bytes_in_buffer);
    if (scans > limits->scans)
        vd_jpeg_fail(d, VD_JPEG_TOO_MANY_SCANS, "%llu scans; at most %u are allowed",
                     (unsigned long long)scans, limits->scans);
}

void vd_jpeg_install_limits(struct vd_jpeg *d) {
    d->progress.progress_monitor = progress_monitor;
    d->jpeg.progress = &d->progress;
    // libjpeg holds only its coefficient arrays against this. Our own check comes first.
    uint64_t memory = d->limits.coefficient_bytes + (16u << 20);
    d->jpeg.mem->max_memory_to_use = memory > INT32_MAX ? INT32_MAX : (long)memory;
}
