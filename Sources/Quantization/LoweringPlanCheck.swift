import FloatGraph
import Model
package import Tensors

extension QuantizationPlan {
  /// Throws unless the plan says all that `graph` needs, and nothing that its clamps contradict.
  ///
  /// The graph's indices have been checked.
  func check(against graph: FloatGraph) throws(QuantizationError) {
    try checkActivation(graph.input, of: graph)
    for (index, node) in graph.nodes.enumerated() {
      try checkActivation(node.output, of: graph)
      try checkClamp(of: node)
      try checkLayer(index, of: node)
    }
  }

  private func checkActivation(_ value: Int, of graph: FloatGraph) throws(QuantizationError) {
    let name = graph.values[value].name
    guard let quantization = activations[value] else {
      throw .invalidPlan(name: name, reason: "it has no scale and zero point")
    }
    guard quantization.isPerTensor, (-128...127).contains(quantization.zeroPoint) else {
      throw .invalidPlan(
        name: name, reason: "its quantization is not one scale and a zero point of -128...127")
    }
    // Products with a weight's scale, and ratios of two, must stay normal numbers.
    guard (1e-18...1e18).contains(quantization.scale) else {
      throw .invalidPlan(name: name, reason: "its scale \(quantization.scale) is out of reach")
    }
  }

  private func checkClamp(of node: FloatNode) throws(QuantizationError) {
    guard let output = activations[node.output] else { return }
    switch node.operation {
    case .sigmoid, .softmax:
      guard output == ActivationGroups.probabilities else {
        throw .invalidPlan(
          name: node.name,
          reason: "a \(node.operation.name)'s output has the scale 1/256 and the "
            + "zero point -128, not \(output.scale) and \(output.zeroPoint)")
      }
    default: break
    }
    guard let clip = node.effectiveClip else { return }
    guard clip.minimum <= clip.maximum else {
      throw .unsupportedNode(
        name: node.name, operation: node.operation.name,
        reason: "its clamp \(clip.minimum)...\(clip.maximum) is empty")
    }
    guard node.saturatingClip != nil, !node.isClampedByRange(of: output) else { return }
    throw .invalidPlan(
      name: node.name,
      reason: "its output's range \(output.realMinimum)...\(output.realMaximum) "
        + "exceeds its clamp \(clip.minimum)...\(clip.maximum) by more than half a step")
  }

  private func checkLayer(_ index: Int, of node: FloatNode) throws(QuantizationError) {
    let (weightCount, channels): (Int, Int)
    switch node.operation {
    case .convolution(let convolution):
      (weightCount, channels) = (convolution.weights.elements.count, convolution.bias.count)
    case .fullyConnected(let weights, let bias):
      (weightCount, channels) = (weights.elements.count, bias.count)
    case .affine(let scale, let offset):
      channels = max(scale.count, offset.count)
      weightCount = channels
    default: return
    }
    func wrong(_ reason: String) -> QuantizationError {
      .invalidPlan(name: node.name, reason: reason)
    }
    guard let layer = layers[index] else { throw wrong("it has no integer weights") }
    guard layer.codes.count == weightCount, layer.scales.count == channels,
      layer.bias.count == channels
    else {
      throw wrong(
        "\(layer.codes.count) codes, \(layer.scales.count) scales and \(layer.bias.count) biases "
          + "for \(weightCount) weights of \(channels) channels")
    }
    guard [8, 6, 4, 2].contains(layer.bits) else { throw wrong("\(layer.bits) bits a weight") }
    let limit = (1 << (layer.bits - 1)) - 1
    if let code = layer.codes.first(where: { abs(Int($0)) > limit }) {
      throw wrong("the code \(code) does not fit \(layer.bits) bits, -\(limit)...\(limit)")
    }
    if let scale = layer.scales.first(where: { !(1e-18...1e18).contains($0) }) {
      throw wrong("the weights' scale \(scale) is not above 0, or out of reach")
    }
    // Beyond int32 kernels wrap around. An activation is at most 255 steps from its zero point.
    let depth = weightCount / channels
    for channel in 0..<channels {
      let codes = layer.codes[channel * depth..<(channel + 1) * depth]
      let products = codes.reduce(0) { $0 + 255 * abs(Int($1)) }
      guard abs(Int(layer.bias[channel])) + products <= Int(Int32.max) else {
        throw wrong(
          "the sums of channel \(channel) can leave 32 bits: its bias is \(layer.bias[channel]) in "
            + "steps of its weights' scale \(layer.scales[channel]), which is too fine")
      }
    }
  }
}

extension Quantization {
  /// What -128 stands for.
  package var realMinimum: Float { scale * Float(-128 - zeroPoint) }
  /// What 127 stands for.
  package var realMaximum: Float { scale * Float(127 - zeroPoint) }
}

extension FloatNode {
  /// The part of the clamp that TensorFlow Lite has a name for; the rest of it, if any, is up to
  /// the output's range.
  ///
  /// LiteRT counts 6 in steps of the output, as an int32, and refuses a file where it does not fit.
  /// Long before that the range ends below 6, and RELU is the same.
  func fusedActivation(under output: Quantization) -> Activation {
    guard let clip = effectiveClip, clip.minimum == 0 else { return .none }
    return clip.maximum == 6 && output.scale > 0x1p-20 ? .relu6 : .relu
  }

  /// Whether the ends of int8 clamp as the node must: its output's range does not exceed the
  /// clamp by more than half a step. (A thousandth more, for the scale's own rounding.)
  func isClampedByRange(of output: Quantization) -> Bool {
    guard let clip = effectiveClip else { return true }
    let allowed = output.scale * 0.501
    return output.realMinimum >= clip.minimum - allowed
      && output.realMaximum <= clip.maximum + allowed
  }
}

extension FloatOperation {
  /// For messages.
  var name: String {
    switch self {
    case .convolution: "convolution"
    case .fullyConnected: "fully connected"
    case .binary(.add): "add"
    case .binary(.subtract): "subtract"
    case .binary(.multiply): "multiply"
    case .binary(.divide): "divide"
    case .affine: "affine"
    case .clip: "clip"
    case .leakyReLU: "leaky ReLU"
    case .hardSwish: "hard swish"
    case .hardSigmoid: "hard sigmoid"
    case .sigmoid: "sigmoid"
    case .softmax: "softmax"
    case .maxPool: "max pool"
    case .averagePool: "average pool"
    case .mean: "mean"
    case .pad: "pad"
    case .concatenate: "concatenate"
    case .slice: "slice"
    case .gather: "gather"
    case .reshape: "reshape"
    case .transpose: "transpose"
    }
  }
}
