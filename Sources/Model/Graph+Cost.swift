import Tensors

extension Graph {
  /// The multiplications with a weight that an operator does: what networks are compared by.
  ///
  /// Convolutions and fully connected layers count, padding included; everything else is 0.
  public func macCount(of op: Operator) -> Int {
    let outputs = tensors[op.output].shape.elementCount
    switch op.kind {
    case .conv2D:
      let weights = tensors[op.inputs[1]].shape
      return outputs * weights[1] * weights[2] * weights[3]
    case .depthwiseConv2D:
      let weights = tensors[op.inputs[1]].shape
      return outputs * weights[1] * weights[2]
    case .fullyConnected:
      return outputs * tensors[op.inputs[1]].shape[1]
    case .add, .sub, .mul, .mean, .averagePool2D, .maxPool2D, .pad, .concatenation, .softmax,
      .logistic, .hardSwish, .leakyRelu, .activation, .reshape, .transpose, .stridedSlice,
      .gather, .quantize, .dequantize:
      return 0
    }
  }

  /// ``macCount(of:)`` of all operators; `Int.max` if that is more.
  public var macCount: Int {
    var total = 0
    for op in operators {
      // One operator is below 2^56 (two shapes of 2^28); 8192 of them are not below 2^63.
      let (sum, overflow) = total.addingReportingOverflow(macCount(of: op))
      if overflow { return .max }
      total = sum
    }
    return total
  }

  /// The weights of an operator (without the bias), if it has any.
  public func weights(of op: Operator) -> TensorInfo? {
    switch op.kind {
    case .conv2D, .depthwiseConv2D, .fullyConnected: tensors[op.inputs[1]]
    case .add, .sub, .mul, .mean, .averagePool2D, .maxPool2D, .pad, .concatenation, .softmax,
      .logistic, .hardSwish, .leakyRelu, .activation, .reshape, .transpose, .stridedSlice,
      .gather, .quantize, .dequantize:
      nil
    }
  }

  /// The bias of an operator, if it has one.
  public func bias(of op: Operator) -> TensorInfo? {
    weights(of: op) != nil && op.inputs.count > 2 ? tensors[op.inputs[2]] : nil
  }
}
