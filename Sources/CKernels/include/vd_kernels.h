// Int8 kernels for small CNNs at batch 1.
//
// Conventions, for every function here:
// - Activations are int8, NHWC, one image; weights are int8 as packed by the kernel's own `pack`.
// - Nothing is read or written outside the given extents: not one byte past a tensor, a packed
//   weight block or the scratch area. Tails are handled, or padded while packing.
// - Input, output, packed weights and scratch do not overlap, except where a function says so.
// - No allocation, no logging, no global state but const tables, no failure: shapes and ranges are
//   the caller's promise and stand beside each structure.
// - The function of the table's `VD_ISA_SCALAR` row is the definition; every other row gives the
//   same bits.
#ifndef VD_KERNELS_H
#define VD_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define VD_ASSUME_NONNULL_BEGIN _Pragma("clang assume_nonnull begin")
#define VD_ASSUME_NONNULL_END _Pragma("clang assume_nonnull end")
#define VD_NULLABLE _Nullable
#else
#define VD_ASSUME_NONNULL_BEGIN
#define VD_ASSUME_NONNULL_END
#define VD_NULLABLE
#endif

VD_ASSUME_NONNULL_BEGIN

// ---------------------------------------------------------------------------- instruction sets

// Rising order within a family. A mask of (1 << isa) says which ones may be used; scalar always
// may.
typedef enum vd_isa {
    VD_ISA_SCALAR = 0,
    VD_ISA_AVX2 = 1,
    VD_ISA_NEON = 8,
} vd_isa;

// The ISAs that this CPU and its operating system support (CPUID and XGETBV, or HWCAP).
uint32_t vd_cpu_isa_mask(void);

// "scalar", "avx2", "neon".
const char *vd_isa_name(vd_isa isa);

// ------------------------------------------------------------------------------ requantisation

// From int32 sums to int8, see vd_fixed_point.h. The three arrays hold one entry for each output
// channel and are padded with zeros to a multiple of VD_CHANNEL_PADDING entries.
#define VD_CHANNEL_PADDING 64
typedef struct vd_requant {
    const int32_t *bias;       // with the input's zero point and step 1's rounding folded in
    const int32_t *shift;      // -15...31, negative: to the left
    const int16_t *multiplier; // 0...32767
    int32_t final_shift;       // 0...6
    int32_t zero_point;        // -128...127
    int32_t low, high;         // the clamp, -128 <= low <= high <= 127
} vd_requant;

// --------------------------------------------------------------------------------- convolution

// Extents of a convolution or depthwise convolution or pooling window, all at least 1; padding at
// least 0. Output (oy, ox) reads input rows oy * stride_h - pad_top + ky * dilation_h; those
// outside 0 ..< in_h read as the input's zero point. The caller keeps every tensor under 2^28 bytes
// and, for each output channel, the sum of |product| under 2^31 (the bias on top of it may wrap
// around), and with a negative shift the sum of |product| + |bias| under 2^(31 + shift).
typedef struct vd_window {
    int32_t in_h, in_w, in_c;
    int32_t out_h, out_w, out_c;
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t pad_top, pad_left;
    // Input channels that one output channel sees: in_c / groups for convolutions, 1 for depthwise.
    int32_t filter_c;
} vd_window;

typedef struct vd_conv_args {
    vd_window window;
    vd_requant requant;
    int32_t input_zero_point; // what padding reads as
    const void *weights;      // what the kernel's `pack` wrote, 64-byte aligned
} vd_conv_args;

// One implementation of one operator on one ISA: a row of a dispatch table.
typedef struct vd_conv_kernel {
    const char *name; // for messages and measurements, "conv_s8_avx2"
    vd_isa isa;
    // Whether this kernel can do the shape (the scalar row always can).
    int (*supports)(const vd_window *window);
    // Bytes that `pack` writes.
    size_t (*packed_size)(const vd_window *window);
    // Packs weights as they stand in the file: [out_c][kernel_h][kernel_w][filter_c] for a
    // convolution, [kernel_h][kernel_w][out_c] for a depthwise one, [out_c][in_c] for a fully
    // connected one.
    void (*pack)(const vd_window *window, const int8_t *weights, void *packed);
    // Bytes of scratch that one call of `run` needs, 64-byte aligned; each thread has its own.
    size_t (*scratch_size)(const vd_window *window);
    // Computes output rows row_begin ..< row_end, 0 <= row_begin <= row_end <= out_h. For a fully
    // connected kernel, "rows" are blocks of output channels: see vd_fully_connected_kernels.
    // input: [in_h][in_w][in_c], output: [out_h][out_w][out_c], whole tensors.
    void (*run)(const vd_conv_args *args, const int8_t *input, int8_t *output, void *scratch,
                int32_t row_begin, int32_t row_end);
} vd_conv_kernel;

// Convolution with groups: output channel c sees input channels
// (c / (out_c / groups)) * filter_c ..< + filter_c, with groups = in_c / filter_c.
const vd_conv_kernel *vd_conv_kernels(size_t *count);

// Depthwise convolution: out_c = in_c * m; output channel c sees input channel c / m. filter_c is
// 1.
const vd_conv_kernel *vd_depthwise_kernels(size_t *count);

// Fully connected: window in_h = M rows of in_c inputs each (in_w = 1), out_h = M, out_w = 1, out_c
// outputs, filter_c = in_c, kernel 1x1, stride 1, no padding. Here row_begin and row_end count
// blocks of VD_FULLY_CONNECTED_BLOCK output channels (the last one may be short), so that threads
// share a single row: 0 <= row_begin <= row_end <= (out_c + BLOCK - 1) / BLOCK; every one of the M
// rows is computed.
#define VD_FULLY_CONNECTED_BLOCK 64
const vd_conv_kernel *vd_fully_connected_kernels(size_t *count);

// The last row of a table that `mask` allows and that supports the window; scalar if no other.
const vd_conv_kernel *vd_best_kernel(const vd_conv_kernel *table, size_t count, uint32_t mask,
                                     const vd_window *window);

// ----------------------------------------------------------------------- the remaining operators

// Residual addition of `count` elements:
//   q = clamp((a * multiplier_a + b * multiplier_b + bias) >> shift, low, high)
// with both zero points, the output's zero point and the rounding folded into the bias.
// multiplier: -32767...32767; shift: 0...22; the sum stays under 2^31. The output may be a or b
// itself.
typedef struct vd_add_args {
    int32_t multiplier_a, multiplier_b, bias, shift, low, high;
} vd_add_args;
void vd_add_s8(const vd_add_args *args, const int8_t *a, const int8_t *b, int8_t *output,
               size_t count);

// Product of `count` elements:
//   q = vd_requantize_wide((a - zero_point_a) * (b - zero_point_b), multiplier, shift, zero_point,
//                          low, high)
// The output may be a or b itself.
typedef struct vd_mul_args {
    int32_t zero_point_a, zero_point_b;
    int32_t multiplier, shift, zero_point, low, high;
} vd_mul_args;
void vd_mul_s8(const vd_mul_args *args, const int8_t *a, const int8_t *b, int8_t *output,
               size_t count);

// How two tensors meet element by element: output element (i0, i1, i2, i3) of the dense output
// reads the elements sum(i * strides_a) and sum(i * strides_b), counted in elements. A stride of 0
// repeats; the last ones are 0 or 1. Extents are at least 1.
typedef struct vd_broadcast {
    int32_t extents[4], strides_a[4], strides_b[4];
} vd_broadcast;
void vd_add_broadcast_s8(const vd_add_args *args, const vd_broadcast *shape, const int8_t *a,
                         const int8_t *b, int8_t *output);
void vd_mul_broadcast_s8(const vd_mul_args *args, const vd_broadcast *shape, const int8_t *a,
                         const int8_t *b, int8_t *output);

// output[i] = table[input[i] + 128]: any function of one element. In place allowed.
void vd_lookup_s8(const int8_t *table, const int8_t *input, int8_t *output, size_t count);

// Mean over the middle extent: [outer][reduced][inner] -> [outer][inner].
//   q = vd_requantize_wide(sum - reduced * input_zero_point, multiplier, shift, zero_point,
//                          low, high)
// reduced <= 2^23.
typedef struct vd_mean_args {
    int32_t outer, reduced, inner;
    int32_t input_zero_point;
    int32_t multiplier, shift, zero_point, low, high;
} vd_mean_args;
void vd_mean_s8(const vd_mean_args *args, const int8_t *input, int8_t *output);

// Pooling over the part of each window that lies inside the image, which for every window is at
// least one pixel; in_c = out_c, no dilation, filter_c has no meaning.
// Average: rounded to nearest, halves away from zero, as TensorFlow Lite's reference. Rows as in
// `run`.
void vd_average_pool_s8(const vd_window *window, int32_t low, int32_t high, const int8_t *input,
                        int8_t *output, int32_t row_begin, int32_t row_end);
void vd_max_pool_s8(const vd_window *window, int32_t low, int32_t high, const int8_t *input,
                    int8_t *output, int32_t row_begin, int32_t row_end);

// Pads each axis of a tensor of rank 4 (extents[0] is the outermost) with `value`:
// output extents are before[i] + extents[i] + after[i].
typedef struct vd_pad_args {
    int32_t extents[4], before[4], after[4];
    int32_t value; // -128...127
} vd_pad_args;
void vd_pad_s8(const vd_pad_args *args, const int8_t *input, int8_t *output);

// Output element (i0, ..., i5) of the dense output is input element sum(i * strides), counted in
// elements: transpositions, and slices from an input that the caller moved to their first element.
// Extents are at least 1, strides at least 0.
typedef struct vd_copy_args {
    int32_t extents[6], strides[6];
} vd_copy_args;
void vd_copy_strided_s8(const vd_copy_args *args, const int8_t *input, int8_t *output);

// One input's part of a concatenation: `rows` rows of `size` bytes each, dense in the input,
// `output_stride` apart in the output.
void vd_copy_rows_s8(const int8_t *input, int8_t *output, size_t rows, size_t size,
                     size_t output_stride);

// [outer][extent][inner] -> [outer][count][inner]: index i of the middle axis is the input's
// indices[i], 0 ..< extent.
typedef struct vd_gather_args {
    int32_t outer, extent, inner, count;
} vd_gather_args;
void vd_gather_s8(const vd_gather_args *args, const int32_t *indices, const int8_t *input,
                  int8_t *output);

// Softmax over each of `rows` rows of `count` elements. `exponentials` has 256 entries; [d] stands
// for exp(-d * beta * input_scale) as a fraction of 2^23 ([0] is 2^23), so that no sum can leave a
// uint64. Output scale 1/256, zero point -128:
//   q = clamp(((e << 8) + sum / 2) / sum - 128, -128, 127)
void vd_softmax_s8(const uint32_t *exponentials, const int8_t *input, int8_t *output, size_t rows,
                   size_t count);

// Changes scale and zero point: q = vd_requantize_wide(x - input_zero_point, ...). For uint8, flip
// the top bit of each element (see vd_flip_sign): a uint8 with zero point z is an int8 with zero
// point z - 128. In place allowed.
typedef struct vd_rescale_args {
    int32_t input_zero_point, multiplier, shift, zero_point;
} vd_rescale_args;
void vd_rescale_s8(const vd_rescale_args *args, const int8_t *input, int8_t *output, size_t count);

// output[i] = input[i] ^ 0x80: uint8 to int8 and back. In place allowed.
void vd_flip_sign(const uint8_t *input, uint8_t *output, size_t count);

// The edges of the graph. Quantize: round(x / scale), halves away from zero, plus zero_point,
// clamped; NaN becomes zero_point. Dequantize: scale * (q - zero_point). One rounding an operation,
// no fused multiply-add, so the bits are the same everywhere.
void vd_quantize_f32(const float *input, int8_t *output, size_t count, float scale,
                     int32_t zero_point);
void vd_dequantize_s8(const int8_t *input, float *output, size_t count, float scale,
                      int32_t zero_point);

// ------------------------------------------------------------------------------ at load time

// The sum of `count` weights, and that of their absolute values: what the folded bias and the bound
// of the sums are made of. The weights stand `stride` apart: 1 for a channel of a convolution,
// out_c for one of a depthwise convolution. |sum| < 2^31: count < 2^24.
void vd_weight_sum(const int8_t *weights, size_t count, size_t stride, int32_t *sum,
                   int32_t *magnitude);

VD_ASSUME_NONNULL_END

#endif
