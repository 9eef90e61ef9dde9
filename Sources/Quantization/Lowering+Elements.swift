import FloatGraph
import Model
package import Tensors

// Elementwise nodes, and those that move stored values.
extension Lowering {
  mutating func lowerBinary(_ node: FloatNode, _ kind: BinaryKind) throws(QuantizationError) {
    guard node.inputs.contains(where: { graph.values[$0].constant == nil }) else {
      throw unsupported(node, "both inputs are constants; the passes fold that")
    }
    let operands = [
      try operand(node, 0, inverted: false), try operand(node, 1, inverted: kind == .divide),
    ]
    let activation = try fusedActivation(of: node)
    switch kind {
    case .add: try addFinal(.add(activation), operands, node)
    case .subtract: try addFinal(.sub(activation), operands, node)
    case .multiply, .divide: try addFinal(.mul(activation), operands, node)
    }
  }

  /// The tensor of an operand, which may be a constant.
  private mutating func operand(
    _ node: FloatNode, _ position: Int, inverted: Bool
  ) throws(QuantizationError) -> Int {
    let value = node.inputs[position]
    guard let constant = graph.values[value].constant else {
      guard !inverted else {
        throw unsupported(node, "TensorFlow Lite has no int8 division by a computed value")
      }
      return try tensor(of: value)
    }
    let elements = inverted ? constant.elements.map { 1 / $0 } : constant.elements
    // The plan's entry is for the constant itself, not for its reciprocals.
    guard let own = Quantization.covering(elements) else {
      throw unsupported(
        node,
        "its constant '\(graph.values[value].name)' \(inverted ? "divides by" : "holds") "
          + "what no integer stands for")
    }
    let quantization = inverted ? own : plan.activations[value] ?? own
    guard quantization.isPerTensor, (-128...127).contains(quantization.zeroPoint) else {
      throw .invalidPlan(
        name: graph.values[value].name,
        reason: "its quantization is not one scale and a zero point of -128...127")
    }
    return add(
      LoweredGraph.Tensor(
        name: "", shape: constant.shape.isEmpty ? [1] : constant.shape, elementType: .int8,
        quantization: quantization,
        constant: elements.map { UInt8(bitPattern: quantization.stored($0)) }))
  }

  /// A clamp of its own: RELU and RELU6 by name, any other by the end of int8 behind a QUANTIZE.
  mutating func lowerClip(_ node: FloatNode) throws(QuantizationError) {
    let activation = try fusedActivation(of: node)
    try addFinal(activation == .none ? .quantize : .activation(activation), [input(node)], node)
  }

  mutating func lowerUnary(
    _ node: FloatNode, _ kind: OperatorKind
  ) throws(QuantizationError) {
    try addUnfused(kind, [input(node)], node)
  }

  // MARK: Moves

  /// An operator that leaves stored values as they are.
  mutating func lowerMove(_ node: FloatNode, _ kind: OperatorKind) throws(QuantizationError) {
    let input = try input(node)
    try addUnfused(kind, [input], node, writes: quantization(ofTensor: input))
  }

  mutating func lowerConcatenation(
    _ node: FloatNode, axis: Int
  ) throws(QuantizationError) {
    let output = try quantization(of: node.output)
    var inputs: [Int] = []
    for position in node.inputs.indices {
      inputs.append(requantized(try input(node, position), to: output))
    }
    try addUnfused(.concatenation(axis: axis), inputs, node)
  }

  mutating func lowerPad(
    _ node: FloatNode, _ before: [Int], _ after: [Int], _ value: Float
  ) throws(QuantizationError) {
    guard value == 0 else {
      throw unsupported(node, "it pads with \(value); the int8 PAD has zeros only")
    }
    try lowerMove(node, .pad(before: before, after: after))
  }

  mutating func lowerSlice(
    _ node: FloatNode, axis: Int, start: Int, count: Int?, step: Int
  ) throws(QuantizationError) {
    let rank = shapes[0][node.inputs[0]].count
    var begin = Array(repeating: 0, count: rank)
    var end = [Int?](repeating: nil, count: rank)
    var strides = Array(repeating: 1, count: rank)
    begin[axis] = start
    strides[axis] = step
    if let count { end[axis] = start + (count - 1) * step + 1 }
    try lowerMove(node, .stridedSlice(begin: begin, end: end, strides: strides))
  }

  mutating func lowerReshape(
    _ node: FloatNode, _ target: [Int]
  ) throws(QuantizationError) {
    guard let written = reshapeTarget(of: node.output, preferring: target.firstIndex(of: -1)) else {
      throw unsupported(node, "more than one extent of its output depends on the image's size")
    }
    try lowerMove(node, .reshape(to: written))
  }

  /// Extents for a RESHAPE that makes `value` at every size: constants, and -1 for the one that
  /// differs from size to size, or for `open` if none does. Nil if several differ.
  func reshapeTarget(of value: Int, preferring open: Int?) -> [Int]? {
    var target = shapes[0][value]
    let differing = target.indices.filter { axis in
      shapes.contains { $0[value][axis] != target[axis] }
    }
    guard differing.count <= 1 else { return nil }
    if let axis = differing.first ?? open { target[axis] = -1 }
    return target
  }

  /// Whether all that the node's output can hold is 0 or above.
  func storesNothingNegative(_ node: FloatNode) throws(QuantizationError) -> Bool {
    if let clip = node.effectiveClip, clip.minimum >= 0 { return true }
    if try quantization(of: node.output).zeroPoint == -128 { return true }
    switch node.operation {
    case .maxPool, .averagePool, .pad, .concatenate, .slice, .gather, .reshape, .transpose, .mean,
      .clip, .leakyReLU, .hardSwish, .binary(.add), .binary(.multiply):
      return node.inputs.allSatisfy { value in
        guard let constant = graph.values[value].constant else { return isNonNegative[value] }
        return constant.elements.allSatisfy { $0 >= 0 }
      }
    case .convolution, .fullyConnected, .affine, .hardSigmoid, .sigmoid, .softmax,
      .binary(.subtract), .binary(.divide):
      return false
    }
  }
}

extension Quantization {
  /// An int8 quantization for a constant: from the lowest to the highest element, 0 included and
  /// exact. Nil if an element is not finite.
  package static func covering(_ elements: [Float]) -> Quantization? {
    guard elements.allSatisfy(\.isFinite) else { return nil }
    let low = Double(min(0, elements.min() ?? 0))
    let high = Double(max(0, elements.max() ?? 0))
    guard high > low else { return Quantization(scale: 1, zeroPoint: 0) }
    let scale = (high - low) / 255
    let zeroPoint = (-128 - low / scale).rounded()
    return Quantization(scale: Float(scale), zeroPoint: Int32(max(-128, min(127, zeroPoint))))
  }

  /// The int8 nearest to `real`.
  package func stored(_ real: Float) -> Int8 {
    let steps = (Double(real) / Double(scale)).rounded() + Double(zeroPoint)
    return Int8(max(-128, min(127, steps)))
  }
}
