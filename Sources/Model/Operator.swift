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
  /// Inputs: two activations, or an activation and an int8 constant in either order, broadcast as
  /// NumPy does.
  case add(Activation)
  /// Inputs as of `add`: the first one minus the second.
  case sub(Activation)
  /// Inputs as of `add`.
  case mul(Activation)
  /// Input: activation; `axes` are ascending, at least one. Output: without those axes (a mean over
  /// height and width is `[1, C]`), or with an extent of 1 where the dimensions are kept.
  case mean(axes: [Int] = [1, 2], keepDimensions: Bool = false)
  /// Input: activation. The window's dilation is 1.
  case averagePool2D(Window, kernelHeight: Int, kernelWidth: Int, Activation)
  /// Input: activation. The window's dilation is 1.
  case maxPool2D(Window, kernelHeight: Int, kernelWidth: Int, Activation)
  /// Input: activation. Elements to add around each axis, with the zero point as value.
  case pad(before: [Int], after: [Int])
  /// Inputs: any number of activations that differ in the extent of `axis` only, all with the
  /// output's scale and zero point.
  case concatenation(axis: Int)
  /// Input: activation; over the last axis. The output's scale is 1/256, its zero point -128.
  case softmax(beta: Float)
  /// Input: activation; `1 / (1 + exp(-x))`. The output's scale is 1/256, its zero point -128.
  case logistic
  /// Input: activation; `x * min(max(x + 3, 0), 6) / 6`.
  case hardSwish
  /// Input: activation; `x` where positive, `alpha * x` elsewhere.
  case leakyRelu(alpha: Float)
  /// Input: activation; a clamp (not `.none`) as an operator of its own.
  case activation(Activation)
  /// Input: activation; the elements keep their order. One extent of the target may be -1: what
  /// the element count leaves for it.
  case reshape(to: [Int])
  /// Input: activation; output axis `i` is input axis `permutation[i]`. At most 6 axes.
  case transpose(permutation: [Int])
  /// Input: activation; of each axis the indices `begin`, `begin + stride` and so on below `end`.
  /// Negative ones count from the axis's end; an `end` of nil is the end, whatever the extent.
  /// Strides are at least 1.
  case stridedSlice(begin: [Int], end: [Int?], strides: [Int])
  /// Input: activation; the output's index `i` along `axis` is the input's `indices[i]`.
  case gather(axis: Int, indices: [Int])
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
    case .sub: "SUB"
    case .mul: "MUL"
    case .mean: "MEAN"
    case .averagePool2D: "AVERAGE_POOL_2D"
    case .maxPool2D: "MAX_POOL_2D"
    case .pad: "PAD"
    case .concatenation: "CONCATENATION"
    case .softmax: "SOFTMAX"
    case .logistic: "LOGISTIC"
    case .hardSwish: "HARD_SWISH"
    case .leakyRelu: "LEAKY_RELU"
    case .activation(.relu6): "RELU6"
    case .activation: "RELU"
    case .reshape: "RESHAPE"
    case .transpose: "TRANSPOSE"
    case .stridedSlice: "STRIDED_SLICE"
    case .gather: "GATHER"
    case .quantize: "QUANTIZE"
    case .dequantize: "DEQUANTIZE"
    }
  }
}
