// libFuzzer target for the C wall of model files: whatever the bytes, verify must return, and what
// it accepts must be readable through every accessor. Every byte that a slice claims is read, so
// that AddressSanitizer sees a slice that leaves the file.
#include "vd_tflite.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

volatile uint8_t sink;

void touch(vd_tflite_slice slice, size_t size) {
    const auto *bytes = static_cast<const uint8_t *>(slice.data);
    uint8_t sum = 0;
    for (size_t i = 0; i < slice.count * size; i++) {
        sum = static_cast<uint8_t>(sum + bytes[i]);
    }
    sink = sum;
}

void read_subgraph(const void *file, uint32_t index) {
    vd_tflite_subgraph subgraph;
    if (!vd_tflite_get_subgraph(file, index, &subgraph)) {
        abort();
    }
    touch(subgraph.inputs, sizeof(int32_t));
    touch(subgraph.outputs, sizeof(int32_t));
    touch(subgraph.name, 1);
    vd_tflite_tensor tensor;
    for (uint32_t i = 0; vd_tflite_get_tensor(file, index, i, &tensor); i++) {
        touch(tensor.name, 1);
        touch(tensor.shape, sizeof(int32_t));
        touch(tensor.shape_signature, sizeof(int32_t));
        touch(tensor.scales, sizeof(float));
        touch(tensor.zero_points, sizeof(int64_t));
    }
    vd_tflite_operator op;
    for (uint32_t i = 0; vd_tflite_get_operator(file, index, i, &op); i++) {
        touch(op.inputs, sizeof(int32_t));
        touch(op.outputs, sizeof(int32_t));
        touch(op.options.new_shape, sizeof(int32_t));
    }
}

void read_model(const void *file, size_t size) {
    vd_tflite_model model;
    vd_tflite_get_model(file, &model);
    touch(model.description, 1);
    for (uint32_t i = 0; i < model.subgraph_count; i++) {
        read_subgraph(file, i);
    }
    vd_tflite_operator_code code;
    for (uint32_t i = 0; vd_tflite_get_operator_code(file, i, &code); i++) {
        touch(code.custom, 1);
    }
    vd_tflite_buffer buffer;
    for (uint32_t i = 0; vd_tflite_get_buffer(file, i, &buffer); i++) {
        if (buffer.offset > size || buffer.size > size - buffer.offset) {
            abort();
        }
    }
    vd_tflite_metadata entry;
    for (uint32_t i = 0; vd_tflite_get_metadata(file, i, &entry); i++) {
        touch(entry.name, 1);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    // A copy of exactly the size, aligned, so that one byte too far is seen.
    void *file = nullptr;
    if (posix_memalign(&file, 64, size > 0 ? size : 1) != 0) {
        return 0;
    }
    if (size > 0) {
        std::memcpy(file, data, size);
    }
    char error[VD_TFLITE_ERROR_SIZE];
    if (vd_tflite_verify(file, size, error)) {
        read_model(file, size);
    } else if (error[0] == '\0') {
        abort();
    }
    vd_tflite_model_metadata metadata;
    if (vd_tflite_read_model_metadata(file, size, &metadata, error)) {
        touch(metadata.mean, sizeof(float));
        touch(metadata.standard_deviation, sizeof(float));
        touch(metadata.label_file, 1);
    } else if (error[0] == '\0') {
        abort();
    }
    free(file);
    return 0;
}
