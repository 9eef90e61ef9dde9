#ifndef VD_JPEG_H
#define VD_JPEG_H
#endif
