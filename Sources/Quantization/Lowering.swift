public import FloatGraph
public import Model
public import Tensors

/// A quantised network as TensorFlow Lite's int8 operators: everything of a `.tflite` file's graph,
/// before it is written.
///
/// Every choice is the plan's; lowering only spells it (and ``UnitScales`` gives activations whose
/// scale is a convention the scale 1). Where two neighbours that must share a
/// quantization do not (see ``ActivationGroups``), a QUANTIZE, int8 to int8, goes between.
///
/// A clamp that is not RELU or RELU6 costs no operator: int8 ends at -128 and 127, every kernel
/// saturates there, and so the output is clamped to the real numbers that those stand for. That is
/// the clamp if the output's range does not exceed it; half a step is allowed, as that is what
/// rounding may do anyway. A plan that breaks this is refused.
public struct LoweredGraph: Sendable {
  /// One tensor; its index here is its index in the file.
  public struct Tensor: Sendable {
    /// Empty for constants: names cost bytes.
    public var name: String
    /// At the first size of the ladder.
    public var shape: [Int]
    public var elementType: ElementType
    public var quantization: Quantization?
    /// Elements, little-endian, int4 packed with the first in the low half; nil for an activation.
    public var constant: [UInt8]?
  }

  /// One operator; its index here is its index in the file.
  public struct Operation: Sendable {
    public var kind: OperatorKind
    /// As ``Model/Operator/inputs``.
    public var inputs: [Int]
    public var output: Int
    /// The node of the float graph that it belongs to.
    public var node: Int
  }

  public let tensors: [Tensor]
  /// In execution order. The nodes follow each other as in the float graph; an operator before
  /// (PAD, QUANTIZE) or behind (RELU) a node's main one belongs to that node as well.
  public let operators: [Operation]
  /// The tensor of each value that is not a constant, by value.
  public let tensorOfValue: [Int: Int]
  /// The operator that writes each node's output, by node.
  public let operatorOfNode: [Int: Int]
  /// The operator that holds the node's weights, by node; absent for nodes without.
  public let weightOperatorOfNode: [Int: Int]
  public let input: Int
  public let output: Int
  /// The sizes that it was checked at, the file's own first.
  public let sizes: [ImageExtents]

  /// Lowers `graph`, which its passes have simplified.
  ///
  /// - Parameter sizes: those that the file must serve, its own first; where empty, the graph's.
  /// - Throws: `unsupportedNode` for what int8 operators cannot express, `invalidPlan` for what the
  ///   plan leaves out or contradicts, `unsuitableSize`, `invalidGraph`.
  public init(
    _ graph: FloatGraph, plan: QuantizationPlan, sizes: [ImageExtents] = []
  ) throws(QuantizationError) {
    var seen: Set<ImageExtents> = []
    let sizes = (sizes.isEmpty ? [graph.inputExtents] : sizes).filter { seen.insert($0).inserted }
    var lowering = try Lowering(graph: graph, plan: plan, sizes: sizes)
    try lowering.lower()
    tensorOfValue = lowering.tensorOfValue
    operatorOfNode = lowering.operatorOfNode
    weightOperatorOfNode = lowering.weightOperatorOfNode
    input = try lowering.tensor(of: graph.input)
    output = try lowering.tensor(of: graph.output)
    (tensors, operators) = UnitScales.apply(
      lowering.tensors, lowering.operators, input: input, output: output)
    self.sizes = sizes
  }

  /// The operator that a node is called by in reports: the one with its weights, else the one that
  /// writes its output.
  public func mainOperator(ofNode node: Int) -> Operation? {
    (weightOperatorOfNode[node] ?? operatorOfNode[node]).map { operators[$0] }
  }

  /// Bytes of the node's weights as stored, without its bias; nil for nodes without weights.
  public func weightByteCount(ofNode node: Int) -> Int? {
    guard let index = weightOperatorOfNode[node] else { return nil }
    return tensors[operators[index].inputs[1]].constant?.count
  }
}

/// The work of ``LoweredGraph/init(_:plan:sizes:)``.
struct Lowering {
  let graph: FloatGraph
  let plan: QuantizationPlan
  /// By size of the ladder, by value.
  let shapes: [[[Int]]]

  private(set) var tensors: [LoweredGraph.Tensor] = []
  private(set) var operators: [LoweredGraph.Operation] = []
  private(set) var tensorOfValue: [Int: Int] = [:]
  private(set) var operatorOfNode: [Int: Int] = [:]
  var weightOperatorOfNode: [Int: Int] = [:]
  /// What ``requantized(_:to:)`` made, by tensor and quantization.
  private var requantizations: [Requantization: Int] = [:]
  /// The node in hand.
  private(set) var nodeIndex = 0
  /// By value: whether nothing below 0 can be stored in it.
  private(set) var isNonNegative: [Bool]

  private struct Requantization: Hashable {
    let tensor: Int
    let quantization: Quantization
  }

  init(graph: FloatGraph, plan: QuantizationPlan, sizes: [ImageExtents]) throws(QuantizationError) {
    self.graph = graph
    self.plan = plan
    var shapes: [[[Int]]] = []
    for size in sizes {
      guard size.channels == graph.inputExtents.channels else {
        throw .unsuitableSize(
          height: size.height, width: size.width, node: graph.name,
          reason: "it has \(size.channels) channels, not \(graph.inputExtents.channels)")
      }
      do {
        shapes.append(try graph.shapes(height: size.height, width: size.width))
      } catch {
        throw QuantizationError(error)
      }
    }
    self.shapes = shapes
    isNonNegative = Array(repeating: false, count: graph.values.count)
    try plan.check(against: graph)
  }

  mutating func lower() throws(QuantizationError) {
    guard graph.output != graph.input, graph.values[graph.output].constant == nil else {
      throw .invalidGraph(reason: "no node computes its output from its input")
    }
    tensorOfValue[graph.input] = try addActivation(graph.input)
    isNonNegative[graph.input] = try quantization(of: graph.input).zeroPoint == -128
    for index in graph.nodes.indices {
      nodeIndex = index
      let node = graph.nodes[index]
      try lower(node)
      operatorOfNode[index] = operators.count - 1
      isNonNegative[node.output] = try storesNothingNegative(node)
    }
  }

  private mutating func lower(_ node: FloatNode) throws(QuantizationError) {
    switch node.operation {
    case .convolution(let convolution): try lowerConvolution(node, convolution)
    case .fullyConnected(let weights, _): try lowerFullyConnected(node, weights)
    case .affine: try lowerAffine(node)
    case .hardSigmoid(let alpha, let beta): try lowerHardSigmoid(node, alpha: alpha, beta: beta)
    case .binary(let kind): try lowerBinary(node, kind)
    case .clip: try lowerClip(node)
    case .leakyReLU(let slope): try lowerUnary(node, .leakyRelu(alpha: slope))
    case .hardSwish: try lowerUnary(node, .hardSwish)
    case .sigmoid: try lowerUnary(node, .logistic)
    case .softmax: try lowerUnary(node, .softmax(beta: 1))
    case .mean(let axes, let keepsDimensions):
      try lowerUnary(node, .mean(axes: axes, keepDimensions: keepsDimensions))
    case .maxPool(let window): try lowerMaxPool(node, window)
    case .averagePool(let window, let countsPadding):
      try lowerAveragePool(node, window, countsPadding: countsPadding)
    case .pad(let before, let after, let value):
      try lowerPad(node, before, after, value)
    case .concatenate(let axis): try lowerConcatenation(node, axis: axis)
    case .slice(let axis, let start, let count, let step):
      try lowerSlice(node, axis: axis, start: start, count: count, step: step)
    case .gather(let axis, let indices):
      try lowerMove(node, .gather(axis: axis, indices: indices))
    case .reshape(let target): try lowerReshape(node, target)
    case .transpose(let permutation): try lowerMove(node, .transpose(permutation: permutation))
    }
  }
}

// MARK: - Tensors and operators

extension Lowering {
  /// The tensor of a value that has been computed.
  func tensor(of value: Int) throws(QuantizationError) -> Int {
    guard let tensor = tensorOfValue[value] else {
      throw .invalidGraph(reason: "'\(graph.values[value].name)' is read but not computed")
    }
    return tensor
  }

  /// The tensor of one of the node's inputs; constants are no activations.
  func input(_ node: FloatNode, _ position: Int = 0) throws(QuantizationError) -> Int {
    let value = node.inputs[position]
    guard graph.values[value].constant == nil else {
      throw unsupported(node, "its input '\(graph.values[value].name)' is a constant")
    }
    return try tensor(of: value)
  }

  func quantization(of value: Int) throws(QuantizationError) -> Quantization {
    guard let quantization = plan.activations[value] else {
      throw .invalidPlan(name: graph.values[value].name, reason: "it has no scale and zero point")
    }
    return quantization
  }

  /// The quantization of an activation's tensor.
  func quantization(ofTensor tensor: Int) -> Quantization {
    guard let quantization = tensors[tensor].quantization else {
      preconditionFailure("activations are int8 with a quantization")
    }
    return quantization
  }

  /// Adds the int8 tensor of a value.
  private mutating func addActivation(_ value: Int) throws(QuantizationError) -> Int {
    add(
      LoweredGraph.Tensor(
        name: shortened(graph.values[value].name), shape: shapes[0][value], elementType: .int8,
        quantization: try quantization(of: value)))
  }

  mutating func add(_ tensor: LoweredGraph.Tensor) -> Int {
    tensors.append(tensor)
    return tensors.count - 1
  }

  /// Adds an operator that writes the node's output as the plan has it.
  mutating func addFinal(
    _ kind: OperatorKind, _ inputs: [Int], _ node: FloatNode
  ) throws(QuantizationError) {
    let output = try addActivation(node.output)
    tensorOfValue[node.output] = output
    operators.append(.init(kind: kind, inputs: inputs, output: output, node: nodeIndex))
  }

  /// Adds an operator whose output only this node sees.
  mutating func addInner(
    _ kind: OperatorKind, _ inputs: [Int], shape: [Int], quantization: Quantization
  ) -> Int {
    let output = add(
      LoweredGraph.Tensor(
        name: "", shape: shape, elementType: .int8, quantization: quantization))
    operators.append(.init(kind: kind, inputs: inputs, output: output, node: nodeIndex))
    return output
  }

  /// Adds an operator without a fused activation for `node`, and behind it what its clamp needs,
  /// and a QUANTIZE if it must write under another quantization than the output's.
  mutating func addUnfused(
    _ kind: OperatorKind, _ inputs: [Int], _ node: FloatNode, writes: Quantization? = nil
  ) throws(QuantizationError) {
    let output = try quantization(of: node.output)
    let activation = node.fusedActivation(under: output)
    let clamps = activation != .none && !node.isClampedByRange(of: output)
    guard clamps || (writes ?? output) != output else { return try addFinal(kind, inputs, node) }
    let raw = addInner(
      kind, inputs, shape: shapes[0][node.output], quantization: writes ?? output)
    // RELU and RELU6 requantise as well.
    try addFinal(clamps ? .activation(activation) : .quantize, [raw], node)
  }

  func fusedActivation(of node: FloatNode) throws(QuantizationError) -> Activation {
    node.fusedActivation(under: try quantization(of: node.output))
  }

  /// `tensor`, or a copy of it under another quantization.
  mutating func requantized(_ tensor: Int, to quantization: Quantization) -> Int {
    guard tensors[tensor].quantization != quantization else { return tensor }
    let key = Requantization(tensor: tensor, quantization: quantization)
    if let known = requantizations[key] { return known }
    let copy = addInner(
      .quantize, [tensor], shape: tensors[tensor].shape, quantization: quantization)
    requantizations[key] = copy
    return copy
  }

  func unsupported(_ node: FloatNode, _ reason: String) -> QuantizationError {
    .unsupportedNode(name: node.name, operation: node.operation.name, reason: reason)
  }
}

/// A name short enough for a file in which bytes count: without a leading slash and the exporter's
/// ending, the last 40 characters.
private func shortened(_ name: String) -> String {
  var text = Substring(name)
  if text.hasPrefix("/") { text = text.dropFirst() }
  if text.hasSuffix("_output_0") { text = text.dropLast(9) }
  return String(text.suffix(40))
}
