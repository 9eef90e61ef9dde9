#include "vd_jpeg.h"
