import FloatGraph

/// Models that are quantised already become the float network that they were made from: weights
/// are dequantised, their scales noted in `givenWeightScales`; what the file says of activations is
/// noted in `givenRanges`.
extension GraphBuilder {
  func parameters(
    _ node: ONNXNode, scale: Int, zeroPoint: Int
  ) throws(ImportFailure) -> QuantizationParameters {
    try QuantizationParameters(
      scale: constant(node, scale, "a scale"),
      zeroPoint: optionalConstant(node, zeroPoint, "a zero point"))
  }

  mutating func quantizeLinear(_ node: ONNXNode) throws(ImportFailure) {
    let given = try parameters(node, scale: 1, zeroPoint: 2)
    let input = try activation(node, 0)
    try bind(node, quantized(node, input, given))
  }

  mutating func dequantizeLinear(_ node: ONNXNode) throws(ImportFailure) {
    let given = try parameters(node, scale: 1, zeroPoint: 2)
    try bind(node, dequantized(activation(node, 0), given))
  }

  /// The activation as it is stored from here on: its scale is noted, and where that cannot hold
  /// negative (or positive) numbers, which is how quantisers leave ReLU out, it is clipped.
  mutating func quantized(
    _ node: ONNXNode, _ input: Activation, _ parameters: QuantizationParameters
  ) throws(ImportFailure) -> Activation {
    guard let given = try parameters.forActivation() else { return input }
    var output = input
    let smallest = given.isUnsigned ? 0 : -128
    let below = Float(smallest - given.zeroPoint) * given.scale
    let above = Float(smallest + 255 - given.zeroPoint) * given.scale
    if below == 0 && !input.isNonNegative || above == 0 {
      output.value = emit(
        node.displayName + "/clip", .clip(ClipRange(minimum: below, maximum: above)),
        [input.value], to: node.outputName)
      output.isNonNegative = below == 0
    }
    if givenRanges[output.value] == nil { givenRanges[output.value] = given }
    output.quantization = given
    return output
  }

  /// The activation as the real numbers that it stands for.
  mutating func dequantized(
    _ input: Activation, _ parameters: QuantizationParameters
  ) throws(ImportFailure) -> Activation {
    let given = try parameters.forActivation()
    if let stored = input.quantization {
      guard stored == given else {
        throw .invalid("it reads with another scale or zero point than was written with")
      }
    } else if let given, givenRanges[input.value] == nil {
      // An input of the graph that is stored already.
      givenRanges[input.value] = given
    }
    var output = input
    output.quantization = nil
    return output
  }

  private mutating func operand(
    _ node: ONNXNode, _ place: Int, scale: Int, zeroPoint: Int
  ) throws(ImportFailure) -> Activation {
    try dequantized(
      activation(node, place), parameters(node, scale: scale, zeroPoint: zeroPoint))
  }

  // MARK: QLinear operators

  mutating func qLinearConvolution(_ node: ONNXNode) throws(ImportFailure) {
    let input = try operand(node, 0, scale: 1, zeroPoint: 2)
    let stored = try constant(node, 3, "the weights")
    let scales = try parameters(node, scale: 4, zeroPoint: 5)
    let weights = try scales.dequantize(stored, axis: 0)
    guard let outputs = weights.shape.first else { throw .invalid("its weights are a scalar") }
    let bias = try bias(node, 8, outputs: outputs, inputScale: 1, weightScale: scales.scale)
    let output = try convolution(node, input, weights: weights, bias: bias)
    try bind(node, quantized(node, output, parameters(node, scale: 6, zeroPoint: 7)))
  }

  /// Stored as int32 with the product of the input's and the weights' scales.
  private func bias(
    _ node: ONNXNode, _ place: Int, outputs: Int, inputScale: Int, weightScale: ConstantTensor
  ) throws(ImportFailure) -> [Float]? {
    guard let bias = try optionalConstant(node, place, "the bias") else { return nil }
    let scale = try constant(node, inputScale, "a scale").scalar("a scale")
    let scales = weightScale.floats
    guard bias.count == outputs, scales.count == 1 || scales.count == outputs else {
      throw .invalid("\(bias.count) bias values for \(outputs) outputs")
    }
    return bias.floats.enumerated().map { channel, value in
      value * (scale * scales[scales.count == 1 ? 0 : channel])
    }
  }

  mutating func qLinearMatMul(_ node: ONNXNode) throws(ImportFailure) {
    let input = try operand(node, 0, scale: 1, zeroPoint: 2)
    let stored = try constant(node, 3, "the weights")
    let weights = try parameters(node, scale: 4, zeroPoint: 5).dequantize(stored, axis: -1)
    let output = try matMul(node, input, weights: weights)
    try bind(node, quantized(node, output, parameters(node, scale: 6, zeroPoint: 7)))
  }

  mutating func qGemm(_ node: ONNXNode) throws(ImportFailure) {
    let input = try operand(node, 0, scale: 1, zeroPoint: 2)
    let stored = try constant(node, 3, "the weights")
    let scales = try parameters(node, scale: 4, zeroPoint: 5)
    guard stored.shape.count == 2 else { throw .invalid("its weights are no matrix") }
    let axis = try node.flag("transB") ? 0 : 1
    let weights = try scales.dequantize(stored, axis: axis)
    let alpha = try node.float("alpha", default: 1)
    let bias = try bias(
      node, 6, outputs: stored.shape[axis], inputScale: 1, weightScale: scales.scale
    )?.map { $0 * alpha }
    let output = try gemm(node, input, weights: weights, bias: bias, alpha: alpha)
    guard node.hasInput(7) else { return try bind(node, output) }
    try bind(node, quantized(node, output, parameters(node, scale: 7, zeroPoint: 8)))
  }

  mutating func qLinearBinary(_ node: ONNXNode, _ kind: BinaryKind) throws(ImportFailure) {
    let left = try operand(node, 0, scale: 1, zeroPoint: 2)
    let output: Activation
    if case .constant(let stored)? = try self.operand(node, 3) {
      let constant = try parameters(node, scale: 4, zeroPoint: 5).dequantize(stored, axis: 0)
      output = try binary(node, kind, left, constant, constantIsFirst: false)
    } else {
      output = try binary(node, kind, left, operand(node, 3, scale: 4, zeroPoint: 5))
    }
    try bind(node, quantized(node, output, parameters(node, scale: 6, zeroPoint: 7)))
  }

  mutating func qLinearConcatenate(_ node: ONNXNode) throws(ImportFailure) {
    var parts: [Binding] = []
    guard node.inputs.count >= 5, node.inputs.count % 3 == 2 else {
      throw .invalid("it has \(node.inputs.count) inputs")
    }
    for place in stride(from: 2, to: node.inputs.count, by: 3) {
      parts.append(
        .activation(try operand(node, place, scale: place + 1, zeroPoint: place + 2)))
    }
    let output = try concatenate(node, parts, axis: try node.integer("axis", default: 1))
    try bind(node, quantized(node, output, parameters(node, scale: 0, zeroPoint: 1)))
  }

  /// An operator on one tensor: its inputs are x, its scale and zero point, then the output's.
  mutating func qLinearUnary(_ node: ONNXNode) throws(ImportFailure) {
    let input = try operand(node, 0, scale: 1, zeroPoint: 2)
    guard try !node.flag("channels_last") else {
      throw .unsupported("channels_last is set; quantise before ORT's layout optimisation")
    }
    let output: Activation
    switch node.type {
    case "QLinearGlobalAveragePool":
      guard input.rank >= 3 else { throw .invalid("its input is \(text(input.shape))") }
      output = try mean(node, input, axes: Array(2..<input.rank), keepsDimensions: true)
    case "QLinearAveragePool": output = try averagePool(node, input)
    case "QLinearReduceMean":
      let axes = try axisIndices(node.integers("axes") ?? Array(0..<input.rank), rank: input.rank)
      let keeps = try node.integer("keepdims", default: 1) != 0
      output = try mean(node, input, axes: axes, keepsDimensions: keeps)
    case "QLinearSigmoid":
      output = try elementwise(node, .sigmoid, input, isNonNegative: true)
    case "QLinearLeakyRelu":
      let slope = try node.float("alpha", default: 0.01)
      output = try elementwise(node, .leakyReLU(slope: slope), input, isNonNegative: false)
    case "QLinearSoftmax":
      let version = try node.integer("opset", default: opset)
      let axis = try axisIndex(node.integer("axis", default: -1), rank: input.rank)
      output = try softmax(node, input, axis: axis, joinsRest: version < 13)
    default: throw .unsupported("there is no float operation for it")
    }
    try bind(node, quantized(node, output, parameters(node, scale: 3, zeroPoint: 4)))
  }
}
