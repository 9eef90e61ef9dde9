// Where the fields of TensorFlow Lite's tables stand in their vtables. The n-th field of a table in
// the schema (n from 0, a union counting as two) has the offset 4 + 2 n.
#ifndef TFLITE_SCHEMA_HPP
#define TFLITE_SCHEMA_HPP

#include <flatbuffers/flatbuffers.h>

namespace schema {

using Field = flatbuffers::voffset_t;

constexpr char kModelIdentifier[] = "TFL3";
constexpr char kMetadataIdentifier[] = "M001";

namespace model {
constexpr Field kVersion = 4, kOperatorCodes = 6, kSubgraphs = 8, kDescription = 10, kBuffers = 12,
                kMetadata = 16;
}
namespace subgraph {
constexpr Field kTensors = 4, kInputs = 6, kOutputs = 8, kOperators = 10, kName = 12;
}
namespace tensor {
constexpr Field kShape = 4, kType = 6, kBuffer = 8, kName = 10, kQuantization = 12,
                kIsVariable = 14, kSparsity = 16, kShapeSignature = 18, kExternalBuffer = 24;
}
namespace quantization {
constexpr Field kScale = 8, kZeroPoint = 10, kDetailsType = 12, kQuantizedDimension = 16;
}
namespace operator_code {
constexpr Field kDeprecatedBuiltinCode = 4, kCustomCode = 6, kVersion = 8, kBuiltinCode = 10;
// The old 8-bit field's largest number; larger ones stand in the new field alone.
constexpr int32_t kPlaceholder = 127;
} // namespace operator_code
namespace op {
constexpr Field kCode = 4, kInputs = 6, kOutputs = 8, kOptionsType = 10, kOptions = 12;
}
namespace buffer {
constexpr Field kData = 4, kOffset = 6, kSize = 8;
}
namespace metadata {
constexpr Field kName = 4, kBuffer = 6;
}

namespace conv_2d {
constexpr Field kPadding = 4, kStrideW = 6, kStrideH = 8, kActivation = 10, kDilationW = 12,
                kDilationH = 14;
}
namespace depthwise_conv_2d {
constexpr Field kPadding = 4, kStrideW = 6, kStrideH = 8, kDepthMultiplier = 10, kActivation = 12,
                kDilationW = 14, kDilationH = 16;
}
namespace pool_2d {
constexpr Field kPadding = 4, kStrideW = 6, kStrideH = 8, kFilterW = 10, kFilterH = 12,
                kActivation = 14;
}
namespace fully_connected {
constexpr Field kActivation = 4, kWeightsFormat = 6, kKeepNumDims = 8;
}
namespace softmax {
constexpr Field kBeta = 4;
}
// ADD, SUB and MUL alike.
namespace binary {
constexpr Field kActivation = 4;
}
namespace reshape {
constexpr Field kNewShape = 4;
}
namespace reducer {
constexpr Field kKeepDims = 4;
}
namespace concatenation {
constexpr Field kAxis = 4, kActivation = 6;
}
namespace leaky_relu {
constexpr Field kAlpha = 4;
}
namespace strided_slice {
constexpr Field kBeginMask = 4, kEndMask = 6, kEllipsisMask = 8, kNewAxisMask = 10,
                kShrinkAxisMask = 12, kIsOffset = 14;
}
namespace gather {
constexpr Field kAxis = 4, kBatchDims = 6;
}

// The metadata schema: https://github.com/tensorflow/tflite-support/blob/master/
// tensorflow_lite_support/metadata/metadata_schema.fbs
namespace model_metadata {
constexpr Field kSubgraphs = 10;
}
namespace subgraph_metadata {
constexpr Field kInputs = 8, kOutputs = 10;
}
namespace tensor_metadata {
constexpr Field kProcessUnits = 12, kAssociatedFiles = 16;
}
namespace process_unit {
constexpr Field kOptionsType = 4, kOptions = 6;
constexpr uint8_t kNormalization = 1;
} // namespace process_unit
namespace normalization {
constexpr Field kMean = 4, kStandardDeviation = 6;
}
namespace associated_file {
constexpr Field kName = 4, kType = 8;
constexpr int8_t kTensorAxisLabels = 2;
} // namespace associated_file

} // namespace schema

#endif
