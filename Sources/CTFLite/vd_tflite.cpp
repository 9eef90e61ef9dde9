#include "vd_tflite.h"
