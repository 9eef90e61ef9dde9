// Reading fields of verified FlatBuffers tables, and verifying them.
#ifndef TFLITE_TABLES_HPP
#define TFLITE_TABLES_HPP

#include "tflite_schema.hpp"
#include "vd_tflite.h"

namespace tables {

using flatbuffers::Table;
using schema::Field;

// A FlatBuffers vector: a count, then as many scalars or offsets of tables. Null reads as empty.
class Vector {
  public:
    explicit Vector(const uint8_t *start) : start_(start) {}
    static Vector of(const Table *table, Field field) {
        return Vector(table ? table->GetPointer<const uint8_t *>(field) : nullptr);
    }

    bool exists() const { return start_ != nullptr; }
    const uint8_t *start() const { return start_; }
    uint32_t count() const {
        return start_ ? flatbuffers::ReadScalar<flatbuffers::uoffset_t>(start_) : 0;
    }
    // Where the offset of table `index` stands.
    const uint8_t *slot(uint32_t index) const {
        return start_ + sizeof(flatbuffers::uoffset_t) * (size_t(index) + 1);
    }
    const Table *table(uint32_t index) const {
        if (index >= count()) {
            return nullptr;
        }
        const uint8_t *offset = slot(index);
        return reinterpret_cast<const Table *>(
            offset + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(offset));
    }
    vd_tflite_slice slice() const {
        if (!start_) {
            return {nullptr, 0};
        }
        return {start_ + sizeof(flatbuffers::uoffset_t), count()};
    }

  private:
    const uint8_t *start_;
};

inline vd_tflite_slice slice(const Table *table, Field field) {
    return Vector::of(table, field).slice();
}

inline const Table *child(const Table *table, Field field) {
    return table ? table->GetPointer<const Table *>(field) : nullptr;
}

inline const Table *root(const void *bytes) {
    const auto *start = static_cast<const uint8_t *>(bytes);
    return reinterpret_cast<const Table *>(start +
                                           flatbuffers::ReadScalar<flatbuffers::uoffset_t>(start));
}

// Walks tables and keeps the first thing that is wrong. Functions return false after a failure.
class Checker {
  public:
    // `size` is below FLATBUFFERS_MAX_BUFFER_SIZE.
    Checker(const void *bytes, size_t size, char *error);

    // The root table, or null: the identifier must match.
    const Table *root(const char *identifier);
    // What the messages speak of from now on: "tensor 3".
    void enter(const char *what, uint32_t index);

    template <typename T> bool scalar(const Table *table, Field field, const char *what) {
        return table->VerifyField<T>(verifier_, field, sizeof(T)) || fail(what, "is out of bounds");
    }
    // A vector of scalars of `size` bytes.
    bool scalars(const Table *table, Field field, size_t size, const char *what);
    // A vector of bytes that are not copied, so that many may share them.
    bool blob(const Table *table, Field field, const char *what, size_t element_size = 1);
    bool string(const Table *table, Field field, const char *what);
    // A table in a field; `*out` is null where there is none. Each begun table must be ended.
    bool begin_child(const Table *table, Field field, const char *what, const Table **out);
    // A vector of tables, at most `limit`; the tables themselves are begun one by one.
    bool vector_of_tables(const Table *table, Field field, uint32_t limit, const char *what,
                          Vector *out);
    bool begin_element(const Vector &vector, uint32_t index, const Table **out);
    void end() { verifier_.EndTable(); }

    bool fail(const char *what, const char *why);

  private:
    bool charge(size_t bytes, const char *what);
    bool begin(const Table *table);

    const uint8_t *bytes_;
    size_t size_;
    // How many more bytes of vectors and strings may be reached, the same ones counted each time.
    size_t budget_;
    flatbuffers::Verifier verifier_;
    char *error_;
    const char *place_ = "the file";
    uint32_t index_ = UINT32_MAX;
};

// Each entry of a vector of tables, with `body` for the fields.
template <typename Body>
bool check_each(Checker &check, const Table *parent, schema::Field field, uint32_t limit,
                const char *plural, const char *singular, Body body) {
    Vector vector(nullptr);
    if (!check.vector_of_tables(parent, field, limit, plural, &vector)) {
        return false;
    }
    for (uint32_t i = 0; i < vector.count(); i++) {
        check.enter(singular, i);
        const Table *table = nullptr;
        if (!check.begin_element(vector, i, &table) || !body(check, table)) {
            return false;
        }
        check.end();
    }
    check.enter("the file", UINT32_MAX);
    return true;
}

// Whether a Checker can take the bytes; says why not in `error`.
bool fits(const void *bytes, size_t size, char *error);

} // namespace tables

#endif
