public import FloatGraph

/// The float weights of a layer that is to be rounded, as a matrix for each group.
public struct LayerWeights: Sendable {
  /// `[O, K]`, K = taps * channels of a group, in the order of the node's own weights.
  public let weights: [Float]
  /// `[O]`.
  public let bias: [Float]
  /// Output channel o reads the inputs of group o / (O / groups).
  public let groups: Int
  /// KH * KW; 1 for a fully connected layer.
  public let taps: Int
  /// ``FloatNode/givenWeightScales``.
  public var givenScales: [Float]?

  /// Nil unless the counts fit each other, there is a weight, and all are finite.
  public init?(weights: [Float], bias: [Float], groups: Int = 1, taps: Int = 1) {
    guard !bias.isEmpty, groups > 0, taps > 0, bias.count % groups == 0, !weights.isEmpty,
      weights.count % bias.count == 0, weights.count / bias.count % taps == 0,
      weights.allSatisfy(\.isFinite), bias.allSatisfy(\.isFinite)
    else { return nil }
    self.weights = weights
    self.bias = bias
    self.groups = groups
    self.taps = taps
  }

  /// Nil where the node's shapes do not fit each other, or a constant is not finite.
  public init?(_ convolution: FloatConvolution) {
    let shape = convolution.weights.shape
    guard shape.count == 4, shape[0] == convolution.bias.count else { return nil }
    self.init(
      weights: convolution.weights.elements, bias: convolution.bias, groups: convolution.groups,
      taps: shape[1] * shape[2])
  }

  public var outputs: Int { bias.count }
  /// K: the weights of one output channel.
  public var inputs: Int { weights.count / bias.count }
  public var outputsPerGroup: Int { outputs / groups }
  public var channelsPerGroup: Int { inputs / taps }
  /// The elements of an input row `[KH, KW, I]`, all groups together.
  public var rowLength: Int { inputs * groups }
}
