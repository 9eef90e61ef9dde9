#include "tflite_tables.hpp"
#include "vd_tflite.h"

using tables::check_each;
using tables::Checker;
using tables::Table;

namespace {

bool check_quantization(Checker &check, const Table *tensor) {
    using namespace schema::quantization;
    const Table *table = nullptr;
    if (!check.begin_child(tensor, schema::tensor::kQuantization, "its quantization", &table)) {
        return false;
    }
    if (!table) {
        return true;
    }
    const bool good = check.scalars(table, kScale, sizeof(float), "its scales") &&
                      check.scalars(table, kZeroPoint, sizeof(int64_t), "its zero points") &&
                      check.scalar<uint8_t>(table, kDetailsType, "its quantization") &&
                      check.scalar<int32_t>(table, kQuantizedDimension, "its quantized dimension");
    check.end();
    return good;
}

bool check_tensor(Checker &check, const Table *table) {
    using namespace schema::tensor;
    // Sparsity is looked for, not into.
    return check.scalars(table, kShape, sizeof(int32_t), "its shape") &&
           check.scalar<int8_t>(table, kType, "its type") &&
           check.scalar<uint32_t>(table, kBuffer, "its buffer") &&
           check.string(table, kName, "its name") && check_quantization(check, table) &&
           check.scalar<uint8_t>(table, kIsVariable, "its is_variable") &&
           check.scalars(table, kShapeSignature, sizeof(int32_t), "its shape signature") &&
           check.scalar<uint32_t>(table, kExternalBuffer, "its external buffer");
}

bool check_options_table(Checker &check, uint8_t kind, const Table *table) {
    const auto byte = [&](schema::Field field) {
        return check.scalar<int8_t>(table, field, "its options");
    };
    const auto word = [&](schema::Field field) {
        return check.scalar<int32_t>(table, field, "its options");
    };
    switch (kind) {
    case VD_TFLITE_OPTIONS_CONV_2D: {
        using namespace schema::conv_2d;
        return byte(kPadding) && word(kStrideW) && word(kStrideH) && byte(kActivation) &&
               word(kDilationW) && word(kDilationH);
    }
    case VD_TFLITE_OPTIONS_DEPTHWISE_CONV_2D: {
        using namespace schema::depthwise_conv_2d;
        return byte(kPadding) && word(kStrideW) && word(kStrideH) && word(kDepthMultiplier) &&
               byte(kActivation) && word(kDilationW) && word(kDilationH);
    }
    case VD_TFLITE_OPTIONS_POOL_2D: {
        using namespace schema::pool_2d;
        return byte(kPadding) && word(kStrideW) && word(kStrideH) && word(kFilterW) &&
               word(kFilterH) && byte(kActivation);
    }
    case VD_TFLITE_OPTIONS_FULLY_CONNECTED: {
        using namespace schema::fully_connected;
        return byte(kActivation) && byte(kWeightsFormat) && byte(kKeepNumDims);
    }
    case VD_TFLITE_OPTIONS_SOFTMAX:
        return check.scalar<float>(table, schema::softmax::kBeta, "its beta");
    case VD_TFLITE_OPTIONS_ADD:
    case VD_TFLITE_OPTIONS_SUB:
    case VD_TFLITE_OPTIONS_MUL:
        return byte(schema::binary::kActivation);
    case VD_TFLITE_OPTIONS_CONCATENATION:
        return word(schema::concatenation::kAxis) && byte(schema::concatenation::kActivation);
    case VD_TFLITE_OPTIONS_LEAKY_RELU:
        return check.scalar<float>(table, schema::leaky_relu::kAlpha, "its alpha");
    case VD_TFLITE_OPTIONS_STRIDED_SLICE: {
        using namespace schema::strided_slice;
        return word(kBeginMask) && word(kEndMask) && word(kEllipsisMask) && word(kNewAxisMask) &&
               word(kShrinkAxisMask) && byte(kIsOffset);
    }
    case VD_TFLITE_OPTIONS_GATHER:
        return word(schema::gather::kAxis) && word(schema::gather::kBatchDims);
    case VD_TFLITE_OPTIONS_RESHAPE:
        return check.scalars(table, schema::reshape::kNewShape, sizeof(int32_t), "its new shape");
    case VD_TFLITE_OPTIONS_REDUCER:
        return byte(schema::reducer::kKeepDims);
    default:
        return true; // nobody looks into those
    }
}

bool check_operator(Checker &check, const Table *table) {
    using namespace schema::op;
    if (!check.scalar<uint32_t>(table, kCode, "its code") ||
        !check.scalars(table, kInputs, sizeof(int32_t), "its list of inputs") ||
        !check.scalars(table, kOutputs, sizeof(int32_t), "its list of outputs") ||
        !check.scalar<uint8_t>(table, kOptionsType, "its options")) {
        return false;
    }
    const Table *options = nullptr;
    if (!check.begin_child(table, kOptions, "its options", &options)) {
        return false;
    }
    if (!options) {
        return true;
    }
    const bool good =
        check_options_table(check, table->GetField<uint8_t>(kOptionsType, 0), options);
    check.end();
    return good;
}

bool check_operator_code(Checker &check, const Table *table) {
    using namespace schema::operator_code;
    return check.scalar<int8_t>(table, kDeprecatedBuiltinCode, "its code") &&
           check.string(table, kCustomCode, "its custom code") &&
           check.scalar<int32_t>(table, kVersion, "its version") &&
           check.scalar<int32_t>(table, kBuiltinCode, "its code");
}

bool check_metadata(Checker &check, const Table *table) {
    return check.string(table, schema::metadata::kName, "its name") &&
           check.scalar<uint32_t>(table, schema::metadata::kBuffer, "its buffer");
}

bool check_subgraph(Checker &check, const Table *table) {
    using namespace schema::subgraph;
    return check.scalars(table, kInputs, sizeof(int32_t), "its list of inputs") &&
           check.scalars(table, kOutputs, sizeof(int32_t), "its list of outputs") &&
           check.string(table, kName, "its name") &&
           check_each(check, table, kTensors, VD_TFLITE_MAX_TENSORS, "the list of tensors",
                      "tensor", check_tensor) &&
           check_each(check, table, kOperators, VD_TFLITE_MAX_OPERATORS, "the list of operators",
                      "operator", check_operator);
}

bool check_model(Checker &check, size_t size) {
    using namespace schema::model;
    const Table *model = check.root(schema::kModelIdentifier);
    if (!model) {
        return false;
    }
    const auto check_buffer = [size](Checker &check, const Table *table) {
        using namespace schema::buffer;
        if (!check.blob(table, kData, "its data") ||
            !check.scalar<uint64_t>(table, kOffset, "its offset") ||
            !check.scalar<uint64_t>(table, kSize, "its size")) {
            return false;
        }
        const uint64_t offset = table->GetField<uint64_t>(kOffset, 0);
        const uint64_t length = table->GetField<uint64_t>(kSize, 0);
        if (offset > 1 && (offset > size || length > size - offset)) {
            return check.fail("its offset and size", "run out of bounds");
        }
        return true;
    };
    return check.scalar<uint32_t>(model, kVersion, "the version") &&
           check.string(model, kDescription, "the description") &&
           check_each(check, model, kOperatorCodes, VD_TFLITE_MAX_OPERATOR_CODES,
                      "the list of operator codes", "operator code", check_operator_code) &&
           check_each(check, model, kBuffers, VD_TFLITE_MAX_BUFFERS, "the list of buffers",
                      "buffer", check_buffer) &&
           check_each(check, model, kMetadata, VD_TFLITE_MAX_METADATA, "the list of metadata",
                      "metadata entry", check_metadata) &&
           check_each(check, model, kSubgraphs, VD_TFLITE_MAX_SUBGRAPHS, "the list of subgraphs",
                      "subgraph", check_subgraph);
}

} // namespace

int vd_tflite_verify(const void *bytes, size_t size, char *error) {
    error[0] = '\0';
    if (!tables::fits(bytes, size, error)) {
        return 0;
    }
    Checker check(bytes, size, error);
    return check_model(check, size) ? 1 : 0;
}
