public import Tensors

/// Everything that the quantiser decided about a ``FloatGraph``: what turns it into a file of
/// integers without any choice left.
public struct QuantizationPlan: Sendable {
  /// The map of each activation and of each constant that is an operand of its own, by value; the
  /// network's input and output among them. int8, per tensor.
  public var activations: [Int: Quantization]
  /// The integers of each node that has weights, by node.
  public var layers: [Int: QuantizedLayer]

  public init(activations: [Int: Quantization] = [:], layers: [Int: QuantizedLayer] = [:]) {
    self.activations = activations
    self.layers = layers
  }
}

/// The integer weights of a convolution, a fully connected layer or an affine node.
public struct QuantizedLayer: Sendable, Hashable {
  /// In the order of the node's own weights, `[O, ...]`; within ±(2^(bits-1) - 1).
  public var codes: [Int8]
  /// One for each output channel: `weight = scale * code`.
  public var scales: [Float]
  /// 8, 6, 4 or 2.
  public var bits: Int
  /// One for each output channel, in units of (input scale * weight scale).
  public var bias: [Int32]

  public init(codes: [Int8], scales: [Float], bits: Int, bias: [Int32]) {
    self.codes = codes
    self.scales = scales
    self.bits = bits
    self.bias = bias
  }
}
