import FloatGraph

extension GraphBuilder {
  mutating func convolution(_ node: ONNXNode) throws(ImportFailure) {
    let weights = try constant(node, 1, "the weights")
    let bias = try optionalConstant(node, 2, "the bias")
    let input = try activation(node, 0)
    try bind(node, convolution(node, input, weights: weights, bias: bias?.floats))
  }

  /// Weights `[O, I / groups, KH, KW]` as ONNX has them.
  mutating func convolution(
    _ node: ONNXNode, _ input: Activation, weights: ConstantTensor, bias: [Float]?
  ) throws(ImportFailure) -> Activation {
    guard input.rank == 4, weights.shape.count == 4 else {
      throw .unsupported(
        "its input is \(text(input.shape)) and its weights are \(text(weights.shape)); "
          + "only convolutions over two axes are")
    }
    let groups = try node.integer("group", default: 1)
    let outputs = weights.shape[0]
    let (inputs, overflow) = weights.shape[1].multipliedReportingOverflow(by: groups)
    guard weights.count > 0, groups >= 1, outputs % groups == 0, !overflow,
      inputs == input.shape[1]
    else {
      throw .invalid(
        "weights of \(text(weights.shape)) in \(groups) groups do not fit an input of "
          + text(input.shape))
    }
    guard bias == nil || bias?.count == outputs else {
      throw .invalid("\(bias?.count ?? 0) bias values for \(outputs) output channels")
    }
    let kernel = Array(weights.shape[2...])
    guard try node.integers("kernel_shape") ?? kernel == kernel else {
      throw .invalid("kernel_shape differs from its weights of \(text(weights.shape))")
    }
    let attributes = try WindowAttributes(node, kernel: kernel, input: Array(input.shape[2...]))
    let image = realize(input, defaultPermutation(rank: 4))
    let reordered = weights.transposed([0, 2, 3, 1])
    let layout = try layout(
      shape: [input.shape[0], outputs, attributes.height, attributes.width],
      permutation: defaultPermutation(rank: 4), spatial: [false, false, true, true])
    let operation = FloatConvolution(
      weights: FloatArray(shape: reordered.shape, elements: reordered.floats),
      bias: bias ?? [Float](repeating: 0, count: outputs), groups: groups,
      window: attributes.window)
    let output = emit(
      node.displayName, .convolution(operation), [image.value], stored: reordered,
      to: node.outputName)
    return Activation(value: output, layout: layout)
  }

  /// BatchNormalization as it is in inference: a factor and an offset for each channel.
  mutating func batchNormalization(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    guard try !node.flag("training_mode"), input.rank >= 2 else {
      throw .unsupported("it is in training mode; export the model after model.eval()")
    }
    let epsilon = Double(try node.float("epsilon", default: 1e-5))
    var parameters: [[Float]] = []
    for (place, what) in ["the scale", "the bias", "the mean", "the variance"].enumerated() {
      let parameter = try constant(node, place + 1, what)
      guard parameter.shape == [input.shape[1]] else {
        throw .invalid("\(what) is \(text(parameter.shape)) for an input of \(text(input.shape))")
      }
      parameters.append(parameter.floats)
    }
    var scale: [Float] = []
    var offset: [Float] = []
    for channel in 0..<input.shape[1] {
      let variance = Double(parameters[3][channel]) + epsilon
      guard variance > 0 else {
        throw .invalid("channel \(channel) has the variance \(parameters[3][channel])")
      }
      let factor = Double(parameters[0][channel]) / variance.squareRoot()
      scale.append(Float(factor))
      offset.append(Float(Double(parameters[1][channel]) - Double(parameters[2][channel]) * factor))
    }
    try bind(node, affine(node, input, scale: scale, offset: offset, axis: 1))
  }

  /// `x * scale + offset` along a logical axis, or everywhere with one entry each.
  mutating func affine(
    _ node: ONNXNode, _ input: Activation, scale: [Float], offset: [Float], axis: Int?
  ) throws(ImportFailure) -> Activation {
    guard let axis else {
      return try elementwise(
        node, .affine(scale: scale, offset: offset), input, isNonNegative: false)
    }
    var permutation = permutation(for: [input])
    if permutation.last != axis {
      permutation.removeAll { $0 == axis }
      permutation.append(axis)
    }
    let moved = realize(input, permutation)
    return try elementwise(
      node, .affine(scale: scale, offset: offset), moved, isNonNegative: false)
  }
}
