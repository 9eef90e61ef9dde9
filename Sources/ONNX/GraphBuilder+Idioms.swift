import FloatGraph

/// Hard sigmoid and hard swish as exporters spell them out:
///
///     hard sigmoid   clip(x + 3, 0, 6) / 6
///     hard swish     x * hardSigmoid(x), or x * clip(x + 3, 0, 6) / 6
///
/// The nodes that go into one stay in the graph until the sweep at the end finds that nobody reads
/// them any more.
extension GraphBuilder {
  /// Whether `input * scale + offset` completes one of them.
  mutating func hardSigmoid(
    _ node: ONNXNode, _ input: Activation, _ scale: [Float], _ offset: [Float]
  ) throws(ImportFailure) -> Activation? {
    guard scale.count == 1, offset == [0], isSixth(scale[0]),
      let producer = producer(of: input.value)
    else { return nil }
    var result = input
    result.quantization = nil
    if let source = shiftedAndClipped(input.value) {
      result.value = emit(
        node.displayName, .hardSigmoid(alpha: 1 / 6, beta: 0.5), [source], to: node.outputName)
      result.isNonNegative = true
      return result
    }
    guard case .binary(.multiply) = producer.operation else { return nil }
    for (factor, other) in [(0, 1), (1, 0)]
    where shiftedAndClipped(producer.inputs[other]) == producer.inputs[factor] {
      result.value = emit(
        node.displayName, .hardSwish, [producer.inputs[factor]], to: node.outputName)
      result.isNonNegative = false
      return result
    }
    return nil
  }

  /// Whether the product of these is `x * hardSigmoid(x)`.
  mutating func hardSwish(
    _ node: ONNXNode, _ left: Activation, _ right: Activation
  ) throws(ImportFailure) -> Activation? {
    for (factor, gate) in [(left, right), (right, left)] {
      guard let producer = producer(of: gate.value), producer.inputs == [factor.value],
        factor.layout == gate.layout,
        case .hardSigmoid(let alpha, let beta) = producer.operation, isSixth(alpha), beta == 0.5
      else { continue }
      return try elementwise(node, .hardSwish, factor, isNonNegative: false)
    }
    return nil
  }

  /// The value `x` where this one is `clip(x + 3, 0, 6)`.
  private func shiftedAndClipped(_ value: Int) -> Int? {
    guard let clip = producer(of: value), case .clip(.relu6) = clip.operation,
      let shift = producer(of: clip.inputs[0]), case .affine([1], [3]) = shift.operation
    else { return nil }
    return shift.inputs[0]
  }

  /// 1/6 as float32 or float16 files hold it.
  private func isSixth(_ value: Float) -> Bool { (value - 1 / 6).magnitude < 1e-4 }
}
