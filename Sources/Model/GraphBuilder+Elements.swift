import CTFLite
import Tensors

/// The operators that work on elements one by one: arithmetic of two tensors, functions of one.
extension GraphBuilder {
  /// ADD, SUB and MUL.
  func binary(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 2...2)
    let a = try element(source, 0)
    let b = try element(source, 1)
    guard !a.isConstant || !b.isConstant else {
      throw unsupported(source, "both inputs are constants")
    }
    guard a.shape.broadcast(with: b.shape) != nil else {
      throw wrong(source, "\(a.shape) and \(b.shape) cannot be broadcast to one shape")
    }
    try activationOutput(source)
    let kind: OperatorKind
    switch source.builtin {
    case VD_TFLITE_ADD:
      try expectOptions(source, VD_TFLITE_OPTIONS_ADD)
      kind = .add(try activation(source))
    case VD_TFLITE_SUB:
      try expectOptions(source, VD_TFLITE_OPTIONS_SUB)
      kind = .sub(try activation(source))
    default:
      try expectOptions(source, VD_TFLITE_OPTIONS_MUL)
      kind = .mul(try activation(source))
    }
    return (kind, [a.index, b.index])
  }

  /// LOGISTIC, HARD_SWISH, LEAKY_RELU, RELU and RELU6.
  func unary(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 1...1)
    let input = try activationInput(source, 0)
    let output = try activationOutput(source)
    switch source.builtin {
    case VD_TFLITE_LOGISTIC:
      try expectProbabilities(source, output)
      return (.logistic, [input.index])
    case VD_TFLITE_HARD_SWISH:
      try expectOptions(source, VD_TFLITE_OPTIONS_HARD_SWISH)
      return (.hardSwish, [input.index])
    case VD_TFLITE_LEAKY_RELU:
      try expectOptions(source, VD_TFLITE_OPTIONS_LEAKY_RELU, optional: false)
      let alpha = source.options.alpha
      guard alpha.isFinite else { throw wrong(source, "its alpha \(alpha) is not finite") }
      return (.leakyRelu(alpha: alpha), [input.index])
    case VD_TFLITE_RELU:
      return (.activation(.relu), [input.index])
    default:
      return (.activation(.relu6), [input.index])
    }
  }
}
