// AVX2: 6 rows x 2 vectors of sums in 16 registers.
#if defined(__x86_64__)
#define VD_LANES 8
#define VD_ROWS 6
#define VD_TARGET __attribute__((target("avx2")))
#define VD_NAME(function) function##_avx2
#include "float_rows.h"

#include "depthwise_body.h"
#include "product_body.h"
#endif
