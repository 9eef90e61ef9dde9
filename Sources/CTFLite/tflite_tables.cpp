#include "tflite_tables.hpp"

#include <cstdio>

namespace tables {

namespace {
// Tables nest five deep in a model (model, subgraph, tensor, quantization, details).
constexpr flatbuffers::uoffset_t kMaxDepth = 16;
// One for each tensor, its quantization, operator, its options, buffer: well above the caps' sum.
constexpr flatbuffers::uoffset_t kMaxTables = 1000000;
// Writers may share strings between tables; nobody shares more than this.
constexpr size_t kSharingAllowance = size_t(1) << 20;

flatbuffers::Verifier verifier(const uint8_t *bytes, size_t size) {
    return flatbuffers::Verifier(bytes, size, kMaxDepth, kMaxTables, true);
}
} // namespace

Checker::Checker(const void *bytes, size_t size, char *error)
    : bytes_(static_cast<const uint8_t *>(bytes)), size_(size), budget_(size + kSharingAllowance),
      verifier_(verifier(bytes_, size)), error_(error) {}

bool Checker::fail(const char *what, const char *why) {
    if (index_ == UINT32_MAX) {
        std::snprintf(error_, VD_TFLITE_ERROR_SIZE, "%s: %s %s", place_, what, why);
    } else {
        std::snprintf(error_, VD_TFLITE_ERROR_SIZE, "%s %u: %s %s", place_, index_, what, why);
    }
    return false;
}

void Checker::enter(const char *what, uint32_t index) {
    place_ = what;
    index_ = index;
}

bool Checker::charge(size_t bytes, const char *what) {
    if (bytes > budget_) {
        return fail(what, "shares its bytes with too many others");
    }
    budget_ -= bytes;
    return true;
}

bool Checker::begin(const Table *table) {
    if (!table->VerifyTableStart(verifier_)) {
        return fail("its table", "is out of bounds, nested too deep or one of too many");
    }
    return true;
}

const Table *Checker::root(const char *identifier) {
    constexpr size_t header = sizeof(flatbuffers::uoffset_t) + flatbuffers::kFileIdentifierLength;
    if (size_ <= header || !flatbuffers::BufferHasIdentifier(bytes_, identifier)) {
        if (size_ <= header) {
            fail("it", "is too short");
        } else {
            fail("the identifier is not", identifier);
        }
        return nullptr;
    }
    const auto offset = verifier_.VerifyOffset(0);
    if (offset == 0) {
        fail("the root table", "is out of bounds");
        return nullptr;
    }
    const auto *table = reinterpret_cast<const Table *>(bytes_ + offset);
    return begin(table) ? table : nullptr;
}

bool Checker::scalars(const Table *table, Field field, size_t size, const char *what) {
    return blob(table, field, what, size) && charge(Vector::of(table, field).count() * size, what);
}

bool Checker::string(const Table *table, Field field, const char *what) {
    if (!table->VerifyOffset(verifier_, field)) {
        return fail(what, "is out of bounds");
    }
    const auto *text = table->GetPointer<const flatbuffers::String *>(field);
    if (!verifier_.VerifyString(text)) {
        return fail(what, "runs out of bounds or does not end in a zero");
    }
    return charge(Vector::of(table, field).count(), what);
}

bool Checker::blob(const Table *table, Field field, const char *what, size_t element_size) {
    if (!table->VerifyOffset(verifier_, field)) {
        return fail(what, "is out of bounds");
    }
    const auto *start = table->GetPointer<const uint8_t *>(field);
    return !start || verifier_.VerifyVectorOrString(start, element_size) ||
           fail(what, "runs out of bounds");
}

bool Checker::begin_child(const Table *table, Field field, const char *what, const Table **out) {
    *out = nullptr;
    if (!table->VerifyOffset(verifier_, field)) {
        return fail(what, "is out of bounds");
    }
    const Table *found = child(table, field);
    if (found && !begin(found)) {
        return false;
    }
    *out = found;
    return true;
}

bool Checker::vector_of_tables(const Table *table, Field field, uint32_t limit, const char *what,
                               Vector *out) {
    if (!blob(table, field, what, sizeof(flatbuffers::uoffset_t))) {
        return false;
    }
    *out = Vector::of(table, field);
    return out->count() <= limit || fail(what, "has too many entries");
}

bool Checker::begin_element(const Vector &vector, uint32_t index, const Table **out) {
    const size_t slot = static_cast<size_t>(vector.slot(index) - bytes_);
    if (verifier_.VerifyOffset(slot) == 0) {
        return fail("its table", "is out of bounds");
    }
    *out = vector.table(index);
    return begin(*out);
}

bool fits(const void *bytes, size_t size, char *error) {
    if (reinterpret_cast<uintptr_t>(bytes) % 8 != 0) {
        std::snprintf(error, VD_TFLITE_ERROR_SIZE, "the file: it is not aligned in memory");
        return false;
    }
    if (size >= FLATBUFFERS_MAX_BUFFER_SIZE) {
        std::snprintf(error, VD_TFLITE_ERROR_SIZE, "the file: it is larger than 2 GiB");
        return false;
    }
    return true;
}

} // namespace tables
