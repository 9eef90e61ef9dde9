#include "tflite_tables.hpp"
#include "vd_tflite.h"

#include <algorithm>

using tables::slice;
using tables::Table;
using tables::Vector;

namespace {

const Table *subgraph_table(const void *bytes, uint32_t index) {
    return Vector::of(tables::root(bytes), schema::model::kSubgraphs).table(index);
}

vd_tflite_options read_options(const Table *op) {
    vd_tflite_options out = {};
    const Table *table = tables::child(op, schema::op::kOptions);
    if (!table) {
        return out;
    }
    const auto byte = [&](schema::Field field) { return table->GetField<int8_t>(field, 0); };
    const auto word = [&](schema::Field field, int32_t absent) {
        return table->GetField<int32_t>(field, absent);
    };
    out.kind = op->GetField<uint8_t>(schema::op::kOptionsType, 0);
    switch (out.kind) {
    case VD_TFLITE_OPTIONS_CONV_2D: {
        using namespace schema::conv_2d;
        out.padding = byte(kPadding);
        out.stride_w = word(kStrideW, 0);
        out.stride_h = word(kStrideH, 0);
        out.activation = byte(kActivation);
        out.dilation_w = word(kDilationW, 1);
        out.dilation_h = word(kDilationH, 1);
        break;
    }
    case VD_TFLITE_OPTIONS_DEPTHWISE_CONV_2D: {
        using namespace schema::depthwise_conv_2d;
        out.padding = byte(kPadding);
        out.stride_w = word(kStrideW, 0);
        out.stride_h = word(kStrideH, 0);
        out.depth_multiplier = word(kDepthMultiplier, 0);
        out.activation = byte(kActivation);
        out.dilation_w = word(kDilationW, 1);
        out.dilation_h = word(kDilationH, 1);
        break;
    }
    case VD_TFLITE_OPTIONS_POOL_2D: {
        using namespace schema::pool_2d;
        out.padding = byte(kPadding);
        out.stride_w = word(kStrideW, 0);
        out.stride_h = word(kStrideH, 0);
        out.kernel_w = word(kFilterW, 0);
        out.kernel_h = word(kFilterH, 0);
        out.activation = byte(kActivation);
        break;
    }
    case VD_TFLITE_OPTIONS_FULLY_CONNECTED: {
        using namespace schema::fully_connected;
        out.activation = byte(kActivation);
        out.weights_format = byte(kWeightsFormat);
        out.keep_dims = byte(kKeepNumDims) != 0;
        break;
    }
    case VD_TFLITE_OPTIONS_SOFTMAX:
        out.beta = table->GetField<float>(schema::softmax::kBeta, 0.0f);
        break;
    case VD_TFLITE_OPTIONS_ADD:
    case VD_TFLITE_OPTIONS_SUB:
    case VD_TFLITE_OPTIONS_MUL:
        out.activation = byte(schema::binary::kActivation);
        break;
    case VD_TFLITE_OPTIONS_CONCATENATION:
        out.axis = word(schema::concatenation::kAxis, 0);
        out.activation = byte(schema::concatenation::kActivation);
        break;
    case VD_TFLITE_OPTIONS_LEAKY_RELU:
        out.alpha = table->GetField<float>(schema::leaky_relu::kAlpha, 0.0f);
        break;
    case VD_TFLITE_OPTIONS_STRIDED_SLICE: {
        using namespace schema::strided_slice;
        out.begin_mask = word(kBeginMask, 0);
        out.end_mask = word(kEndMask, 0);
        out.ellipsis_mask = word(kEllipsisMask, 0);
        out.new_axis_mask = word(kNewAxisMask, 0);
        out.shrink_axis_mask = word(kShrinkAxisMask, 0);
        out.is_offset = byte(kIsOffset) != 0;
        break;
    }
    case VD_TFLITE_OPTIONS_GATHER:
        out.axis = word(schema::gather::kAxis, 0);
        out.batch_dims = word(schema::gather::kBatchDims, 0);
        break;
    case VD_TFLITE_OPTIONS_RESHAPE:
        out.new_shape = slice(table, schema::reshape::kNewShape);
        break;
    case VD_TFLITE_OPTIONS_REDUCER:
        out.keep_dims = byte(schema::reducer::kKeepDims) != 0;
        break;
    default:
        break;
    }
    return out;
}

} // namespace

void vd_tflite_get_model(const void *bytes, vd_tflite_model *out) {
    using namespace schema::model;
    const Table *model = tables::root(bytes);
    out->version = model->GetField<uint32_t>(kVersion, 0);
    out->subgraph_count = Vector::of(model, kSubgraphs).count();
    out->operator_code_count = Vector::of(model, kOperatorCodes).count();
    out->buffer_count = Vector::of(model, kBuffers).count();
    out->metadata_count = Vector::of(model, kMetadata).count();
    out->description = slice(model, kDescription);
}

int vd_tflite_get_subgraph(const void *bytes, uint32_t index, vd_tflite_subgraph *out) {
    using namespace schema::subgraph;
    const Table *table = subgraph_table(bytes, index);
    if (!table) {
        return 0;
    }
    out->tensor_count = Vector::of(table, kTensors).count();
    out->operator_count = Vector::of(table, kOperators).count();
    out->inputs = slice(table, kInputs);
    out->outputs = slice(table, kOutputs);
    out->name = slice(table, kName);
    return 1;
}

int vd_tflite_get_tensor(const void *bytes, uint32_t subgraph, uint32_t index,
                         vd_tflite_tensor *out) {
    using namespace schema::tensor;
    const Table *table =
        Vector::of(subgraph_table(bytes, subgraph), schema::subgraph::kTensors).table(index);
    if (!table) {
        return 0;
    }
    const Table *quantization = tables::child(table, kQuantization);
    *out = {};
    out->name = slice(table, kName);
    out->shape = slice(table, kShape);
    out->shape_signature = slice(table, kShapeSignature);
    out->type = table->GetField<int8_t>(kType, 0);
    out->buffer = table->GetField<uint32_t>(kBuffer, 0);
    out->is_variable = table->GetField<uint8_t>(kIsVariable, 0) != 0;
    out->is_sparse = table->CheckField(kSparsity);
    out->is_external = table->GetField<uint32_t>(kExternalBuffer, 0) != 0;
    if (quantization) {
        using namespace schema::quantization;
        out->scales = slice(quantization, kScale);
        out->zero_points = slice(quantization, kZeroPoint);
        out->quantization_details = quantization->GetField<uint8_t>(kDetailsType, 0);
        out->quantized_dimension = quantization->GetField<int32_t>(kQuantizedDimension, 0);
    }
    return 1;
}

int vd_tflite_get_operator(const void *bytes, uint32_t subgraph, uint32_t index,
                           vd_tflite_operator *out) {
    using namespace schema::op;
    const Table *table =
        Vector::of(subgraph_table(bytes, subgraph), schema::subgraph::kOperators).table(index);
    if (!table) {
        return 0;
    }
    out->code = table->GetField<uint32_t>(kCode, 0);
    out->inputs = slice(table, kInputs);
    out->outputs = slice(table, kOutputs);
    out->options = read_options(table);
    return 1;
}

int vd_tflite_get_operator_code(const void *bytes, uint32_t index, vd_tflite_operator_code *out) {
    using namespace schema::operator_code;
    const Table *table =
        Vector::of(tables::root(bytes), schema::model::kOperatorCodes).table(index);
    if (!table) {
        return 0;
    }
    const int32_t old_code = table->GetField<int8_t>(kDeprecatedBuiltinCode, 0);
    out->builtin = std::max(old_code, table->GetField<int32_t>(kBuiltinCode, 0));
    out->version = table->GetField<int32_t>(kVersion, 1);
    out->custom = slice(table, kCustomCode);
    return 1;
}

int vd_tflite_get_buffer(const void *bytes, uint32_t index, vd_tflite_buffer *out) {
    using namespace schema::buffer;
    const Table *table = Vector::of(tables::root(bytes), schema::model::kBuffers).table(index);
    if (!table) {
        return 0;
    }
    // Offsets 0 and 1 mean, by the schema, that the bytes are in the table.
    const uint64_t offset = table->GetField<uint64_t>(kOffset, 0);
    if (offset > 1) {
        out->offset = static_cast<size_t>(offset);
        out->size = static_cast<size_t>(table->GetField<uint64_t>(kSize, 0));
        return 1;
    }
    const vd_tflite_slice data = slice(table, kData);
    out->size = data.count;
    out->offset = data.data ? static_cast<size_t>(static_cast<const uint8_t *>(data.data) -
                                                  static_cast<const uint8_t *>(bytes))
                            : 0;
    return 1;
}

int vd_tflite_get_metadata(const void *bytes, uint32_t index, vd_tflite_metadata *out) {
    const Table *table = Vector::of(tables::root(bytes), schema::model::kMetadata).table(index);
    if (!table) {
        return 0;
    }
    out->name = slice(table, schema::metadata::kName);
    out->buffer = table->GetField<uint32_t>(schema::metadata::kBuffer, 0);
    return 1;
}
