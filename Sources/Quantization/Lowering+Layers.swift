import FloatGraph
import Model
import Tensors

// Nodes with weights.
extension Lowering {
  mutating func lowerConvolution(
    _ node: FloatNode, _ convolution: FloatConvolution
  ) throws(QuantizationError) {
    let (input, window) = try windowed(
      node, convolution.window, tensor: try input(node), value: node.inputs[0])
    let layer = try layer(node)
    let shape = convolution.weights.shape
    if convolution.isDepthwise {
      let multiplier = shape[0] / convolution.inputChannels
      // [O, KH, KW, 1] -> [1, KH, KW, O]: both count a group's outputs one after the other.
      let taps = shape[1] * shape[2]
      var codes: [Int8] = []
      codes.reserveCapacity(layer.codes.count)
      for tap in 0..<taps {
        for channel in 0..<shape[0] { codes.append(layer.codes[channel * taps + tap]) }
      }
      try addWeighted(
        .depthwiseConv2D(window, depthMultiplier: multiplier, fusedActivation(of: node)), node,
        input: input, layer: layer, codes: codes, shape: [1, shape[1], shape[2], shape[0]],
        axis: 3, packs: false)
    } else {
      try addWeighted(
        .conv2D(window, fusedActivation(of: node)), node, input: input, layer: layer,
        codes: layer.codes, shape: shape, axis: 0, packs: true)
    }
  }

  mutating func lowerFullyConnected(
    _ node: FloatNode, _ weights: FloatArray
  ) throws(QuantizationError) {
    let input = try input(node)
    let layer = try layer(node)
    let keeps = shapes[0][node.inputs[0]].count != 2
    try addWeighted(
      .fullyConnected(fusedActivation(of: node), keepDimensions: keeps), node, input: input,
      layer: layer, codes: layer.codes, shape: weights.shape, axis: 0, packs: true)
  }

  /// A depthwise convolution of one tap.
  mutating func lowerAffine(_ node: FloatNode) throws(QuantizationError) {
    let layer = try layer(node)
    let channels = shapes[0][node.inputs[0]].last ?? 1
    func spread<T>(_ entries: [T]) -> [T] {
      entries.count == channels ? entries : Array(repeating: entries[0], count: channels)
    }
    try addScaling(
      node,
      QuantizedLayer(
        codes: spread(layer.codes), scales: spread(layer.scales), bits: layer.bits,
        bias: spread(layer.bias)))
  }

  /// The same, clamped to 0...1 by the output's range: TensorFlow Lite has no such operator.
  mutating func lowerHardSigmoid(
    _ node: FloatNode, alpha: Float, beta: Float
  ) throws(QuantizationError) {
    let scale = alpha.magnitude / 127
    let bias = (beta / (scale * quantization(ofTensor: try input(node)).scale)).rounded()
    // Written so that not-a-number fails it as well.
    guard scale.isFinite, scale >= 1e-18, bias.magnitude < Float(1 << 30) else {
      throw unsupported(node, "alpha \(alpha) and beta \(beta) do not fit integers")
    }
    let channels = shapes[0][node.inputs[0]].last ?? 1
    try addScaling(
      node,
      QuantizedLayer(
        codes: Array(repeating: alpha < 0 ? -127 : 127, count: channels),
        scales: Array(repeating: scale, count: channels), bits: 8,
        bias: Array(repeating: Int32(bias), count: channels)))
  }

  /// A depthwise convolution with a kernel of 1 x 1, between RESHAPEs (which cost nothing to run)
  /// where the input is no image.
  private mutating func addScaling(
    _ node: FloatNode, _ layer: QuantizedLayer
  ) throws(QuantizationError) {
    var input = try input(node)
    let shape = shapes[0][node.inputs[0]]
    let channels = shape.last ?? 1
    let kind = OperatorKind.depthwiseConv2D(
      Window(), depthMultiplier: 1, try fusedActivation(of: node))
    guard shape.count != 4 || shape[0] != 1 else {
      return try addWeighted(
        kind, node, input: input, layer: layer, codes: layer.codes, shape: [1, 1, 1, channels],
        axis: 3, packs: false)
    }
    guard let back = reshapeTarget(of: node.output, preferring: nil) else {
      throw unsupported(node, "more than one extent of its input depends on the image's size")
    }
    let image = [1, shape.reduce(1, *) / channels, 1, channels]
    input = addInner(
      .reshape(to: [1, -1, 1, channels]), [input], shape: image,
      quantization: quantization(ofTensor: input))
    let output = try quantization(of: node.output)
    let operands = addConstants(
      node, input: input, layer: layer, codes: layer.codes, shape: [1, 1, 1, channels], axis: 3,
      packs: false)
    let scaled = addInner(kind, operands, shape: image, quantization: output)
    weightOperatorOfNode[nodeIndex] = operators.count - 1
    try addFinal(.reshape(to: back), [scaled], node)
  }

  private func layer(_ node: FloatNode) throws(QuantizationError) -> QuantizedLayer {
    guard let layer = plan.layers[nodeIndex] else {
      throw .invalidPlan(name: node.name, reason: "it has no integer weights")
    }
    return layer
  }

  private mutating func addWeighted(
    _ kind: OperatorKind, _ node: FloatNode, input: Int, layer: QuantizedLayer, codes: [Int8],
    shape: [Int], axis: Int, packs: Bool
  ) throws(QuantizationError) {
    let operands = addConstants(
      node, input: input, layer: layer, codes: codes, shape: shape, axis: axis, packs: packs)
    try addFinal(kind, operands, node)
    weightOperatorOfNode[nodeIndex] = operators.count - 1
  }

  /// The tensors of weights and bias; returns the operator's inputs.
  ///
  /// - Parameter packs: whether the operator's kernels take int4. LiteRT's and ours of
  ///   DEPTHWISE_CONV_2D do not: those weights stay int8, whatever their bits.
  private mutating func addConstants(
    _ node: FloatNode, input: Int, layer: QuantizedLayer, codes: [Int8], shape: [Int], axis: Int,
    packs: Bool
  ) -> [Int] {
    let isPacked = packs && layer.bits <= 4
    let weights = add(
      LoweredGraph.Tensor(
        name: "", shape: shape, elementType: isPacked ? .int4 : .int8,
        quantization: perChannel(layer.scales, axis: axis),
        constant: isPacked ? packedInt4(codes) : codes.map { UInt8(bitPattern: $0) }))
    // By the quantisation specification: input scale * weight scale. XNNPACK wants it said.
    let inputScale = quantization(ofTensor: input).scale
    let bias = add(
      LoweredGraph.Tensor(
        name: "", shape: [layer.bias.count], elementType: .int32,
        quantization: perChannel(layer.scales.map { inputScale * $0 }, axis: 0),
        constant: layer.bias.flatMap { value in
          withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }))
    return [input, weights, bias]
  }

  private func perChannel(_ scales: [Float], axis: Int) -> Quantization {
    guard
      let quantization = Quantization(
        scales: scales, zeroPoints: Array(repeating: 0, count: scales.count),
        axis: scales.count > 1 ? axis : 0)
    else { preconditionFailure("the plan's check leaves only scales whose products are normal") }
    return quantization
  }
}

/// Two codes in a byte, the first in the low half; rows are not padded.
private func packedInt4(_ codes: [Int8]) -> [UInt8] {
  stride(from: 0, to: codes.count, by: 2).map { index in
    let high = index + 1 < codes.count ? UInt8(bitPattern: codes[index + 1]) : 0
    return (UInt8(bitPattern: codes[index]) & 15) | (high << 4)
  }
}
