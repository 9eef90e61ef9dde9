// Writes TensorFlow Lite model files: the counterpart of vd_tflite.h, with the same structures.
//
// It writes what it is given: indices, types and shapes are not checked, so that tests can build
// models that are wrong in any one way. Slices are copied during the call.
//
// A writer fails once (memory, or more than 1 GiB) and stays failed: vd_tflite_writer_finish then
// says so, and no other result need be looked at. No function throws.
#ifndef VD_TFLITE_WRITER_H
#define VD_TFLITE_WRITER_H

#include "vd_tflite.h"

#ifdef __cplusplus
extern "C" {
#endif

VD_ASSUME_NONNULL_BEGIN

typedef struct vd_tflite_writer vd_tflite_writer;

// An empty model with buffer 0 (the empty one) and subgraph 0. NULL if memory is out.
vd_tflite_writer *VD_NULLABLE vd_tflite_writer_create(void);
void vd_tflite_writer_destroy(vd_tflite_writer *writer);

// Each returns the index of what it added. `bytes` may be NULL if size is 0.
uint32_t vd_tflite_writer_add_buffer(vd_tflite_writer *writer, const void *VD_NULLABLE bytes,
                                     size_t size);
// A buffer whose bytes stand behind the FlatBuffer, at `offset` (above 1) from the start of the
// file.
uint32_t vd_tflite_writer_add_outside_buffer(vd_tflite_writer *writer, uint64_t offset,
                                             uint64_t size);
// Reads every field but is_external.
uint32_t vd_tflite_writer_add_tensor(vd_tflite_writer *writer, const vd_tflite_tensor *tensor);
uint32_t vd_tflite_writer_add_operator_code(vd_tflite_writer *writer,
                                            const vd_tflite_operator_code *code);
uint32_t vd_tflite_writer_add_operator(vd_tflite_writer *writer, const vd_tflite_operator *op);
uint32_t vd_tflite_writer_add_metadata(vd_tflite_writer *writer, const vd_tflite_metadata *entry);

// The inputs and outputs of the subgraph in hand: int32.
void vd_tflite_writer_set_edges(vd_tflite_writer *writer, vd_tflite_slice inputs,
                                vd_tflite_slice outputs);
// Ends the subgraph in hand and begins another.
void vd_tflite_writer_next_subgraph(vd_tflite_writer *writer);

// Returns the file, which the writer owns, or an empty slice if it failed. Nothing can be added
// after.
vd_tflite_slice vd_tflite_writer_finish(vd_tflite_writer *writer, vd_tflite_slice description);

// The contents for a metadata entry "TFLITE_METADATA" with these fields, each of which may be
// empty. Writes them to `out` if `capacity` suffices. Returns their size, or 0 if memory is out.
size_t vd_tflite_write_model_metadata(const vd_tflite_model_metadata *metadata,
                                      void *VD_NULLABLE out, size_t capacity);

VD_ASSUME_NONNULL_END

#ifdef __cplusplus
}
#endif

#endif
