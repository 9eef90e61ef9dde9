import CTFLite
import Tensors

/// Checks of single operands, shared by the operators.
extension GraphBuilder {
  /// Throws unless the operator has a number of inputs in `range`.
  func expectInputs(_ source: OperatorSource, _ range: ClosedRange<Int>) throws(ModelError) {
    guard range.contains(source.inputs.count) else {
      let wanted =
        range.count == 1
        ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
      throw wrong(source, "it has \(source.inputs.count) inputs instead of \(wanted)")
    }
  }

  /// Throws unless the operator's options are of `kind`, or left out where defaults will do.
  func expectOptions(_ source: OperatorSource, _ kind: Int, optional: Bool = true)
    throws(ModelError)
  {
    let actual = Int(source.options.kind)
    guard actual == kind || (optional && actual == VD_TFLITE_OPTIONS_NONE) else {
      throw wrong(source, "its options are missing or those of another operator (\(actual))")
    }
  }

  /// The fused activation.
  func activation(_ source: OperatorSource) throws(ModelError) -> Activation {
    switch source.options.activation {
    case 0: return .none
    case 1: return .relu
    case 3: return .relu6
    default:
      let name = activationName(Int(source.options.activation))
      throw unsupported(source, "the fused activation \(name); NONE, RELU and RELU6 are")
    }
  }

  /// Operand `position`, an int8 activation with one scale.
  func activationInput(_ source: OperatorSource, _ position: Int) throws(ModelError) -> TensorInfo {
    guard let tensor = operand(source, position) else {
      throw wrong(source, "input \(position) is missing")
    }
    guard !tensor.isConstant else {
      throw unsupported(source, "input \(position) \(label(tensor)) is a constant")
    }
    try expectInt8(source, tensor, "input")
    return tensor
  }

  /// Operand `position` of an elementwise operator: an int8 activation or constant with one scale.
  func element(_ source: OperatorSource, _ position: Int) throws(ModelError) -> TensorInfo {
    guard let tensor = operand(source, position) else {
      throw wrong(source, "input \(position) is missing")
    }
    try expectInt8(source, tensor, "input")
    return tensor
  }

  /// The output, an int8 activation with one scale.
  @discardableResult
  func activationOutput(_ source: OperatorSource) throws(ModelError) -> TensorInfo {
    let tensor = output(source)
    try expectInt8(source, tensor, "output")
    return tensor
  }

  private func expectInt8(_ source: OperatorSource, _ tensor: TensorInfo, _ what: String)
    throws(ModelError)
  {
    guard tensor.elementType == .int8 else {
      throw unsupported(source, "its \(what) \(label(tensor)) is \(advice(tensor.elementType))")
    }
    try expectOneScale(source, tensor, what)
  }

  func expectOneScale(_ source: OperatorSource, _ tensor: TensorInfo, _ what: String)
    throws(ModelError)
  {
    guard tensor.quantization?.isPerTensor == true else {
      throw wrong(source, "its \(what) \(label(tensor)) lacks one scale and zero point")
    }
  }

  /// A type that we lack, and what to do about it.
  private func advice(_ type: ElementType) -> String {
    switch type {
    case .uint8:
      "uint8: this is the old uint8 quantisation; only int8 graphs run. Convert the float model "
        + "again with full integer (int8) quantisation"
    case .float32:
      "float32: only int8 graphs run. Convert the model with full integer (int8) quantisation"
    case .int32, .int64, .int16, .int8, .int4, .bool: "\(type): only int8 graphs run"
    }
  }

  /// The most output channels that an operator may have; the largest classifiers have 21841. It
  /// bounds what a file that shares one set of weights between many operators can cost.
  private var maximumChannels: Int { 65536 }

  /// Operand 1: constant weights of rank `rank`, with zero points 0 and one scale or one for each
  /// index of `axis`.
  func weights(_ source: OperatorSource, rank: Int, axis: Int) throws(ModelError) -> TensorInfo {
    guard let tensor = operand(source, 1) else { throw wrong(source, "its weights are missing") }
    guard tensor.isConstant else {
      throw unsupported(source, "its weights \(label(tensor)) are not a constant")
    }
    switch tensor.elementType {
    case .int8, .int4: break
    case .uint8, .float32, .int32, .int64, .int16, .bool:
      throw unsupported(source, "its weights \(label(tensor)) are \(advice(tensor.elementType))")
    }
    guard tensor.shape.rank == rank else {
      throw wrong(source, "its weights have the shape \(tensor.shape); \(rank) axes are needed")
    }
    guard tensor.shape[axis] <= maximumChannels else {
      throw wrong(source, "\(tensor.shape[axis]) output channels; \(maximumChannels) are the most")
    }
    guard let quantization = tensor.quantization else {
      throw wrong(source, "its weights \(label(tensor)) have no scale")
    }
    guard quantization.zeroPoints.allSatisfy({ $0 == 0 }) else {
      throw unsupported(source, "its weights' zero points are not all 0")
    }
    guard quantization.isPerTensor || quantization.axis == axis else {
      throw wrong(
        source,
        "its weights' scales run along axis \(quantization.axis); output channels are axis \(axis)")
    }
    return tensor
  }

  /// The relative error that a bias's scale may have against input scale * weight scale, of which
  /// it is a rounded product.
  private var biasScaleTolerance: Float { 0.01 }

  /// Operand 2, if it is there: an int32 constant, one entry for each output channel, in units of
  /// input scale * weight scale.
  func bias(_ source: OperatorSource, input: TensorInfo, weights: TensorInfo, channels: Int)
    throws(ModelError) -> TensorInfo?
  {
    guard let bias = operand(source, 2) else { return nil }
    guard bias.isConstant else {
      throw unsupported(source, "its bias \(label(bias)) is not a constant")
    }
    guard bias.elementType == .int32 else {
      throw unsupported(source, "its bias \(label(bias)) is \(bias.elementType); int32 is")
    }
    guard bias.shape.rank <= 1, bias.shape.elementCount == channels else {
      throw wrong(
        source, "its bias has the shape \(bias.shape) for \(channels) output channels")
    }
    // Without a scale of its own it is, by the quantisation specification, the product's.
    guard let quantization = bias.quantization, let inputs = input.quantization,
      let factors = weights.quantization
    else { return bias }
    guard quantization.zeroPoints.allSatisfy({ $0 == 0 }) else {
      throw wrong(source, "its bias's zero points are not all 0")
    }
    for channel in 0..<max(quantization.scales.count, factors.scales.count) {
      let expected = inputs.scale * factors.scales[factors.isPerTensor ? 0 : channel]
      let actual = quantization.scales[quantization.isPerTensor ? 0 : channel]
      guard abs(actual - expected) <= biasScaleTolerance * expected else {
        throw wrong(
          source,
          "its bias's scale \(actual) of channel \(channel) is not input scale * weight scale, "
            + "\(expected)")
      }
    }
    return bias
  }

  /// Throws unless input and output have the same scale and zero point: the operator moves or
  /// compares stored values only.
  func expectSameQuantization(
    _ source: OperatorSource, _ input: TensorInfo, _ output: TensorInfo
  ) throws(ModelError) {
    guard let a = input.quantization, let b = output.quantization else { return }
    // Converters copy the scale; this leaves room for one that was printed and parsed.
    guard abs(a.scale - b.scale) <= 1e-5 * a.scale, a.zeroPoint == b.zeroPoint else {
      throw wrong(
        source,
        "its output's scale and zero point (\(b.scale), \(b.zeroPoint)) are not its input's "
          + "(\(a.scale), \(a.zeroPoint))")
    }
  }

  /// Throws unless the output's quantization is the one that the quantisation specification fixes
  /// for probabilities: 0...255/256.
  func expectProbabilities(_ source: OperatorSource, _ output: TensorInfo) throws(ModelError) {
    guard let quantization = output.quantization, abs(quantization.scale * 256 - 1) < 1e-4,
      quantization.zeroPoint == -128
    else {
      throw wrong(source, "its output's scale and zero point are not 1/256 and -128")
    }
  }

  /// Operand `position`, constant integers (axes, paddings, a shape), at most `limit` of them.
  func integers(_ source: OperatorSource, _ position: Int, _ what: String, limit: Int)
    throws(ModelError) -> [Int]
  {
    guard let tensor = operand(source, position) else {
      throw wrong(source, "its \(what) are missing")
    }
    guard tensor.isConstant else {
      throw unsupported(source, "its \(what) \(label(tensor)) are not a constant")
    }
    guard let values = file.integers(of: tensor, limit: limit) else {
      throw wrong(
        source, "its \(what) are \(tensor.elementType) \(tensor.shape), not a few int32 or int64")
    }
    return values
  }
}
