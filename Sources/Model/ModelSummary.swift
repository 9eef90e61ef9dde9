public import Tensors

/// What `vedette inspect` shows of a model, as plain values.
public struct ModelSummary: Sendable {
  /// One operator.
  public struct Row: Sendable {
    /// Its position in the file.
    public let index: Int
    /// TensorFlow Lite's name: "CONV_2D".
    public let name: String
    /// The options in a few words: "3x3 stride 2 same relu6".
    public let details: String
    public let outputShape: Shape
    public let outputType: ElementType
    /// Nil for float32.
    public let outputScale: Float?
    public let outputZeroPoint: Int32?
    /// Bits of a weight; nil for operators without weights.
    public let weightBits: Int?
    /// Bytes of weights and bias in the file.
    public let weightBytes: Int
    /// Multiplications with a weight, as ``Graph/macCount(of:)``.
    public let macCount: Int
  }

  public let rows: [Row]
  /// Inputs and outputs of the graph.
  public let inputs: [TensorInfo]
  public let outputs: [TensorInfo]

  public init(_ graph: Graph) {
    rows = graph.operators.map { op in
      let output = graph.tensors[op.output]
      let weights = graph.weights(of: op)
      return Row(
        index: op.index, name: op.kind.name,
        details: op.kind.details(weights: weights?.shape),
        outputShape: output.shape, outputType: output.elementType,
        outputScale: output.quantization?.scale, outputZeroPoint: output.quantization?.zeroPoint,
        weightBits: weights?.elementType.bitWidth,
        weightBytes: (weights?.byteCount ?? 0) + (graph.bias(of: op)?.byteCount ?? 0),
        macCount: graph.macCount(of: op))
    }
    inputs = graph.inputs.map { graph.tensors[$0] }
    outputs = graph.outputs.map { graph.tensors[$0] }
    macCount = graph.macCount
  }

  public let macCount: Int
  /// Bytes of weights and biases; those that two operators share count twice.
  public var weightBytes: Int { rows.reduce(0) { $0 + $1.weightBytes } }
}

extension OperatorKind {
  fileprivate func details(weights: Shape?) -> String {
    switch self {
    case .conv2D(let window, let activation), .depthwiseConv2D(let window, _, let activation):
      words(window, weights?[1] ?? 0, weights?[2] ?? 0, activation)
    case .averagePool2D(let window, let height, let width, let activation),
      .maxPool2D(let window, let height, let width, let activation):
      words(window, height, width, activation)
    case .fullyConnected(let activation, _), .add(let activation), .sub(let activation),
      .mul(let activation):
      activation.word
    case .mean(let axes, let keepDimensions):
      (axes == [1, 2] ? "" : "over \(axes) ") + (keepDimensions ? "keeps dimensions" : "")
    case .concatenation(let axis): "axis \(axis)"
    case .leakyRelu(let alpha): "alpha \(alpha)"
    case .transpose(let permutation): "by \(permutation)"
    case .stridedSlice(let begin, let end, let strides):
      begin.indices.map { axis in
        "\(begin[axis])..<" + (end[axis].map { "\($0)" } ?? "end")
          + (strides[axis] == 1 ? "" : " by \(strides[axis])")
      }.joined(separator: ", ")
    case .gather(let axis, let indices): "\(indices.count) of axis \(axis)"
    case .pad(let before, let after): "before \(before) after \(after)"
    case .softmax(let beta): "beta \(beta)"
    case .reshape(let target): "to \(target)"
    case .logistic, .hardSwish, .activation, .quantize, .dequantize: ""
    }
  }

  private func words(_ window: Window, _ height: Int, _ width: Int, _ activation: Activation)
    -> String
  {
    var words = ["\(height)x\(width)", "stride"]
    words.append(
      window.strideHeight == window.strideWidth
        ? "\(window.strideHeight)" : "\(window.strideHeight)x\(window.strideWidth)")
    if window.dilationHeight != 1 || window.dilationWidth != 1 {
      words += ["dilation", "\(window.dilationHeight)x\(window.dilationWidth)"]
    }
    words.append(window.padding == .same ? "same" : "valid")
    if activation != .none { words.append(activation.word) }
    return words.joined(separator: " ")
  }
}

extension Activation {
  fileprivate var word: String {
    switch self {
    case .none: ""
    case .relu: "relu"
    case .relu6: "relu6"
    }
  }
}
