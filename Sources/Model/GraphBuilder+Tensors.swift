import CTFLite
import Tensors

extension GraphBuilder {
  /// Tensor `index`, checked for itself: type, shape, elements, quantization.
  func tensor(_ index: Int) throws(ModelError) -> TensorInfo {
    guard let raw = file.tensor(index) else { throw invalid("tensor \(index) is missing") }
    let name = raw.name.text
    func wrong(_ why: String) -> ModelError {
      .invalidTensor(path: path, index: index, name: printable(name), why: why)
    }
    guard let elementType = ElementType(schemaNumber: raw.type) else {
      throw wrong("its type \(tensorTypeName(Int(raw.type))) is not supported")
    }
    guard raw.is_variable == 0 else { throw wrong("variable tensors are not supported") }
    guard raw.is_sparse == 0 else { throw wrong("sparse tensors are not supported") }
    guard raw.is_external == 0 else { throw wrong("its elements stand in another file") }
    guard raw.shape.count <= Shape.maximumRank else {
      throw wrong("it has \(raw.shape.count) axes; \(Shape.maximumRank) are the most")
    }
    // Extents that the signature leaves open have a value in the shape: that one is planned for.
    let extents = raw.shape.int32s.map(Int.init)
    guard let shape = Shape(extents) else {
      throw wrong(
        "its shape \(extents) has an extent below 1 or more than \(Shape.maximumElementCount) "
          + "elements")
    }
    guard let range = file.buffer(raw.buffer) else {
      throw wrong("buffer \(raw.buffer) is not one of \(file.model.buffer_count)")
    }
    let needed = elementType.byteCount(elements: shape.elementCount)
    guard range.isEmpty || range.count == needed else {
      throw wrong(
        "its buffer holds \(range.count) bytes; \(elementType) \(shape) takes \(needed)")
    }
    return TensorInfo(
      index: index, name: name, shape: shape, elementType: elementType,
      quantization: try quantization(raw, elementType, shape, wrong),
      constant: range.isEmpty ? nil : range)
  }

  private func quantization(
    _ raw: vd_tflite_tensor, _ elementType: ElementType, _ shape: Shape,
    _ wrong: (String) -> ModelError
  ) throws(ModelError) -> Quantization? {
    let zeroPointRange: ClosedRange<Int64>
    switch elementType {
    // Converters leave all kinds of things on float tensors and indices; nobody reads them.
    case .float32, .int64, .bool: return nil
    case .int8: zeroPointRange = -128...127
    case .uint8: zeroPointRange = 0...255
    case .int4: zeroPointRange = -8...7
    case .int16: zeroPointRange = -32768...32767
    case .int32: zeroPointRange = Int64(Int32.min)...Int64(Int32.max)
    }
    guard raw.quantization_details == 0 else {
      throw wrong("its quantization is not of scales and zero points (blockwise or custom)")
    }
    let count = raw.scales.count
    guard count > 0 else { return nil }
    let axis = Int(raw.quantized_dimension)
    if count > 1 {
      guard shape.extents.indices.contains(axis), shape[axis] == count else {
        throw wrong("it has \(count) scales along axis \(axis) of the shape \(shape)")
      }
    }
    guard raw.zero_points.count == count || raw.zero_points.count == 1 else {
      throw wrong("it has \(count) scales, but \(raw.zero_points.count) zero points")
    }
    let zeroPoints = raw.zero_points.int64s
    if let outside = zeroPoints.first(where: { !zeroPointRange.contains($0) }) {
      throw wrong(
        "zero point \(outside) is outside \(zeroPointRange.lowerBound)..."
          + "\(zeroPointRange.upperBound)")
    }
    let repeated =
      zeroPoints.count == count ? zeroPoints : Array(repeating: zeroPoints[0], count: count)
    let scales = raw.scales.floats
    guard
      let quantization = Quantization(
        scales: scales, zeroPoints: repeated.map(Int32.init), axis: count > 1 ? axis : 0)
    else {
      let culprit = scales.first { !($0.isFinite && $0 > 0) } ?? 0
      throw wrong("scale \(culprit) is not a finite number above 0")
    }
    return quantization
  }
}

extension ElementType {
  /// From the schema's TensorType.
  init?(schemaNumber: Int8) {
    switch Int(schemaNumber) {
    case VD_TFLITE_FLOAT32: self = .float32
    case VD_TFLITE_INT32: self = .int32
    case VD_TFLITE_UINT8: self = .uint8
    case VD_TFLITE_INT64: self = .int64
    case VD_TFLITE_BOOL: self = .bool
    case VD_TFLITE_INT16: self = .int16
    case VD_TFLITE_INT8: self = .int8
    case VD_TFLITE_INT4: self = .int4
    default: return nil
    }
  }

  /// The schema's TensorType.
  var schemaNumber: Int8 {
    switch self {
    case .float32: Int8(VD_TFLITE_FLOAT32)
    case .int32: Int8(VD_TFLITE_INT32)
    case .uint8: Int8(VD_TFLITE_UINT8)
    case .int64: Int8(VD_TFLITE_INT64)
    case .bool: Int8(VD_TFLITE_BOOL)
    case .int16: Int8(VD_TFLITE_INT16)
    case .int8: Int8(VD_TFLITE_INT8)
    case .int4: Int8(VD_TFLITE_INT4)
    }
  }
}
