// The architecture's baseline: 128-bit vectors, 2 rows x 4 vectors of sums in 16 registers.
#define VD_LANES 4
#define VD_ROWS 2
#define VD_TARGET
#define VD_NAME(function) function##_baseline
#include "float_rows.h"

#include "depthwise_body.h"
#include "product_body.h"
