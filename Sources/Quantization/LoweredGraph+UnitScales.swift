import Model
import Tensors

/// Scales of 1 where the scale is a convention, so that a file needs half as many of them.
///
/// TensorFlow Lite wants a scale for each output channel twice: the weight's, and the bias's, which
/// is (input scale * weight scale). They are most of what a file holds beside its weights. But the
/// integers of a convolution depend on (input scale * weight scale / output scale) alone, and those
/// of ADD, MEAN, the pools and the like on ratios of scales: activations that only such operators
/// write and read may all be measured in another unit. The unit here is the scale that most output
/// channels read under. It becomes 1, their weight scales are multiplied by it and those of the
/// writers divided; a reader's two vectors are then the same bits, which are written once.
///
/// Zero points and integers stay, factors move by a rounding or two of float32. What the file says
/// of such an activation in real numbers is the convention; the record has the ranges.
struct UnitScales {
  private var tensors: [LoweredGraph.Tensor]
  private var operators: [LoweredGraph.Operation]
  /// By tensor: the lowest of those that are measured in one unit with it.
  private let groups: [Int]
  /// By tensor: what becomes 1; nil where nothing does.
  private var units: [Float?] = []

  /// The same graph under other scales; unchanged where they would come near float32's ends.
  static func apply(
    _ tensors: [LoweredGraph.Tensor], _ operators: [LoweredGraph.Operation], input: Int,
    output: Int
  ) -> (tensors: [LoweredGraph.Tensor], operators: [LoweredGraph.Operation]) {
    var scales = UnitScales(tensors, operators)
    scales.choose(keeping: [input, output])
    guard scales.rescale() else { return (tensors, operators) }
    return (scales.tensors, scales.operators)
  }

  private init(_ tensors: [LoweredGraph.Tensor], _ operators: [LoweredGraph.Operation]) {
    self.tensors = tensors
    self.operators = operators
    var sets = DisjointSets(count: tensors.count)
    for op in operators where op.kind.readsRatios {
      for input in op.inputs { sets.join(input, op.output) }
    }
    groups = tensors.indices.map { sets.root(of: $0) }
  }

  /// Chooses each group's unit.
  private mutating func choose(keeping edges: [Int]) {
    var isBound = [Bool](repeating: false, count: tensors.count)
    for edge in edges { isBound[groups[edge]] = true }
    for (index, tensor) in tensors.enumerated()
    where tensor.constant != nil || tensor.quantization?.isPerTensor != true {
      isBound[groups[index]] = true
    }
    for op in operators where !op.kind.readsRatios {
      let isWeighted = op.kind.isWeighted && op.inputs.count == 3
      if !isWeighted { for tensor in op.inputs { isBound[groups[tensor]] = true } }
      if !isWeighted || !clampsAtTheEnd(op) { isBound[groups[op.output]] = true }
    }
    // The scales of each group that weights are read under, with the number of output channels.
    var readers: [[(scale: Float, channels: Int)]] = Array(repeating: [], count: tensors.count)
    for op in operators where op.kind.isWeighted && op.inputs.count == 3 {
      guard let scale = tensors[op.inputs[0]].quantization?.scale else { continue }
      let group = groups[op.inputs[0]]
      let channels = tensors[op.inputs[2]].shape.first ?? 0
      if let known = readers[group].firstIndex(where: { $0.scale == scale }) {
        readers[group][known].channels += channels
      } else {
        readers[group].append((scale, channels))
      }
    }
    units = groups.map { group in
      guard !isBound[group], let most = readers[group].map(\.channels).max() else { return nil }
      return readers[group].first { $0.channels == most }?.scale
    }
  }

  private mutating func rescale() -> Bool {
    let reach: ClosedRange<Float> = 1e-30...1e30
    for tensor in tensors.indices {
      guard let unit = units[tensor], let quantization = tensors[tensor].quantization else {
        continue
      }
      let scale = Float(Double(quantization.scale) / Double(unit))
      guard reach.contains(scale) else { return false }
      tensors[tensor].quantization = quantization.with([scale])
    }
    for (index, op) in operators.enumerated() where op.kind.isWeighted && op.inputs.count == 3 {
      let (inputUnit, outputUnit) = (units[op.inputs[0]], units[op.output])
      guard inputUnit != nil || outputUnit != nil else { continue }
      guard let input = tensors[op.inputs[0]].quantization,
        let weights = tensors[op.inputs[1]].quantization,
        let bias = tensors[op.inputs[2]].quantization
      else { return false }
      let factor = Double(inputUnit ?? 1) / Double(outputUnit ?? 1)
      let scales = weights.scales.map { Float(Double($0) * factor) }
      let biasScales = scales.map { input.scale * $0 }
      guard (scales + biasScales).allSatisfy({ reach.contains($0) }) else { return false }
      tensors[op.inputs[1]].quantization = weights.with(scales)
      tensors[op.inputs[2]].quantization = bias.with(biasScales)
      if outputUnit != nil { operators[index].kind = op.kind.withoutUpperClamp }
    }
    return true
  }

  /// Whether int8's own end is the upper clamp of an operator, so that it may go unsaid: under
  /// another scale, RELU6 would clamp elsewhere.
  private func clampsAtTheEnd(_ op: LoweredGraph.Operation) -> Bool {
    guard op.kind.fusedActivation == .relu6 else { return true }
    guard let quantization = tensors[op.output].quantization else { return false }
    return Float(quantization.zeroPoint) + (6 / quantization.scale).rounded() >= 127
  }
}

extension Quantization {
  fileprivate func with(_ scales: [Float]) -> Quantization? {
    Quantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
  }
}

extension OperatorKind {
  fileprivate var isWeighted: Bool {
    switch self {
    case .conv2D, .depthwiseConv2D, .fullyConnected: true
    case .add, .sub, .mul, .mean, .averagePool2D, .maxPool2D, .pad, .concatenation, .softmax,
      .logistic, .hardSwish, .leakyRelu, .activation, .reshape, .transpose, .stridedSlice,
      .gather, .quantize, .dequantize:
      false
    }
  }

  /// Whether its integers stay if all of its scales, inputs' and output's, are multiplied by one
  /// number.
  fileprivate var readsRatios: Bool {
    switch self {
    case .add(let activation), .sub(let activation), .activation(let activation),
      .averagePool2D(_, _, _, let activation), .maxPool2D(_, _, _, let activation):
      activation != .relu6
    case .mean, .pad, .concatenation, .leakyRelu, .reshape, .transpose, .stridedSlice, .gather,
      .quantize:
      true
    case .conv2D, .depthwiseConv2D, .fullyConnected, .mul, .softmax, .logistic, .hardSwish,
      .dequantize:
      false
    }
  }

  /// Of an operator with weights.
  fileprivate var fusedActivation: Activation {
    switch self {
    case .conv2D(_, let activation), .depthwiseConv2D(_, _, let activation),
      .fullyConnected(let activation, _):
      activation
    default: .none
    }
  }

  fileprivate var withoutUpperClamp: OperatorKind {
    guard fusedActivation == .relu6 else { return self }
    switch self {
    case .conv2D(let window, _): return .conv2D(window, .relu)
    case .depthwiseConv2D(let window, let depthMultiplier, _):
      return .depthwiseConv2D(window, depthMultiplier: depthMultiplier, .relu)
    case .fullyConnected(_, let keeps): return .fullyConnected(.relu, keepDimensions: keeps)
    default: return self
    }
  }
}
