/* Float kernels of the host half: they run the calibration set and sum its Gram matrices.
 *
 * Each output element is summed by one accumulator in ascending order of k, product and sum
 * rounded one by one (no fused multiply-add), so that every instruction set, vector width and
 * thread count gives the same bits. */
#ifndef VD_FLOAT_H
#define VD_FLOAT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
