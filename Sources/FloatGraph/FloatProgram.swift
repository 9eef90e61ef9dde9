import CFloat

/// A ``FloatGraph`` with its weights packed for the kernels: what executors of several sizes and on
/// several threads share.
///
/// Packing copies the weights once. It is immutable, so any number of ``FloatExecutor``s may run on
/// it at the same time.
public struct FloatProgram: Sendable {
  public let graph: FloatGraph
  /// By node.
  let weights: [PackedWeights]

  /// Throws ``FloatGraphError`` if the graph cannot be run at its own size.
  public init(_ graph: FloatGraph) throws(FloatGraphError) {
    _ = try graph.shapes(
      height: graph.inputExtents.height, width: graph.inputExtents.width)
    self.graph = graph
    weights = graph.nodes.map { PackedWeights($0.operation) }
  }
}

/// A node's constants in the order in which its kernel reads them.
enum PackedWeights: Sendable {
  case none
  /// A panel after another for each group: ``vd_float_pack``. The element type brings the alignment
  /// of the widest vector.
  case panels([SIMD16<Float>])
  /// `[KH, KW, C]` and a bias for each channel.
  case depthwise(weights: [Float], bias: [Float])

  init(_ operation: FloatOperation) {
    switch operation {
    case .fullyConnected(let weights, let bias):
      self = .panels(
        PackedWeights.panels(
          groups: 1, outputs: weights.shape[0], depth: weights.shape[1], weights.elements, bias))
    case .convolution(let convolution):
      let shape = convolution.weights.shape
      if convolution.isPlainDepthwise {
        self = .depthwise(
          weights: PackedWeights.tapsFirst(convolution.weights), bias: convolution.bias)
      } else {
        self = .panels(
          PackedWeights.panels(
            groups: convolution.groups, outputs: shape[0] / convolution.groups,
            depth: shape[1] * shape[2] * shape[3], convolution.weights.elements, convolution.bias))
      }
    case .binary, .affine, .clip, .leakyReLU, .hardSwish, .hardSigmoid, .sigmoid, .softmax,
      .maxPool, .averagePool, .mean, .pad, .concatenate, .slice, .gather, .reshape, .transpose:
      self = .none
    }
  }

  /// `outputs` and `depth` are those of one group.
  private static func panels(
    groups: Int, outputs: Int, depth: Int, _ weights: [Float], _ bias: [Float]
  ) -> [SIMD16<Float>] {
    let count = vd_float_packed_count(outputs, depth) / SIMD16<Float>.scalarCount
    var packed = [SIMD16<Float>](repeating: .zero, count: groups * count)
    packed.withUnsafeMutableBytes { bytes in
      let target = bytes.bindMemory(to: Float.self)
      weights.withUnsafeBufferPointer { weights in
        bias.withUnsafeBufferPointer { bias in
          guard let to = target.baseAddress, let from = weights.baseAddress,
            let offsets = bias.baseAddress
          else { return }
          for group in 0..<groups {
            vd_float_pack(
              outputs, depth, from + group * outputs * depth, offsets + group * outputs,
              to + group * count * SIMD16<Float>.scalarCount)
          }
        }
      }
    }
    return packed
  }

  /// `[C, KH, KW, 1]` to `[KH, KW, C]`.
  private static func tapsFirst(_ weights: FloatArray) -> [Float] {
    let channels = weights.shape[0]
    let taps = weights.shape[1] * weights.shape[2]
    var result = [Float](repeating: 0, count: weights.elements.count)
    for channel in 0..<channels {
      for tap in 0..<taps {
        result[tap * channels + channel] = weights.elements[channel * taps + tap]
      }
    }
    return result
  }
}

extension FloatConvolution {
  /// Depthwise with one output for each input channel: what the depthwise kernel takes.
  var isPlainDepthwise: Bool { isDepthwise && outputChannels == groups }
}
