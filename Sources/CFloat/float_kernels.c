#include "vd_float.h"
