import FloatGraph

/// The scale and the zero point of a QuantizeLinear, DequantizeLinear or QLinear operand.
struct QuantizationParameters {
  var scale: ConstantTensor
  /// Nil where it is left out: 0, of type uint8.
  var zeroPoint: ConstantTensor?

  init(scale: ConstantTensor, zeroPoint: ConstantTensor?) throws(ImportFailure) {
    guard scale.type.isFloat, scale.count >= 1,
      scale.floats.allSatisfy({ $0.isFinite && $0 > 0 })
    else { throw .invalid("a scale is not a positive number") }
    if let zeroPoint {
      guard !zeroPoint.type.isFloat else { throw .unsupported("its zero point is no integer") }
      guard zeroPoint.count == scale.count else {
        throw .invalid("\(scale.count) scales, but \(zeroPoint.count) zero points")
      }
    }
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// One scale and zero point of 8 bits, as for an activation; nil for those of 16 bits.
  func forActivation() throws(ImportFailure) -> GivenQuantization? {
    guard scale.count == 1 else {
      throw .unsupported("an activation has \(scale.count) scales; only one for a tensor is")
    }
    let type = zeroPoint?.type ?? .uint8
    let point = try zeroPoint?.integers("the zero point")[0] ?? 0
    switch type {
    case .uint8, .int8:
      guard let range = type.range, range.contains(Int64(point)) else {
        throw .invalid("the zero point is \(point)")
      }
      return GivenQuantization(
        scale: scale.floats[0], zeroPoint: point, isUnsigned: type == .uint8)
    case .uint16, .int16: return nil
    case .float, .int32, .int64, .bool, .float16, .double, .uint32, .uint64, .bfloat16, .uint4,
      .int4:
      throw .unsupported("an activation is quantised to \(type)")
    }
  }

  /// For each element of a tensor of this shape, the place of its scale.
  private func places(shape: [Int], axis: Int) throws(ImportFailure) -> [Int] {
    let count = elementCount(shape) ?? 0
    if scale.count == 1 { return [Int](repeating: 0, count: count) }
    let axis = try axisIndex(axis, rank: shape.count)
    guard scale.shape.count == 1, scale.count == shape[axis] else {
      throw .unsupported(
        "scales of \(text(scale.shape)) for \(text(shape)): one for the tensor or one for each "
          + "index of axis \(axis) is")
    }
    return walk(shape: shape, strides: shape.indices.map { $0 == axis ? 1 : 0 })
  }

  /// `(stored - zeroPoint) * scale`.
  func dequantize(_ tensor: ConstantTensor, axis: Int) throws(ImportFailure) -> ConstantTensor {
    guard case .integers(let stored) = tensor.elements else {
      throw .invalid("what it dequantises is no integer")
    }
    let places = try places(shape: tensor.shape, axis: axis)
    let scales = scale.floats
    let points = try zeroPoint?.integers("the zero point") ?? []
    var floats: [Float] = []
    floats.reserveCapacity(stored.count)
    for (value, place) in zip(stored, places) {
      let shifted = points.isEmpty ? value : value &- Int64(points[place])
      floats.append(Float(shifted) * scales[place])
    }
    var result = ConstantTensor(shape: tensor.shape, floats: floats)
    result.given = .init(
      scales: scales, axis: scales.count == 1 ? nil : try axisIndex(axis, rank: tensor.shape.count))
    return result
  }

  /// `saturate(round(x / scale) + zeroPoint)`, halves to even.
  func quantize(_ tensor: ConstantTensor, axis: Int) throws(ImportFailure) -> ConstantTensor {
    let type = zeroPoint?.type ?? .uint8
    guard let range = type.range, type != .int64 else {
      throw .unsupported("it quantises to \(type)")
    }
    let places = try places(shape: tensor.shape, axis: axis)
    let scales = scale.floats
    let points = try zeroPoint?.integers("the zero point") ?? []
    var stored: [Int64] = []
    stored.reserveCapacity(places.count)
    for (value, place) in zip(tensor.floats, places) {
      let rounded = Double((value / scales[place]).rounded(.toNearestOrEven))
      let shifted = rounded + (points.isEmpty ? 0 : Double(points[place]))
      guard !shifted.isNaN else { throw .invalid("it quantises a NaN") }
      let clamped = min(max(shifted, Double(range.lowerBound)), Double(range.upperBound))
      stored.append(Int64(clamped))
    }
    return ConstantTensor(type: type, shape: tensor.shape, elements: .integers(stored))
  }
}
