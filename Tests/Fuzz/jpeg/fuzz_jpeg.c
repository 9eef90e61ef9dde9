// libFuzzer entry to the JPEG wall: header, limits, EXIF, decoding at every scale, reuse of one
// decoder. README.md says how it is built and run.
#include "vd_jpeg.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    // Small enough that an input takes milliseconds under the sanitizers.
    static const vd_jpeg_limits limits = {
        .bytes = 1 << 20,
        .width = 2048,
        .height = 2048,
        .pixels = 1 << 18,
        .coefficient_bytes = 1 << 22,
        .scans = 20,
        .nanoseconds = 2000000000,
    };
    static vd_jpeg *decoder; // one for all inputs, so that what one leaves behind meets the next
    if (decoder == NULL && (decoder = vd_jpeg_create()) == NULL)
        abort();

    // The last byte, which a JPEG does not need, chooses the scale.
    uint32_t eighths = size == 0 ? 8 : data[size - 1] % 8 + 1;
    vd_jpeg_info info;
    if (vd_jpeg_begin(decoder, data, size, &limits, &info) == VD_JPEG_OK) {
        if (info.width > limits.width || info.height > limits.height || info.orientation < 1 ||
            info.orientation > 8)
            abort();
        size_t capacity =
            (size_t)vd_jpeg_scaled(info.width, eighths) * vd_jpeg_scaled(info.height, eighths) * 3;
        // Of exactly the size, so that the sanitizer sees one byte too many.
        uint8_t *pixels = malloc(capacity);
        if (pixels == NULL)
            abort();
        vd_jpeg_read(decoder, eighths, pixels, capacity);
        free(pixels);
    }
    if (size > 0)
        vd_exif_orientation(data, size);
    return 0;
}
