import CTFLite
import Tensors

/// The verified bytes of a model file, read through the C wall.
///
/// Every function may be called only while `start` is valid, so values of this type never leave
/// the closure that lends them the memory.
struct ModelBytes {
  private let start: UnsafeRawPointer
  let count: Int
  let model: vd_tflite_model

  /// Verifies `bytes`; `failure` is a sentence.
  init(_ bytes: UnsafeRawBufferPointer) throws(StructureFailure) {
    guard let start = bytes.baseAddress else { throw StructureFailure(why: "it is empty") }
    var error = [CChar](repeating: 0, count: Int(VD_TFLITE_ERROR_SIZE))
    guard vd_tflite_verify(start, bytes.count, &error) == 1 else {
      throw StructureFailure(why: sentence(error))
    }
    self.start = start
    count = bytes.count
    var model = vd_tflite_model()
    vd_tflite_get_model(start, &model)
    self.model = model
  }

  func subgraph(_ index: Int) -> vd_tflite_subgraph? {
    var out = vd_tflite_subgraph()
    return vd_tflite_get_subgraph(start, UInt32(index), &out) == 1 ? out : nil
  }

  func tensor(_ index: Int) -> vd_tflite_tensor? {
    var out = vd_tflite_tensor()
    return vd_tflite_get_tensor(start, 0, UInt32(index), &out) == 1 ? out : nil
  }

  func `operator`(_ index: Int) -> vd_tflite_operator? {
    var out = vd_tflite_operator()
    return vd_tflite_get_operator(start, 0, UInt32(index), &out) == 1 ? out : nil
  }

  func operatorCode(_ index: UInt32) -> vd_tflite_operator_code? {
    var out = vd_tflite_operator_code()
    return vd_tflite_get_operator_code(start, index, &out) == 1 ? out : nil
  }

  /// Where a buffer's bytes stand in the file; nil if there is no such buffer.
  func buffer(_ index: UInt32) -> Range<Int>? {
    var out = vd_tflite_buffer()
    guard vd_tflite_get_buffer(start, index, &out) == 1 else { return nil }
    return out.offset..<(out.offset + out.size)
  }

  /// The name and the place of a metadata entry; nil if its buffer does not exist.
  func metadata(_ index: Int) -> (name: String, range: Range<Int>)? {
    var out = vd_tflite_metadata()
    guard vd_tflite_get_metadata(start, UInt32(index), &out) == 1, let range = buffer(out.buffer)
    else { return nil }
    return (out.name.text, range)
  }

  /// A constant's elements as integers, if it is a vector or matrix of at most `limit` int32 or
  /// int64: axes, paddings, shapes.
  func integers(of tensor: TensorInfo, limit: Int) -> [Int]? {
    guard let range = tensor.constant, tensor.shape.elementCount <= limit else { return nil }
    let bytes = UnsafeRawBufferPointer(start: start, count: count)[range]
    let slice = UnsafeRawBufferPointer(rebasing: bytes)
    switch tensor.elementType {
    case .int32:
      return (0..<tensor.shape.elementCount).map {
        Int(Int32(littleEndian: slice.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
      }
    case .int64:
      return (0..<tensor.shape.elementCount).map {
        Int(Int64(littleEndian: slice.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)))
      }
    case .float32, .int16, .int8, .uint8, .int4, .bool: return nil
    }
  }
}

/// The bytes are not a well-formed model.
struct StructureFailure: Error {
  let why: String
}

/// The C wall's error buffer as a string.
func sentence(_ error: [CChar]) -> String {
  String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

extension vd_tflite_slice {
  private func elements<T: FixedWidthInteger>(_: T.Type) -> [T] {
    guard let data, count > 0 else { return [] }
    return (0..<count).map {
      T(littleEndian: data.loadUnaligned(fromByteOffset: MemoryLayout<T>.size * $0, as: T.self))
    }
  }

  var int32s: [Int32] { elements(Int32.self) }
  var int64s: [Int64] { elements(Int64.self) }
  var floats: [Float] { elements(UInt32.self).map(Float.init(bitPattern:)) }

  /// As UTF-8, what is not replaced by U+FFFD.
  var text: String {
    guard let data else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: data, count: count), as: UTF8.self)
  }
}
