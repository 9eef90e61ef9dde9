import CTFLite
import Tensors

// What an operator is in the file: its number, its version, its options, the constants it holds.

/// What an operator's version depends on.
struct WrittenTensor {
  let elementType: ElementType
  let shape: [Int]
  /// Of a tensor with one scale.
  let scale: Float?
}

extension OperatorKind {
  /// The constant operands that follow ``Operator/inputs`` in the file.
  var integerOperands: [(name: String, values: [Int], shape: [Int])] {
    func list(_ name: String, _ values: [Int]) -> (name: String, values: [Int], shape: [Int]) {
      (name, values, [values.count])
    }
    switch self {
    case .mean(let axes, _):
      return [list("axes", axes)]
    case .pad(let before, let after):
      return [("paddings", zip(before, after).flatMap { [$0, $1] }, [before.count, 2])]
    case .reshape(let target):
      return [list("shape", target)]
    case .transpose(let permutation):
      return [list("permutation", permutation)]
    case .stridedSlice(let begin, let end, let strides):
      return [list("begin", begin), list("end", end.map { $0 ?? 0 }), list("strides", strides)]
    case .gather(_, let indices):
      return [list("indices", indices)]
    case .conv2D, .depthwiseConv2D, .fullyConnected, .add, .sub, .mul, .averagePool2D, .maxPool2D,
      .concatenation, .softmax, .logistic, .hardSwish, .leakyRelu, .activation, .quantize,
      .dequantize:
      return []
    }
  }

  /// The lowest version of the operator that has these types and ranks: what an older runtime
  /// looks at to see whether its kernel will do. The numbers are those of LiteRT's
  /// tflite/tools/versioning/op_version.cc.
  func version(inputs: [WrittenTensor], output: WrittenTensor) -> Int {
    let type = inputs.first?.elementType
    let weights = inputs.count > 1 ? inputs[1] : nil
    let rank = inputs.map(\.shape.count).max() ?? 0
    switch self {
    case .conv2D:
      if weights?.elementType == .int4 { return 7 }
      return weights?.shape.last != inputs.first?.shape.last ? 6 : 3
    case .depthwiseConv2D:
      // 7 by that list, but the reference kernels of LiteRT 2.3.0, which take int4, stop at 6.
      return weights?.elementType == .int4 ? 6 : 3
    case .fullyConnected(_, let keepDimensions):
      if weights?.elementType == .int4 { return 10 }
      if inputs.count == 2 { return 6 }
      return keepDimensions ? 5 : 4
    case .sub:
      return inputs.count == 2 && inputs[0].shape != inputs[1].shape && rank > 4 ? 3 : 2
    case .mul:
      // 3 is for a product whose scale is not below the output's.
      let scales = (inputs + [output]).compactMap(\.scale)
      return scales.count == 3 && scales[0] * scales[1] >= scales[2] ? 3 : 2
    case .pad:
      return rank > 4 ? 4 : 2
    case .transpose:
      return rank > 5 ? 6 : rank > 4 ? 4 : 2
    case .stridedSlice:
      return rank > 4 ? 4 : 2
    case .add, .mean, .averagePool2D, .maxPool2D, .concatenation, .softmax, .logistic, .activation,
      .gather:
      return 2
    case .dequantize:
      return type == .int8 ? 2 : 1
    case .hardSwish, .leakyRelu, .reshape, .quantize:
      return 1
    }
  }

  /// The schema's number and options.
  var written: (code: Int, options: vd_tflite_options) {
    var options = vd_tflite_options()
    func setWindow(_ kind: Int, _ window: Window, _ activation: Activation) {
      options.kind = UInt8(kind)
      options.padding = window.padding == .same ? 0 : 1
      options.stride_h = Int32(window.strideHeight)
      options.stride_w = Int32(window.strideWidth)
      options.dilation_h = Int32(window.dilationHeight)
      options.dilation_w = Int32(window.dilationWidth)
      options.activation = activation.schemaNumber
    }
    let code: Int
    switch self {
    case .conv2D(let window, let activation):
      code = VD_TFLITE_CONV_2D
      setWindow(VD_TFLITE_OPTIONS_CONV_2D, window, activation)
    case .depthwiseConv2D(let window, let depthMultiplier, let activation):
      code = VD_TFLITE_DEPTHWISE_CONV_2D
      setWindow(VD_TFLITE_OPTIONS_DEPTHWISE_CONV_2D, window, activation)
      options.depth_multiplier = Int32(depthMultiplier)
    case .averagePool2D(let window, let height, let width, let activation),
      .maxPool2D(let window, let height, let width, let activation):
      if case .maxPool2D = self {
        code = VD_TFLITE_MAX_POOL_2D
      } else {
        code = VD_TFLITE_AVERAGE_POOL_2D
      }
      setWindow(VD_TFLITE_OPTIONS_POOL_2D, window, activation)
      options.kernel_h = Int32(height)
      options.kernel_w = Int32(width)
    case .fullyConnected(let activation, let keepDimensions):
      code = VD_TFLITE_FULLY_CONNECTED
      options.kind = UInt8(VD_TFLITE_OPTIONS_FULLY_CONNECTED)
      options.activation = activation.schemaNumber
      options.keep_dims = keepDimensions ? 1 : 0
    case .add(let activation):
      code = VD_TFLITE_ADD
      options.kind = UInt8(VD_TFLITE_OPTIONS_ADD)
      options.activation = activation.schemaNumber
    case .sub(let activation):
      code = VD_TFLITE_SUB
      options.kind = UInt8(VD_TFLITE_OPTIONS_SUB)
      options.activation = activation.schemaNumber
    case .mul(let activation):
      code = VD_TFLITE_MUL
      options.kind = UInt8(VD_TFLITE_OPTIONS_MUL)
      options.activation = activation.schemaNumber
    case .concatenation(let axis):
      code = VD_TFLITE_CONCATENATION
      options.kind = UInt8(VD_TFLITE_OPTIONS_CONCATENATION)
      options.axis = Int32(axis)
    case .logistic:
      code = VD_TFLITE_LOGISTIC
    case .hardSwish:
      code = VD_TFLITE_HARD_SWISH
      options.kind = UInt8(VD_TFLITE_OPTIONS_HARD_SWISH)
    case .leakyRelu(let alpha):
      code = VD_TFLITE_LEAKY_RELU
      options.kind = UInt8(VD_TFLITE_OPTIONS_LEAKY_RELU)
      options.alpha = alpha
    case .activation(let activation):
      precondition(activation != .none, "an activation of its own is a RELU or a RELU6")
      code = activation == .relu6 ? VD_TFLITE_RELU6 : VD_TFLITE_RELU
    case .transpose:
      code = VD_TFLITE_TRANSPOSE
      options.kind = UInt8(VD_TFLITE_OPTIONS_TRANSPOSE)
    case .stridedSlice(_, let end, _):
      code = VD_TFLITE_STRIDED_SLICE
      options.kind = UInt8(VD_TFLITE_OPTIONS_STRIDED_SLICE)
      for (axis, end) in end.enumerated() where end == nil { options.end_mask |= 1 << axis }
    case .gather(let axis, _):
      code = VD_TFLITE_GATHER
      options.kind = UInt8(VD_TFLITE_OPTIONS_GATHER)
      options.axis = Int32(axis)
    case .mean(_, let keepDimensions):
      code = VD_TFLITE_MEAN
      options.kind = UInt8(VD_TFLITE_OPTIONS_REDUCER)
      options.keep_dims = keepDimensions ? 1 : 0
    case .pad:
      code = VD_TFLITE_PAD
      options.kind = UInt8(VD_TFLITE_OPTIONS_PAD)
    case .softmax(let beta):
      code = VD_TFLITE_SOFTMAX
      options.kind = UInt8(VD_TFLITE_OPTIONS_SOFTMAX)
      options.beta = beta
    case .reshape:
      code = VD_TFLITE_RESHAPE
      options.kind = UInt8(VD_TFLITE_OPTIONS_RESHAPE)
    case .quantize:
      code = VD_TFLITE_QUANTIZE
      options.kind = UInt8(VD_TFLITE_OPTIONS_QUANTIZE)
    case .dequantize:
      code = VD_TFLITE_DEQUANTIZE
      options.kind = UInt8(VD_TFLITE_OPTIONS_DEQUANTIZE)
    }
    return (code, options)
  }
}

extension Activation {
  /// The schema's ActivationFunctionType.
  var schemaNumber: Int8 {
    switch self {
    case .none: 0
    case .relu: 1
    case .relu6: 3
    }
  }
}
