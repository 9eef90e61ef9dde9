#ifndef VD_TFLITE_H
#define VD_TFLITE_H
#endif
