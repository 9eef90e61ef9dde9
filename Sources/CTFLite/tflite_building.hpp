// Shorthands over FlatBufferBuilder for tables without generated code.
#ifndef TFLITE_BUILDING_HPP
#define TFLITE_BUILDING_HPP

#include "tflite_schema.hpp"
#include "vd_tflite.h"

#include <cstring>
#include <vector>

namespace building {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Table;
using flatbuffers::uoffset_t;
using Offsets = std::vector<Offset<Table>>;

// A vector of scalars; 0 (no field) where the slice is absent.
template <typename T> uoffset_t write_scalars(FlatBufferBuilder &builder, vd_tflite_slice slice) {
    if (!slice.data) {
        return 0;
    }
    T *scalars = nullptr;
    const auto vector = builder.CreateUninitializedVector<T>(slice.count, &scalars);
    if (slice.count > 0) {
        std::memcpy(static_cast<void *>(scalars), slice.data, slice.count * sizeof(T));
    }
    return vector.o;
}

inline uoffset_t write_string(FlatBufferBuilder &builder, vd_tflite_slice text) {
    if (!text.data) {
        return 0;
    }
    return builder.CreateString(static_cast<const char *>(text.data), text.count).o;
}

inline void add_offset(FlatBufferBuilder &builder, schema::Field field, uoffset_t offset) {
    if (offset) {
        builder.AddOffset(field, Offset<void>(offset));
    }
}

inline Offset<Table> end(FlatBufferBuilder &builder, uoffset_t start) {
    return Offset<Table>(builder.EndTable(start));
}

} // namespace building

#endif
