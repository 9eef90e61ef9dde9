extension GraphBuilder {
  /// Imports a node: computes it if all its operands are known, else adds what it does.
  mutating func importNode(_ node: ONNXNode) throws(ImportFailure) {
    if ["If", "Loop", "Scan", "SequenceMap"].contains(node.type) || node.hasSubgraph {
      throw .unsupported(
        "it is control flow; export the model by tracing it with an example input, without "
          + "branches that depend on data")
    }
    if let results = try fold(node) {
      for (place, result) in results.enumerated() {
        try bind(node, output: place, .constant(result))
      }
      return
    }
    switch node.domain {
    case "":
      try checkIsReal(node)
      try importStandard(node)
    case "com.microsoft": try importQuantized(node)
    default:
      throw .unsupported(
        "operators of the domain '\(printable(node.domain))' are unknown; export the model with "
          + "ONNX's own operators only")
    }
  }

  /// Operators that take stored integers as they are; others get them dequantised first.
  private static let takesStored: Set<String> = [
    "DequantizeLinear", "QLinearConv", "QLinearMatMul", "Reshape", "Flatten", "Transpose",
    "Squeeze", "Unsqueeze", "Identity", "MaxPool", "GlobalMaxPool", "Concat", "Split", "Slice",
    "Gather",
  ]

  private func checkIsReal(_ node: ONNXNode) throws(ImportFailure) {
    guard !Self.takesStored.contains(node.type) else { return }
    for place in node.inputs.indices {
      if case .activation(let input)? = try operand(node, place), input.quantization != nil {
        throw .unsupported("its input \(place) is quantised, and it is not a quantised operator")
      }
    }
  }

  private mutating func importStandard(_ node: ONNXNode) throws(ImportFailure) {
    switch node.type {
    case "Conv": try convolution(node)
    case "Gemm": try gemm(node)
    case "MatMul": try matMul(node)
    case "BatchNormalization": try batchNormalization(node)
    case "Add": try binary(node, .add)
    case "Sub": try binary(node, .subtract)
    case "Mul": try binary(node, .multiply)
    case "Div": try binary(node, .divide)
    case "Relu": try relu(node)
    case "Clip": try clip(node)
    case "LeakyRelu": try leakyReLU(node)
    case "Sigmoid": try sigmoid(node)
    case "HardSigmoid": try hardSigmoid(node)
    case "HardSwish": try hardSwish(node)
    case "Softmax": try softmax(node)
    case "MaxPool": try maxPool(node)
    case "AveragePool": try averagePool(node)
    case "GlobalAveragePool": try globalAveragePool(node)
    case "GlobalMaxPool": try globalMaxPool(node)
    case "ReduceMean": try reduceMean(node)
    case "Pad": try pad(node)
    case "Concat": try concatenate(node)
    case "Split": try split(node)
    case "Slice": try slice(node)
    case "Gather": try gather(node)
    case "Reshape": try reshape(node)
    case "Flatten": try flatten(node)
    case "Transpose": try transpose(node)
    case "Squeeze": try squeeze(node)
    case "Unsqueeze": try unsqueeze(node)
    case "Identity", "Dropout", "Cast": try alias(node)
    case "QuantizeLinear": try quantizeLinear(node)
    case "DequantizeLinear": try dequantizeLinear(node)
    case "QLinearConv": try qLinearConvolution(node)
    case "QLinearMatMul": try qLinearMatMul(node)
    default: throw unknownOperator
    }
  }

  /// ONNX Runtime's own quantised operators.
  private mutating func importQuantized(_ node: ONNXNode) throws(ImportFailure) {
    switch node.type {
    case "QLinearAdd": try qLinearBinary(node, .add)
    case "QLinearMul": try qLinearBinary(node, .multiply)
    case "QLinearConcat": try qLinearConcatenate(node)
    case "QGemm": try qGemm(node)
    case "QLinearGlobalAveragePool", "QLinearAveragePool", "QLinearReduceMean", "QLinearSigmoid",
      "QLinearLeakyRelu", "QLinearSoftmax":
      try qLinearUnary(node)
    case "QuantizeLinear": try quantizeLinear(node)
    case "DequantizeLinear": try dequantizeLinear(node)
    default: throw unknownOperator
    }
  }

  private var unknownOperator: ImportFailure {
    .unsupported(
      "there is no operation for it; simplify the model (onnxsim), replace the layer before the "
        + "export, or end the graph before it")
  }
}
