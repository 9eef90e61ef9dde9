// Writes the seeds of the corpus: a small model and a TFLite Metadata entry.
#include "vd_tflite_writer.h"

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

vd_tflite_slice text(const char *string) {
    return {string, std::strlen(string)};
}

bool save(const std::string &path, const void *bytes, size_t size) {
    FILE *file = std::fopen(path.c_str(), "wb");
    if (!file) {
        return false;
    }
    const bool good = std::fwrite(bytes, 1, size, file) == size;
    return std::fclose(file) == 0 && good;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        return 2;
    }
    const std::string folder = argv[1];
    vd_tflite_writer *writer = vd_tflite_writer_create();
    if (!writer) {
        return 1;
    }
    const int32_t shape[] = {1, 4, 4, 3}, inputs[] = {0, 1, -1}, outputs[] = {2}, edge[] = {0};
    const float scales[] = {0.5f, 0.25f, 1.0f};
    const int64_t zero_points[] = {0, 0, 0};
    const uint8_t data[48] = {1, 2, 3};
    vd_tflite_tensor tensor = {};
    tensor.shape = tensor.shape_signature = {shape, 4};
    tensor.scales = {scales, 3};
    tensor.zero_points = {zero_points, 3};
    tensor.type = VD_TFLITE_INT8;
    tensor.name = text("tensor");
    vd_tflite_writer_add_tensor(writer, &tensor);
    tensor.buffer = vd_tflite_writer_add_buffer(writer, data, sizeof data);
    vd_tflite_writer_add_tensor(writer, &tensor);
    vd_tflite_writer_add_outside_buffer(writer, 8, 8);
    vd_tflite_writer_add_tensor(writer, &tensor);
    const uint8_t kinds[] = {
        VD_TFLITE_OPTIONS_CONV_2D, VD_TFLITE_OPTIONS_DEPTHWISE_CONV_2D,
        VD_TFLITE_OPTIONS_POOL_2D, VD_TFLITE_OPTIONS_FULLY_CONNECTED,
        VD_TFLITE_OPTIONS_SOFTMAX, VD_TFLITE_OPTIONS_ADD,
        VD_TFLITE_OPTIONS_RESHAPE, VD_TFLITE_OPTIONS_PAD,
        VD_TFLITE_OPTIONS_REDUCER, VD_TFLITE_OPTIONS_QUANTIZE,
    };
    for (const uint8_t kind : kinds) {
        const vd_tflite_operator_code code = {kind, 1, text("custom")};
        vd_tflite_operator op = {};
        op.code = vd_tflite_writer_add_operator_code(writer, &code);
        op.inputs = {inputs, 3};
        op.outputs = {outputs, 1};
        op.options.kind = kind;
        op.options.stride_h = op.options.stride_w = op.options.activation = 1;
        op.options.beta = 1.0f;
        op.options.new_shape = {shape, 4};
        vd_tflite_writer_add_operator(writer, &op);
    }
    const vd_tflite_metadata entry = {text("vedette.preprocess"), 1};
    vd_tflite_writer_add_metadata(writer, &entry);
    vd_tflite_writer_set_edges(writer, {edge, 1}, {outputs, 1});
    const vd_tflite_slice file = vd_tflite_writer_finish(writer, text("seed"));
    bool good = file.data && save(folder + "/model", file.data, file.count);
    vd_tflite_writer_destroy(writer);

    const vd_tflite_model_metadata metadata = {{scales, 3}, {scales, 3}, text("labels.txt")};
    std::vector<uint8_t> bytes(vd_tflite_write_model_metadata(&metadata, nullptr, 0));
    vd_tflite_write_model_metadata(&metadata, bytes.data(), bytes.size());
    good = save(folder + "/metadata", bytes.data(), bytes.size()) && good;
    return good ? 0 : 1;
}
