// The TFLite Metadata entry: the few fields of it that we use.
#include "tflite_building.hpp"
#include "tflite_tables.hpp"
#include "vd_tflite_writer.h"

using tables::check_each;
using tables::Checker;
using tables::Table;
using tables::Vector;

namespace {

// The first input's normalization.
bool read_normalization(Checker &check, const Table *tensor, vd_tflite_model_metadata *out) {
    return check_each(
        check, tensor, schema::tensor_metadata::kProcessUnits, VD_TFLITE_MAX_METADATA,
        "the list of process units", "process unit", [out](Checker &check, const Table *unit) {
            using namespace schema::normalization;
            if (!check.scalar<uint8_t>(unit, schema::process_unit::kOptionsType, "its kind")) {
                return false;
            }
            const auto kind = unit->GetField<uint8_t>(schema::process_unit::kOptionsType, 0);
            if (kind != schema::process_unit::kNormalization || out->mean.count > 0) {
                return true;
            }
            const Table *options = nullptr;
            if (!check.begin_child(unit, schema::process_unit::kOptions, "its options", &options)) {
                return false;
            }
            if (!options) {
                return true;
            }
            if (!check.scalars(options, kMean, sizeof(float), "its mean") ||
                !check.scalars(options, kStandardDeviation, sizeof(float), "its std")) {
                return false;
            }
            out->mean = tables::slice(options, kMean);
            out->standard_deviation = tables::slice(options, kStandardDeviation);
            check.end();
            return true;
        });
}

// The first output's label file: the first one of several locales.
bool read_label_file(Checker &check, const Table *tensor, vd_tflite_model_metadata *out) {
    return check_each(check, tensor, schema::tensor_metadata::kAssociatedFiles,
                      VD_TFLITE_MAX_METADATA, "the list of associated files", "associated file",
                      [out](Checker &check, const Table *file) {
                          using namespace schema::associated_file;
                          if (!check.string(file, kName, "its name") ||
                              !check.scalar<int8_t>(file, kType, "its type")) {
                              return false;
                          }
                          if (file->GetField<int8_t>(kType, 0) == kTensorAxisLabels &&
                              out->label_file.count == 0) {
                              out->label_file = tables::slice(file, kName);
                          }
                          return true;
                      });
}

// Calls `body` on entry 0 of a vector of tables, if there is one.
template <typename Body>
bool on_first(Checker &check, const Table *parent, schema::Field field, const char *what,
              Body body) {
    Vector vector(nullptr);
    if (!check.vector_of_tables(parent, field, VD_TFLITE_MAX_METADATA, what, &vector)) {
        return false;
    }
    const Table *table = nullptr;
    if (vector.count() == 0) {
        return true;
    }
    if (!check.begin_element(vector, 0, &table) || !body(table)) {
        return false;
    }
    check.end();
    return true;
}

} // namespace

int vd_tflite_read_model_metadata(const void *bytes, size_t size, vd_tflite_model_metadata *out,
                                  char *error) {
    error[0] = '\0';
    vd_tflite_model_metadata found = {};
    if (!tables::fits(bytes, size, error)) {
        return 0;
    }
    Checker check(bytes, size, error);
    const Table *root = check.root(schema::kMetadataIdentifier);
    if (!root) {
        return 0;
    }
    const bool good =
        on_first(check, root, schema::model_metadata::kSubgraphs, "the list of subgraphs",
                 [&](const Table *subgraph) {
                     using namespace schema::subgraph_metadata;
                     return on_first(check, subgraph, kInputs, "the list of inputs",
                                     [&](const Table *tensor) {
                                         return read_normalization(check, tensor, &found);
                                     }) &&
                            on_first(check, subgraph, kOutputs, "the list of outputs",
                                     [&](const Table *tensor) {
                                         return read_label_file(check, tensor, &found);
                                     });
                 });
    if (!good) {
        return 0;
    }
    *out = found;
    return 1;
}

namespace {

size_t write_metadata(const vd_tflite_model_metadata &metadata, void *out, size_t capacity) {
    using namespace building;
    FlatBufferBuilder builder;
    // A vector of the one table.
    const auto list = [&](Offset<Table> table) { return builder.CreateVector(Offsets{table}).o; };
    // A table of one field that holds an offset.
    const auto wrap = [&](schema::Field field, uoffset_t value) {
        const uoffset_t start = builder.StartTable();
        add_offset(builder, field, value);
        return end(builder, start);
    };
    uoffset_t inputs = 0;
    if (metadata.mean.data) {
        const uoffset_t mean = write_scalars<float>(builder, metadata.mean);
        const uoffset_t deviation = write_scalars<float>(builder, metadata.standard_deviation);
        uoffset_t start = builder.StartTable();
        add_offset(builder, schema::normalization::kMean, mean);
        add_offset(builder, schema::normalization::kStandardDeviation, deviation);
        const uoffset_t normalization = builder.EndTable(start);
        start = builder.StartTable();
        builder.AddElement<uint8_t>(schema::process_unit::kOptionsType,
                                    schema::process_unit::kNormalization, 0);
        add_offset(builder, schema::process_unit::kOptions, normalization);
        const auto units = list(end(builder, start));
        inputs = list(wrap(schema::tensor_metadata::kProcessUnits, units));
    }
    uoffset_t outputs = 0;
    if (metadata.label_file.data) {
        const uoffset_t name = write_string(builder, metadata.label_file);
        const uoffset_t start = builder.StartTable();
        add_offset(builder, schema::associated_file::kName, name);
        builder.AddElement<int8_t>(schema::associated_file::kType,
                                   schema::associated_file::kTensorAxisLabels, 0);
        const auto files = list(end(builder, start));
        outputs = list(wrap(schema::tensor_metadata::kAssociatedFiles, files));
    }
    const uoffset_t start = builder.StartTable();
    add_offset(builder, schema::subgraph_metadata::kInputs, inputs);
    add_offset(builder, schema::subgraph_metadata::kOutputs, outputs);
    const auto subgraphs = list(end(builder, start));
    builder.Finish(wrap(schema::model_metadata::kSubgraphs, subgraphs),
                   schema::kMetadataIdentifier);
    if (out && builder.GetSize() <= capacity) {
        std::memcpy(out, builder.GetBufferPointer(), builder.GetSize());
    }
    return builder.GetSize();
}

} // namespace

size_t vd_tflite_write_model_metadata(const vd_tflite_model_metadata *metadata, void *out,
                                      size_t capacity) {
    try {
        return write_metadata(*metadata, out, capacity);
    } catch (...) {
        return 0;
    }
}
