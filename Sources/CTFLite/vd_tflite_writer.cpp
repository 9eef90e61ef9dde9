#include "vd_tflite_writer.h"
#include "tflite_building.hpp"

#include <cstring>
#include <map>
#include <new>
#include <string>
#include <utility>

using namespace building;

struct vd_tflite_writer {
    FlatBufferBuilder builder;
    Offsets tensors, operators; // of the subgraph in hand
    std::vector<int32_t> inputs, outputs;
    Offsets buffers, codes, metadata, subgraphs;
    // Where vectors of quantizations stand, by element size and bytes: those of the zero points are
    // mostly the same zeros, and together as large as a tenth of the 4-bit weights.
    std::map<std::string, uoffset_t> shared;
    size_t written = 0;
    bool failed = false;
};

namespace {

// FlatBuffers end at 2 GiB; half of that leaves room for the tables.
constexpr size_t kMaxBytes = size_t(1) << 30;
// TensorFlow Lite's own writer aligns tensor data so that any runtime may map it.
constexpr size_t kDataAlignment = 16;

uoffset_t write_options(FlatBufferBuilder &builder, const vd_tflite_options &options) {
    const uoffset_t new_shape = options.kind == VD_TFLITE_OPTIONS_RESHAPE
                                    ? write_scalars<int32_t>(builder, options.new_shape)
                                    : 0;
    const auto byte = [&](schema::Field field, int8_t value) {
        builder.AddElement<int8_t>(field, value, 0);
    };
    const auto word = [&](schema::Field field, int32_t value, int32_t absent) {
        builder.AddElement<int32_t>(field, value, absent);
    };
    const uoffset_t start = builder.StartTable();
    switch (options.kind) {
    case VD_TFLITE_OPTIONS_CONV_2D: {
        using namespace schema::conv_2d;
        byte(kPadding, options.padding);
        word(kStrideW, options.stride_w, 0);
        word(kStrideH, options.stride_h, 0);
        byte(kActivation, options.activation);
        word(kDilationW, options.dilation_w, 1);
        word(kDilationH, options.dilation_h, 1);
        break;
    }
    case VD_TFLITE_OPTIONS_DEPTHWISE_CONV_2D: {
        using namespace schema::depthwise_conv_2d;
        byte(kPadding, options.padding);
        word(kStrideW, options.stride_w, 0);
        word(kStrideH, options.stride_h, 0);
        word(kDepthMultiplier, options.depth_multiplier, 0);
        byte(kActivation, options.activation);
        word(kDilationW, options.dilation_w, 1);
        word(kDilationH, options.dilation_h, 1);
        break;
    }
    case VD_TFLITE_OPTIONS_POOL_2D: {
        using namespace schema::pool_2d;
        byte(kPadding, options.padding);
        word(kStrideW, options.stride_w, 0);
        word(kStrideH, options.stride_h, 0);
        word(kFilterW, options.kernel_w, 0);
        word(kFilterH, options.kernel_h, 0);
        byte(kActivation, options.activation);
        break;
    }
    case VD_TFLITE_OPTIONS_FULLY_CONNECTED: {
        using namespace schema::fully_connected;
        byte(kActivation, options.activation);
        byte(kWeightsFormat, options.weights_format);
        byte(kKeepNumDims, static_cast<int8_t>(options.keep_dims));
        break;
    }
    case VD_TFLITE_OPTIONS_SOFTMAX:
        builder.AddElement<float>(schema::softmax::kBeta, options.beta, 0.0f);
        break;
    case VD_TFLITE_OPTIONS_ADD:
    case VD_TFLITE_OPTIONS_SUB:
    case VD_TFLITE_OPTIONS_MUL:
        byte(schema::binary::kActivation, options.activation);
        break;
    case VD_TFLITE_OPTIONS_CONCATENATION:
        word(schema::concatenation::kAxis, options.axis, 0);
        byte(schema::concatenation::kActivation, options.activation);
        break;
    case VD_TFLITE_OPTIONS_LEAKY_RELU:
        builder.AddElement<float>(schema::leaky_relu::kAlpha, options.alpha, 0.0f);
        break;
    case VD_TFLITE_OPTIONS_STRIDED_SLICE: {
        using namespace schema::strided_slice;
        word(kBeginMask, options.begin_mask, 0);
        word(kEndMask, options.end_mask, 0);
        word(kEllipsisMask, options.ellipsis_mask, 0);
        word(kNewAxisMask, options.new_axis_mask, 0);
        word(kShrinkAxisMask, options.shrink_axis_mask, 0);
        byte(kIsOffset, static_cast<int8_t>(options.is_offset));
        break;
    }
    case VD_TFLITE_OPTIONS_GATHER:
        word(schema::gather::kAxis, options.axis, 0);
        word(schema::gather::kBatchDims, options.batch_dims, 0);
        break;
    case VD_TFLITE_OPTIONS_RESHAPE:
        add_offset(builder, schema::reshape::kNewShape, new_shape);
        break;
    case VD_TFLITE_OPTIONS_REDUCER:
        byte(schema::reducer::kKeepDims, static_cast<int8_t>(options.keep_dims));
        break;
    default:
        break;
    }
    return builder.EndTable(start);
}

// As write_scalars, or the vector of the same elements that was written before.
template <typename T> uoffset_t write_shared(vd_tflite_writer &writer, vd_tflite_slice slice) {
    if (!slice.data) {
        return 0;
    }
    std::string key(1, static_cast<char>(sizeof(T)));
    key.append(static_cast<const char *>(slice.data), slice.count * sizeof(T));
    const auto found = writer.shared.find(key);
    if (found != writer.shared.end()) {
        return found->second;
    }
    const uoffset_t vector = write_scalars<T>(writer.builder, slice);
    writer.shared.emplace(std::move(key), vector);
    return vector;
}

Offset<Table> write_tensor(vd_tflite_writer &writer, const vd_tflite_tensor &tensor) {
    using namespace schema::tensor;
    FlatBufferBuilder &builder = writer.builder;
    uoffset_t quantization = 0;
    if (tensor.scales.data || tensor.zero_points.data || tensor.quantization_details) {
        using namespace schema::quantization;
        const uoffset_t scales = write_shared<float>(writer, tensor.scales);
        const uoffset_t zero_points = write_shared<int64_t>(writer, tensor.zero_points);
        const uoffset_t start = builder.StartTable();
        add_offset(builder, kScale, scales);
        add_offset(builder, kZeroPoint, zero_points);
        builder.AddElement<uint8_t>(kDetailsType, tensor.quantization_details, 0);
        builder.AddElement<int32_t>(kQuantizedDimension, tensor.quantized_dimension, 0);
        quantization = builder.EndTable(start);
    }
    uoffset_t sparsity = 0;
    if (tensor.is_sparse) {
        sparsity = builder.EndTable(builder.StartTable());
    }
    const uoffset_t shape = write_shared<int32_t>(writer, tensor.shape);
    const uoffset_t signature = write_shared<int32_t>(writer, tensor.shape_signature);
    const uoffset_t name = write_string(builder, tensor.name);
    const uoffset_t start = builder.StartTable();
    add_offset(builder, kShape, shape);
    builder.AddElement<int8_t>(kType, tensor.type, 0);
    builder.AddElement<uint32_t>(kBuffer, tensor.buffer, 0);
    add_offset(builder, kName, name);
    add_offset(builder, kQuantization, quantization);
    builder.AddElement<uint8_t>(kIsVariable, tensor.is_variable, 0);
    add_offset(builder, kSparsity, sparsity);
    add_offset(builder, kShapeSignature, signature);
    return end(builder, start);
}

// Runs `body`, which adds one entry to a list and returns its index, unless the writer has failed
// or `bytes` more would be too many. Nothing thrown (memory) gets past here.
template <typename Body> uint32_t add(vd_tflite_writer *writer, size_t bytes, Body body) noexcept {
    if (writer->failed || bytes > kMaxBytes - writer->written) {
        writer->failed = true;
        return 0;
    }
    try {
        writer->written += bytes;
        return static_cast<uint32_t>(body());
    } catch (...) {
        writer->failed = true;
        return 0;
    }
}

uint32_t append(Offsets &list, Offset<Table> entry) {
    list.push_back(entry);
    return static_cast<uint32_t>(list.size() - 1);
}

size_t byte_count(vd_tflite_slice slice, size_t size) {
    return slice.count > kMaxBytes / size ? kMaxBytes + 1 : slice.count * size;
}

void end_subgraph(vd_tflite_writer *writer) {
    using namespace schema::subgraph;
    FlatBufferBuilder &builder = writer->builder;
    const auto tensors = builder.CreateVector(writer->tensors);
    const auto operators = builder.CreateVector(writer->operators);
    const auto inputs = builder.CreateVector(writer->inputs);
    const auto outputs = builder.CreateVector(writer->outputs);
    const auto name = builder.CreateString("main");
    const uoffset_t start = builder.StartTable();
    builder.AddOffset(kTensors, tensors);
    builder.AddOffset(kInputs, inputs);
    builder.AddOffset(kOutputs, outputs);
    builder.AddOffset(kOperators, operators);
    builder.AddOffset(kName, name);
    writer->subgraphs.push_back(end(builder, start));
    writer->tensors.clear();
    writer->operators.clear();
    writer->inputs.clear();
    writer->outputs.clear();
}

} // namespace

vd_tflite_writer *vd_tflite_writer_create(void) {
    auto *writer = new (std::nothrow) vd_tflite_writer;
    if (!writer) {
        return nullptr;
    }
    vd_tflite_writer_add_buffer(writer, nullptr, 0);
    return writer;
}

void vd_tflite_writer_destroy(vd_tflite_writer *writer) {
    delete writer;
}

uint32_t vd_tflite_writer_add_buffer(vd_tflite_writer *writer, const void *bytes, size_t size) {
    return add(writer, size, [&] {
        FlatBufferBuilder &builder = writer->builder;
        uoffset_t data = 0;
        if (size > 0) {
            builder.ForceVectorAlignment(size, 1, kDataAlignment);
            data = write_scalars<uint8_t>(builder, {bytes, size});
        }
        const uoffset_t start = builder.StartTable();
        add_offset(builder, schema::buffer::kData, data);
        return append(writer->buffers, end(builder, start));
    });
}

uint32_t vd_tflite_writer_add_outside_buffer(vd_tflite_writer *writer, uint64_t offset,
                                             uint64_t size) {
    return add(writer, 0, [&] {
        FlatBufferBuilder &builder = writer->builder;
        const uoffset_t start = builder.StartTable();
        builder.AddElement<uint64_t>(schema::buffer::kOffset, offset, 0);
        builder.AddElement<uint64_t>(schema::buffer::kSize, size, 0);
        return append(writer->buffers, end(builder, start));
    });
}

uint32_t vd_tflite_writer_add_tensor(vd_tflite_writer *writer, const vd_tflite_tensor *tensor) {
    const size_t bytes = byte_count(tensor->scales, sizeof(int64_t) + sizeof(float)) +
                         byte_count(tensor->name, 1) + byte_count(tensor->shape, sizeof(int64_t));
    return add(writer, bytes,
               [&] { return append(writer->tensors, write_tensor(*writer, *tensor)); });
}

uint32_t vd_tflite_writer_add_operator_code(vd_tflite_writer *writer,
                                            const vd_tflite_operator_code *code) {
    return add(writer, byte_count(code->custom, 1), [&] {
        using namespace schema::operator_code;
        FlatBufferBuilder &builder = writer->builder;
        const uoffset_t custom = write_string(builder, code->custom);
        const int32_t old_code = code->builtin < kPlaceholder ? code->builtin : kPlaceholder;
        const uoffset_t start = builder.StartTable();
        builder.AddElement<int8_t>(kDeprecatedBuiltinCode, static_cast<int8_t>(old_code), 0);
        add_offset(builder, kCustomCode, custom);
        builder.AddElement<int32_t>(kVersion, code->version, 1);
        builder.AddElement<int32_t>(kBuiltinCode, code->builtin, 0);
        return append(writer->codes, end(builder, start));
    });
}

uint32_t vd_tflite_writer_add_operator(vd_tflite_writer *writer, const vd_tflite_operator *op) {
    const size_t bytes = byte_count(op->inputs, sizeof(int32_t)) +
                         byte_count(op->outputs, sizeof(int32_t)) +
                         byte_count(op->options.new_shape, sizeof(int32_t));
    return add(writer, bytes, [&] {
        using namespace schema::op;
        FlatBufferBuilder &builder = writer->builder;
        const uoffset_t inputs = write_scalars<int32_t>(builder, op->inputs);
        const uoffset_t outputs = write_scalars<int32_t>(builder, op->outputs);
        const uoffset_t options =
            op->options.kind != VD_TFLITE_OPTIONS_NONE ? write_options(builder, op->options) : 0;
        const uoffset_t start = builder.StartTable();
        builder.AddElement<uint32_t>(kCode, op->code, 0);
        add_offset(builder, kInputs, inputs);
        add_offset(builder, kOutputs, outputs);
        builder.AddElement<uint8_t>(kOptionsType, op->options.kind, 0);
        add_offset(builder, kOptions, options);
        return append(writer->operators, end(builder, start));
    });
}

uint32_t vd_tflite_writer_add_metadata(vd_tflite_writer *writer, const vd_tflite_metadata *entry) {
    return add(writer, byte_count(entry->name, 1), [&] {
        FlatBufferBuilder &builder = writer->builder;
        const uoffset_t name = write_string(builder, entry->name);
        const uoffset_t start = builder.StartTable();
        add_offset(builder, schema::metadata::kName, name);
        builder.AddElement<uint32_t>(schema::metadata::kBuffer, entry->buffer, 0);
        return append(writer->metadata, end(builder, start));
    });
}

void vd_tflite_writer_set_edges(vd_tflite_writer *writer, vd_tflite_slice inputs,
                                vd_tflite_slice outputs) {
    const size_t bytes = byte_count(inputs, sizeof(int32_t)) + byte_count(outputs, sizeof(int32_t));
    add(writer, bytes, [&] {
        const auto copy = [](std::vector<int32_t> &to, vd_tflite_slice from) {
            to.resize(from.count);
            if (from.count > 0) {
                std::memcpy(to.data(), from.data, from.count * sizeof(int32_t));
            }
        };
        copy(writer->inputs, inputs);
        copy(writer->outputs, outputs);
        return 0u;
    });
}

void vd_tflite_writer_next_subgraph(vd_tflite_writer *writer) {
    add(writer, 0, [&] {
        end_subgraph(writer);
        return 0u;
    });
}

vd_tflite_slice vd_tflite_writer_finish(vd_tflite_writer *writer, vd_tflite_slice description) {
    using namespace schema::model;
    constexpr uint32_t kSchemaVersion = 3;
    add(writer, byte_count(description, 1), [&] {
        end_subgraph(writer);
        FlatBufferBuilder &builder = writer->builder;
        const uoffset_t text = write_string(builder, description);
        const auto codes = builder.CreateVector(writer->codes);
        const auto subgraphs = builder.CreateVector(writer->subgraphs);
        const auto buffers = builder.CreateVector(writer->buffers);
        const auto metadata = builder.CreateVector(writer->metadata);
        const uoffset_t start = builder.StartTable();
        builder.AddElement<uint32_t>(kVersion, kSchemaVersion, 0);
        builder.AddOffset(kOperatorCodes, codes);
        builder.AddOffset(kSubgraphs, subgraphs);
        add_offset(builder, kDescription, text);
        builder.AddOffset(kBuffers, buffers);
        builder.AddOffset(kMetadata, metadata);
        builder.Finish(end(builder, start), schema::kModelIdentifier);
        return 0u;
    });
    if (writer->failed) {
        return {nullptr, 0};
    }
    return {writer->builder.GetBufferPointer(), writer->builder.GetSize()};
}
