// AVX-512: 12 rows x 1 vector of sums; two additions a cycle of latency 4 need 8.
#if defined(__x86_64__)
#define VD_LANES 16
#define VD_ROWS 12
#define VD_TARGET __attribute__((target("avx512f")))
#define VD_NAME(function) function##_avx512
#include "float_rows.h"

#include "depthwise_body.h"
#include "product_body.h"
#endif
