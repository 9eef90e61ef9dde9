/// What a node of a ``FloatGraph`` does. Axes are those of the NHWC layout.
///
/// Switches over it have no `default:`, so that the compiler lists the places where a new one must
/// be added.
public enum FloatOperation: Sendable {
  /// Input `[1, H, W, I]`, output `[1, H', W', O]`.
  case convolution(FloatConvolution)
  /// Input `[..., I]`, output `[..., O]`; weights `[O, I]`, a bias for each output.
  case fullyConnected(weights: FloatArray, bias: [Float])
  /// Two inputs, broadcast as NumPy does.
  case binary(BinaryKind)
  /// `x * scale + offset` over the last axis; one entry each, or one for each channel.
  case affine(scale: [Float], offset: [Float])
  /// `min(max(x, minimum), maximum)`, where it could not be fused into the node before.
  case clip(ClipRange)
  /// `x` where positive, `slope * x` elsewhere.
  case leakyReLU(slope: Float)
  /// `x * clip(x / 6 + 1/2, 0, 1)`.
  case hardSwish
  /// `clip(alpha * x + beta, 0, 1)`.
  case hardSigmoid(alpha: Float, beta: Float)
  /// `1 / (1 + exp(-x))`.
  case sigmoid
  /// Over the last axis.
  case softmax
  case maxPool(FloatWindow)
  /// `countsPadding`: whether the divisor counts the elements of the padding as well.
  case averagePool(FloatWindow, countsPadding: Bool)
  /// The mean over `axes` (ascending, not negative).
  case mean(axes: [Int], keepsDimensions: Bool)
  /// `value` around each axis.
  case pad(before: [Int], after: [Int], value: Float)
  /// Any number of inputs.
  case concatenate(axis: Int)
  /// `count` indices from `start` on, each `step` (at least 1) from the one before; nil: to the
  /// axis's end.
  case slice(axis: Int, start: Int, count: Int?, step: Int)
  /// Some indices of an axis, in any order: channel shuffle is one.
  case gather(axis: Int, indices: [Int])
  /// An extent of 0 is the input's own of that axis; one may be -1, what the others leave.
  case reshape(to: [Int])
  /// Output axis `i` is input axis `permutation[i]`.
  case transpose(permutation: [Int])
}

public enum BinaryKind: Sendable, Hashable {
  case add, subtract, multiply, divide
}

/// A convolution's constants and window.
public struct FloatConvolution: Sendable {
  /// `[O, KH, KW, I / groups]`, also where it is depthwise.
  public var weights: FloatArray
  /// One for each output channel.
  public var bias: [Float]
  public var groups: Int
  /// Its kernel extents are the weights'.
  public var window: FloatWindow

  public init(weights: FloatArray, bias: [Float], groups: Int, window: FloatWindow) {
    self.weights = weights
    self.bias = bias
    self.groups = groups
    self.window = window
  }

  public var outputChannels: Int { weights.shape[0] }
  public var inputChannels: Int { weights.shape[3] * groups }
  /// Whether each output channel reads one input channel.
  public var isDepthwise: Bool { groups > 1 && weights.shape[3] == 1 }
}

/// How a kernel walks over an image.
public struct FloatWindow: Sendable, Hashable {
  public enum Padding: Sendable, Hashable {
    /// Rows and columns on each side (negative ones were refused).
    case explicit(top: Int, left: Int, bottom: Int, right: Int)
    /// Output extent = ceil(input / stride); an odd row goes below and to the right.
    case sameUpper
    /// The same; an odd row goes above and to the left.
    case sameLower
  }

  public var kernelHeight: Int
  public var kernelWidth: Int
  public var strideHeight: Int
  public var strideWidth: Int
  public var dilationHeight: Int
  public var dilationWidth: Int
  public var padding: Padding
  /// Round the output extents up (pooling's `ceil_mode`). As in ONNX Runtime, a window that would
  /// start in the padding below or to the right is dropped.
  public var roundsUp: Bool

  public init(
    kernelHeight: Int, kernelWidth: Int, strideHeight: Int = 1, strideWidth: Int = 1,
    dilationHeight: Int = 1, dilationWidth: Int = 1,
    padding: Padding = .explicit(top: 0, left: 0, bottom: 0, right: 0), roundsUp: Bool = false
  ) {
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.padding = padding
    self.roundsUp = roundsUp
  }
}
