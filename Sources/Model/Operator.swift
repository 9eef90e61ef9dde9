/// One step of a graph. Tensor indices point into ``Graph/tensors``.
public struct Operator: Sendable {
  /// Its position in the file, for messages.
  public let index: Int
  public let kind: OperatorKind
  /// The activations and constants it reads, in TensorFlow Lite's order, an absent optional one
  /// (a bias) left out at the end. Constants that `kind` holds (axes, paddings, shapes) are not here.
  public let inputs: [Int]
  /// All operators that we have write one tensor.
  public let output: Int

  public init(index: Int, kind: OperatorKind, inputs: [Int], output: Int) {
    self.index = index
    self.kind = kind
    self.inputs = inputs
    self.output = output
  }
}

/// What an operator does, with its options. Switches over it have no `default:`, so that the
/// compiler lists the places where a new operator must be added.
///
/// Definitions are those of TensorFlow Lite's reference kernels, except for rounding, which is
/// `vd_fixed_point.h`'s. Layouts: activations `[1, H, W, C]`.
public enum OperatorKind: Sendable, Hashable {
  /// Inputs: activation, weights `[O, KH, KW, I / groups]`, bias `[O]` or absent.
  case conv2D(Window, Activation)
  /// Inputs: activation, weights `[1, KH, KW, I * depthMultiplier]`, bias or absent.
  case depthwiseConv2D(Window, depthMultiplier: Int, Activation)
  /// Inputs: activation `[..., I]` flattened to `[M, I]`, weights `[O, I]`, bias `[O]` or absent.
  /// Output: `[M, O]`, or `[..., O]` where the dimensions are kept.
  case fullyConnected(Activation, keepDimensions: Bool = false)
  /// Inputs: two activations of the same shape.
  case add(Activation)
  /// Input: activation; the axes are the height and the width. Output: `[1, C]`, or `[1, 1, 1, C]`
  /// where the dimensions are kept.
  case mean(keepDimensions: Bool = false)
  /// Input: activation. The window's dilation is 1.
  case averagePool2D(Window, kernelHeight: Int, kernelWidth: Int, Activation)
  /// Input: activation. The window's dilation is 1.
  case maxPool2D(Window, kernelHeight: Int, kernelWidth: Int, Activation)
  /// Input: activation. Elements to add around each axis, with the zero point as value.
  case pad(before: [Int], after: [Int])
  /// Input: activation; over the last axis.
  case softmax(beta: Float)
  /// Input: activation; the elements keep their order. One extent of the target may be -1: what
  /// the element count leaves for it.
  case reshape(to: [Int])
  /// Input: float32, uint8 or int8; output: int8 or uint8.
  case quantize
  /// Input: int8 or uint8; output: float32.
  case dequantize
}

/// How a kernel walks over an image. Padding is worked out: SAME becomes rows and columns.
public struct Window: Sendable, Hashable {
  /// The rule that gave the padding, kept so that it can be worked out for another input size.
  public enum Padding: Sendable, Hashable { case same, valid }

  public var strideHeight: Int
  public var strideWidth: Int
  public var dilationHeight: Int
  public var dilationWidth: Int
  /// Rows of padding above; what lies below follows from the output's height.
  public var padTop: Int
  /// Columns of padding to the left.
  public var padLeft: Int
  public var padding: Padding

  public init(
    strideHeight: Int = 1, strideWidth: Int = 1, dilationHeight: Int = 1, dilationWidth: Int = 1,
    padTop: Int = 0, padLeft: Int = 0, padding: Padding = .valid
  ) {
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.padTop = padTop
    self.padLeft = padLeft
    self.padding = padding
  }
}

/// The clamp that is fused into an operator.
public enum Activation: Sendable, Hashable {
  case none, relu, relu6
}

extension OperatorKind {
  /// TensorFlow Lite's name of the operator.
  public var name: String {
    switch self {
    case .conv2D: "CONV_2D"
    case .depthwiseConv2D: "DEPTHWISE_CONV_2D"
    case .fullyConnected: "FULLY_CONNECTED"
    case .add: "ADD"
    case .mean: "MEAN"
    case .averagePool2D: "AVERAGE_POOL_2D"
    case .maxPool2D: "MAX_POOL_2D"
    case .pad: "PAD"
    case .softmax: "SOFTMAX"
    case .reshape: "RESHAPE"
    case .quantize: "QUANTIZE"
    case .dequantize: "DEQUANTIZE"
    }
  }
}
