import CTFLite
import Model
import Tensors

/// A TensorFlow Lite file as plain data that a test can make wrong in any one way before it is
/// written.
struct RawModel {
  struct RawTensor {
    var name: String
    var shape: [Int]
    var type = VD_TFLITE_INT8
    var scales: [Float] = []
    var zeroPoints: [Int64] = []
    var axis = 0
    /// A constant's bytes.
    var data: [UInt8]?
    /// Instead of the buffer that `data` gets.
    var buffer: UInt32?
    var signature: [Int] = []
    var quantizationDetails: UInt8 = 0
    var isVariable = false
    var isSparse = false
  }

  struct RawOperator {
    var builtin: Int
    var custom = ""
    var inputs: [Int]
    var outputs: [Int]
    var options = vd_tflite_options()
    var newShape: [Int] = []
    /// Instead of the operator code that `builtin` gets.
    var code: UInt32?
  }

  var tensors: [RawTensor] = []
  var operators: [RawOperator] = []
  var inputs: [Int] = []
  var outputs: [Int] = []
  var metadata: [(name: String, contents: [UInt8])] = []
  /// Instead of the buffer that the contents of each metadata entry get.
  var metadataBuffer: UInt32?
  /// Buffers behind the FlatBuffer: offset and size.
  var outsideBuffers: [(UInt64, UInt64)] = []
  var extraSubgraphs = 0
  var description = "made by a test"

  /// The index of the tensor called `name`.
  func index(_ name: String) -> Int { tensors.firstIndex { $0.name == name }! }

  subscript(name: String) -> RawTensor {
    get { tensors[index(name)] }
    set { tensors[index(name)] = newValue }
  }

  /// The first operator of a kind.
  subscript(builtin builtin: Int) -> RawOperator {
    get { operators.first { $0.builtin == builtin }! }
    set { operators[operators.firstIndex { $0.builtin == builtin }!] = newValue }
  }

  @discardableResult
  mutating func add(_ tensor: RawTensor) -> Int {
    tensors.append(tensor)
    return tensors.count - 1
  }

  /// The file.
  func bytes() -> [UInt8] {
    let writer = vd_tflite_writer_create()!
    defer { vd_tflite_writer_destroy(writer) }
    for (offset, size) in outsideBuffers {
      _ = vd_tflite_writer_add_outside_buffer(writer, offset, size)
    }
    for tensor in tensors { write(tensor, writer) }
    for op in operators { write(op, writer) }
    lend(inputs.map(Int32.init)) { inputs in
      lend(outputs.map(Int32.init)) { vd_tflite_writer_set_edges(writer, inputs, $0) }
    }
    for _ in 0..<extraSubgraphs { vd_tflite_writer_next_subgraph(writer) }
    for entry in metadata {
      let buffer =
        metadataBuffer
        ?? entry.contents.withUnsafeBytes {
          vd_tflite_writer_add_buffer(writer, $0.baseAddress, $0.count)
        }
      lend(Array(entry.name.utf8)) { name in
        var raw = vd_tflite_metadata(name: name, buffer: buffer)
        _ = vd_tflite_writer_add_metadata(writer, &raw)
      }
    }
    return lend(Array(description.utf8)) { description in
      let file = vd_tflite_writer_finish(writer, description)
      return Array(UnsafeRawBufferPointer(start: file.data, count: file.count))
    }
  }

  private func write(_ tensor: RawTensor, _ writer: OpaquePointer) {
    var raw = vd_tflite_tensor()
    raw.type = Int8(tensor.type)
    raw.quantized_dimension = Int32(tensor.axis)
    raw.quantization_details = tensor.quantizationDetails
    raw.is_variable = tensor.isVariable ? 1 : 0
    raw.is_sparse = tensor.isSparse ? 1 : 0
    raw.buffer =
      tensor.buffer ?? tensor.data.map { data in
        data.withUnsafeBytes { vd_tflite_writer_add_buffer(writer, $0.baseAddress, $0.count) }
      } ?? 0
    lend(Array(tensor.name.utf8)) { name in
      lend(tensor.shape.map(Int32.init)) { shape in
        lend(tensor.signature.map(Int32.init)) { signature in
          lend(tensor.scales) { scales in
            lend(tensor.zeroPoints) { zeroPoints in
              raw.name = name
              raw.shape = shape
              if signature.count > 0 { raw.shape_signature = signature }
              if scales.count > 0 { raw.scales = scales }
              if zeroPoints.count > 0 { raw.zero_points = zeroPoints }
              _ = vd_tflite_writer_add_tensor(writer, &raw)
            }
          }
        }
      }
    }
  }

  private func write(_ op: RawOperator, _ writer: OpaquePointer) {
    lend(Array(op.custom.utf8)) { custom in
      var code = vd_tflite_operator_code(
        builtin: Int32(op.builtin), version: 1,
        custom: custom.count > 0 ? custom : vd_tflite_slice())
      let index = vd_tflite_writer_add_operator_code(writer, &code)
      lend(op.inputs.map(Int32.init)) { inputs in
        lend(op.outputs.map(Int32.init)) { outputs in
          lend(op.newShape.map(Int32.init)) { newShape in
            var options = op.options
            if newShape.count > 0 { options.new_shape = newShape }
            var raw = vd_tflite_operator(
              code: op.code ?? index, inputs: inputs, outputs: outputs, options: options)
            _ = vd_tflite_writer_add_operator(writer, &raw)
          }
        }
      }
    }
  }
}

private func lend<T, R>(_ elements: [T], _ body: (vd_tflite_slice) -> R) -> R {
  elements.withUnsafeBufferPointer {
    body(vd_tflite_slice(data: UnsafeRawPointer($0.baseAddress), count: $0.count))
  }
}

/// Little-endian bytes.
func little(_ values: [Int32]) -> [UInt8] {
  values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

/// Reads a model from memory; its file name in messages is "test.tflite".
func read(_ bytes: [UInt8]) throws(ModelError) -> ModelFile {
  var copy = AlignedBytes(count: bytes.count)
  copy.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
  return try ModelFile(bytes: copy, path: "test.tflite")
}

/// The graph of a model in memory.
func graph(_ bytes: [UInt8]) throws(ModelError) -> Graph { try read(bytes).graph }

/// What reading `bytes` says; nil if it succeeds.
func complaint(_ bytes: [UInt8]) -> String? {
  do {
    _ = try read(bytes)
    return nil
  } catch {
    return error.description
  }
}
