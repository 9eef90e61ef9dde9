// TensorFlow Lite model files (FlatBuffers, identifier "TFL3"): verify, then read without copying.
//
// A model file is untrusted. vd_tflite_verify walks every table, vector and string that the
// functions below touch; they may be called on those very bytes only after it returned 1, and then
// read nothing outside them. What the numbers mean (indices into other tables, types, shapes) is
// not checked here: the caller does that and can name the culprit.
//
// The schema: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/
// schema/schema.fbs. No function allocates, and none throws.
#ifndef VD_TFLITE_H
#define VD_TFLITE_H

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

#ifdef __cplusplus
extern "C" {
#endif

VD_ASSUME_NONNULL_BEGIN

// What every `error` must have room for: one sentence about what is wrong, with its ending zero.
#define VD_TFLITE_ERROR_SIZE 256

// The most entries that a file may have of each: far above any network for small CPUs, low enough
// that a few bytes shared by many entries cannot make the reader build something huge.
#define VD_TFLITE_MAX_SUBGRAPHS 256
#define VD_TFLITE_MAX_TENSORS 32768
#define VD_TFLITE_MAX_OPERATORS 8192
#define VD_TFLITE_MAX_OPERATOR_CODES 1024
#define VD_TFLITE_MAX_BUFFERS 131072
#define VD_TFLITE_MAX_METADATA 1024

// `count` elements in the file, little-endian, not necessarily aligned; a string's bytes without
// its terminating zero. `data` is NULL where the file has no such field.
typedef struct vd_tflite_slice {
    const void *VD_NULLABLE data;
    size_t count;
} vd_tflite_slice;

// Returns 1 if `bytes`, 8-byte aligned, hold a well-formed model, else 0 and a sentence in `error`.
// Besides the structure, it refuses files above 2^31 - 1 bytes and files whose tables reach the
// same bytes so often that their expansion is larger than the file by more than a mebibyte. Linear
// time.
int vd_tflite_verify(const void *bytes, size_t size, char *error);

typedef struct vd_tflite_model {
    uint32_t version; // of the schema; 3 today
    uint32_t subgraph_count;
    uint32_t operator_code_count;
    uint32_t buffer_count;
    uint32_t metadata_count;
    vd_tflite_slice description; // UTF-8, unchecked
} vd_tflite_model;

typedef struct vd_tflite_subgraph {
    uint32_t tensor_count;
    uint32_t operator_count;
    vd_tflite_slice inputs, outputs; // int32: indices of tensors
    vd_tflite_slice name;            // UTF-8, unchecked
} vd_tflite_subgraph;

typedef struct vd_tflite_tensor {
    vd_tflite_slice name;            // UTF-8, unchecked
    vd_tflite_slice shape;           // int32
    vd_tflite_slice shape_signature; // int32, -1 for an extent that is not fixed
    vd_tflite_slice scales;          // float32
    vd_tflite_slice zero_points;     // int64
    int32_t quantized_dimension;
    uint32_t buffer;              // 0, by custom, is the empty one
    int8_t type;                  // the schema's TensorType
    uint8_t quantization_details; // not 0: some scheme other than scales and zero points
    uint8_t is_variable;
    uint8_t is_sparse;
    uint8_t is_external; // its elements stand in another file
} vd_tflite_tensor;

// Where a buffer's bytes stand in the file.
typedef struct vd_tflite_buffer {
    size_t offset, size;
} vd_tflite_buffer;

typedef struct vd_tflite_operator_code {
    int32_t
        builtin; // the schema's BuiltinOperator: the larger of the old 8-bit field and the new one
    int32_t version;
    vd_tflite_slice custom; // UTF-8, unchecked; for VD_TFLITE_CUSTOM
} vd_tflite_operator_code;

// BuiltinOperator numbers that this project reads and writes.
enum {
    VD_TFLITE_ADD = 0,
    VD_TFLITE_AVERAGE_POOL_2D = 1,
    VD_TFLITE_CONCATENATION = 2,
    VD_TFLITE_CONV_2D = 3,
    VD_TFLITE_DEPTHWISE_CONV_2D = 4,
    VD_TFLITE_DEQUANTIZE = 6,
    VD_TFLITE_FULLY_CONNECTED = 9,
    VD_TFLITE_LOGISTIC = 14,
    VD_TFLITE_MAX_POOL_2D = 17,
    VD_TFLITE_MUL = 18,
    VD_TFLITE_RELU = 19,
    VD_TFLITE_RELU6 = 21,
    VD_TFLITE_RESHAPE = 22,
    VD_TFLITE_SOFTMAX = 25,
    VD_TFLITE_CUSTOM = 32,
    VD_TFLITE_PAD = 34,
    VD_TFLITE_GATHER = 36,
    VD_TFLITE_TRANSPOSE = 39,
    VD_TFLITE_MEAN = 40,
    VD_TFLITE_SUB = 41,
    VD_TFLITE_STRIDED_SLICE = 45,
    VD_TFLITE_LEAKY_RELU = 98,
    VD_TFLITE_QUANTIZE = 114,
    VD_TFLITE_HARD_SWISH = 117,
};

// BuiltinOptions numbers, the kinds of `vd_tflite_options`.
enum {
    VD_TFLITE_OPTIONS_NONE = 0,
    VD_TFLITE_OPTIONS_CONV_2D = 1,
    VD_TFLITE_OPTIONS_DEPTHWISE_CONV_2D = 2,
    VD_TFLITE_OPTIONS_POOL_2D = 5,
    VD_TFLITE_OPTIONS_FULLY_CONNECTED = 8,
    VD_TFLITE_OPTIONS_SOFTMAX = 9,
    VD_TFLITE_OPTIONS_CONCATENATION = 10,
    VD_TFLITE_OPTIONS_ADD = 11,
    VD_TFLITE_OPTIONS_RESHAPE = 17,
    VD_TFLITE_OPTIONS_MUL = 21,
    VD_TFLITE_OPTIONS_PAD = 22,
    VD_TFLITE_OPTIONS_GATHER = 23,
    VD_TFLITE_OPTIONS_TRANSPOSE = 26,
    VD_TFLITE_OPTIONS_REDUCER = 27,
    VD_TFLITE_OPTIONS_SUB = 28,
    VD_TFLITE_OPTIONS_STRIDED_SLICE = 32,
    VD_TFLITE_OPTIONS_DEQUANTIZE = 38,
    VD_TFLITE_OPTIONS_LEAKY_RELU = 75,
    VD_TFLITE_OPTIONS_QUANTIZE = 89,
    VD_TFLITE_OPTIONS_HARD_SWISH = 91,
};

// TensorType numbers that this project reads and writes.
enum {
    VD_TFLITE_FLOAT32 = 0,
    VD_TFLITE_INT32 = 2,
    VD_TFLITE_UINT8 = 3,
    VD_TFLITE_INT64 = 4,
    VD_TFLITE_BOOL = 6,
    VD_TFLITE_INT16 = 7,
    VD_TFLITE_INT8 = 9,
    VD_TFLITE_INT4 = 17, // two in a byte, the first in the low half
};

// The options of an operator: the fields of all the kinds above in one structure. Those that the
// kind lacks are 0; those that the file leaves out have the schema's default.
typedef struct vd_tflite_options {
    uint8_t kind;          // a VD_TFLITE_OPTIONS_ number, or another of the schema's: then all is 0
    int8_t padding;        // convolutions, pooling: 0 SAME, 1 VALID
    int8_t activation;     // the schema's ActivationFunctionType: 0 NONE, 1 RELU, 3 RELU6, ...
    int8_t weights_format; // fully connected: 0 is the plain one
    uint8_t keep_dims;     // reducer: keep_dims; fully connected: keep_num_dims
    uint8_t is_offset;     // strided slice: its ends count from its begins
    float beta;            // softmax
    float alpha;           // leaky ReLU
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t kernel_h, kernel_w; // pooling
    int32_t depth_multiplier;   // depthwise convolution
    int32_t axis;               // concatenation, gather; negative ones count from the last
    int32_t batch_dims;         // gather
    // Strided slice: bit i is axis i.
    int32_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask;
    vd_tflite_slice new_shape; // reshape: int32
} vd_tflite_options;

typedef struct vd_tflite_operator {
    uint32_t code;                   // index of its operator code
    vd_tflite_slice inputs, outputs; // int32: indices of tensors, -1 for an absent optional one
    vd_tflite_options options;
} vd_tflite_operator;

typedef struct vd_tflite_metadata {
    vd_tflite_slice name; // UTF-8, unchecked
    uint32_t buffer;
} vd_tflite_metadata;

// Each returns 1, or 0 (and leaves `out` alone) if there is no entry of that index.
void vd_tflite_get_model(const void *bytes, vd_tflite_model *out);
int vd_tflite_get_subgraph(const void *bytes, uint32_t index, vd_tflite_subgraph *out);
int vd_tflite_get_tensor(const void *bytes, uint32_t subgraph, uint32_t index,
                         vd_tflite_tensor *out);
int vd_tflite_get_operator(const void *bytes, uint32_t subgraph, uint32_t index,
                           vd_tflite_operator *out);
int vd_tflite_get_operator_code(const void *bytes, uint32_t index, vd_tflite_operator_code *out);
int vd_tflite_get_buffer(const void *bytes, uint32_t index, vd_tflite_buffer *out);
int vd_tflite_get_metadata(const void *bytes, uint32_t index, vd_tflite_metadata *out);

// What we use of the TFLite Metadata (the metadata entry "TFLITE_METADATA", a FlatBuffer of its own
// with the identifier "M001"): how the first input is normalised, and the file that holds the
// labels of the first output. https://ai.google.dev/edge/litert/models/metadata
typedef struct vd_tflite_model_metadata {
    vd_tflite_slice mean, standard_deviation; // float32, one entry or one for each channel
    vd_tflite_slice label_file;               // the name of an associated file, UTF-8, unchecked
} vd_tflite_model_metadata;

// Verifies and reads in one step. `bytes` are 8-byte aligned. Returns 1, or 0 and a sentence.
int vd_tflite_read_model_metadata(const void *bytes, size_t size, vd_tflite_model_metadata *out,
                                  char *error);

VD_ASSUME_NONNULL_END

#ifdef __cplusplus
}
#endif

#endif
