// Errors and warnings of libjpeg, and which of our statuses each one is.
#include "vd_jpeg_internal.h"

#include <stdarg.h>

#include <jerror.h>

// Bytes that may stand between the last entropy-coded one and the end-of-image marker. Cheap USB
// cameras pad there, by a few bytes up to a few tens; every pixel is known by then.
#define MAXIMUM_PADDING 64

static _Noreturn void escape(struct vd_jpeg *d, vd_jpeg_status status) {
    d->status = status;
    d->offset = d->count - d->source.bytes_in_buffer;
    longjmp(d->wall, 1);
}

void vd_jpeg_fail(struct vd_jpeg *d, vd_jpeg_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(d->message, sizeof d->message, format, arguments);
    va_end(arguments);
    escape(d, status);
}

static vd_jpeg_status status_of(int message_code) {
    switch (message_code) {
    case JERR_NO_SOI:
        return VD_JPEG_NOT_JPEG;
    case JERR_OUT_OF_MEMORY:
        return VD_JPEG_NO_MEMORY;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
    case JERR_NO_BACKING_STORE: // our memory limit: it may not spill into a temporary file
        return VD_JPEG_TOO_LARGE;
    case JERR_INPUT_EOF:
    case JWRN_JPEG_EOF:
        return VD_JPEG_TRUNCATED;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_EMPTY_IMAGE: // the height stands in a DNL marker at the end
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
        return VD_JPEG_UNSUPPORTED;
    default:
        return VD_JPEG_CORRUPT;
    }
}

static _Noreturn void escape_with_its_message(j_common_ptr jpeg) {
    struct vd_jpeg *d = vd_jpeg_of(jpeg->client_data);
    jpeg->err->format_message(jpeg, d->message);
    escape(d, status_of(jpeg->err->msg_code));
}

// libjpeg's warnings mean that it made up pixels and goes on. Level -1 is a warning, above is talk.
static void emit_message(j_common_ptr jpeg, int level) {
    if (level >= 0)
        return;
    const struct jpeg_error_mgr *errors = jpeg->err;
    switch (errors->msg_code) {
    case JWRN_HIT_MARKER:
        vd_jpeg_fail(vd_jpeg_of(jpeg->client_data), VD_JPEG_TRUNCATED,
                     "the entropy-coded data ends before the picture does");
    case JWRN_JFIF_MAJOR:     // says nothing about the pixels
    case JWRN_NOT_SEQUENTIAL: // fields of the scan header that a sequential JPEG does not use
        return;
    case JWRN_EXTRANEOUS_DATA: {
        int bytes = errors->msg_parm.i[0], marker = errors->msg_parm.i[1];
        if (marker == JPEG_EOI && bytes <= MAXIMUM_PADDING)
            return;
        break;
    }
    }
    escape_with_its_message(jpeg);
}

// libjpeg's own prints.
static void output_message(j_common_ptr jpeg) {
    (void)jpeg;
}

void vd_jpeg_install_errors(struct vd_jpeg *d) {
    d->jpeg.err = jpeg_std_error(&d->errors);
    d->errors.error_exit = escape_with_its_message;
    d->errors.emit_message = emit_message;
    d->errors.output_message = output_message;
}
