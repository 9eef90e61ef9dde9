public import FloatGraph
public import Tensors

/// Which activations of a graph must have one scale and zero point, and which have no choice.
///
/// TensorFlow Lite's int8 operators that move or compare stored values (RESHAPE, STRIDED_SLICE,
/// GATHER, TRANSPOSE, PAD, the pools, CONCATENATION) read and write them under one quantization;
/// LOGISTIC and SOFTMAX write theirs under a fixed one, and the network's input has that of its
/// preprocessing. https://ai.google.dev/edge/litert/models/quantization_spec
///
/// Values are grouped along the first rule. A value that is held by the second rule, or by a clamp
/// that only its range expresses, would force that on what it meets in a CONCATENATION: there it is
/// a group of its own, and the lowering puts a QUANTIZE between the two (int8 to int8).
public struct ActivationGroups: Sendable {
  /// What leaves a group no choice.
  public enum Fixed: Sendable, Hashable {
    /// The network's input: the plan has its quantization from the preprocessing.
    case networkInput
    /// The output of a sigmoid or a softmax: 0...255/256.
    case probabilities
  }

  /// The lowest value of each group, ascending. Constants are in none.
  public let representatives: [Int]
  /// The values of each group, ascending, by representative.
  public let members: [Int: [Int]]
  /// By representative; absent where the plan may choose.
  public let fixed: [Int: Fixed]
  /// By representative: what the real numbers of the group's -128 and 127 must not exceed by more
  /// than half a step, because the end of int8 is what clamps there. Absent where nothing does.
  public let limits: [Int: ClipRange]

  private let representativeOfValue: [Int]

  /// Scale 1/256, zero point -128.
  public static var probabilities: Quantization {
    guard let quantization = Quantization(scale: 1 / 256, zeroPoint: -128) else {
      preconditionFailure("1/256 is a scale")
    }
    return quantization
  }

  public init(_ graph: FloatGraph) {
    let sources = Source.all(of: graph)
    var sets = DisjointSets(count: graph.values.count)
    for node in graph.nodes where sources[node.output] == nil {
      for input in node.inputs where graph.values[input].constant == nil {
        sets.join(input, node.output)
      }
    }
    // Concatenation joins its inputs even where its clamp keeps the output apart.
    for node in graph.nodes where sources[node.output] != nil && node.operation.keepsStoredValues {
      let inputs = node.inputs.filter { graph.values[$0].constant == nil }
      for input in inputs.dropFirst() { sets.join(inputs[0], input) }
    }

    var sourcesOfGroup: [Int: [Int]] = [:]
    for (value, source) in sources.enumerated() where source != nil {
      sourcesOfGroup[sets.root(of: value), default: []].append(value)
    }
    var roots = graph.values.indices.map { sets.root(of: $0) }
    var fixed: [Int: Fixed] = [:]
    var limits: [Int: ClipRange] = [:]
    for root in sourcesOfGroup.keys.sorted() {
      let all = sourcesOfGroup[root] ?? []
      let first = all.first.flatMap { sources[$0] }
      if let first, all.allSatisfy({ sources[$0] == first }) {
        fixed[root] = first.fixed
        limits[root] = first.limit
        continue
      }
      for value in all {
        guard let source = sources[value], source != Source() else { continue }
        roots[value] = graph.values.count + value
        fixed[roots[value]] = source.fixed
        limits[roots[value]] = source.limit
      }
    }

    var lowest: [Int: Int] = [:]
    var members: [Int: [Int]] = [:]
    var representatives: [Int] = []
    for value in graph.values.indices where graph.values[value].constant == nil {
      let representative = lowest[roots[value]] ?? value
      if lowest[roots[value]] == nil {
        lowest[roots[value]] = value
        representatives.append(value)
      }
      members[representative, default: []].append(value)
    }
    self.representatives = representatives
    self.members = members
    func byRepresentative<T>(_ entries: [Int: T]) -> [Int: T] {
      var out: [Int: T] = [:]
      for (root, entry) in entries {
        if let representative = lowest[root] { out[representative] = entry }
      }
      return out
    }
    self.fixed = byRepresentative(fixed)
    self.limits = byRepresentative(limits)
    representativeOfValue = graph.values.indices.map { lowest[roots[$0]] ?? $0 }
  }

  /// The representative of `value`'s group; a constant's is itself.
  public func representative(of value: Int) -> Int { representativeOfValue[value] }
}

/// Where stored numbers come from that no other operator has stored before.
private struct Source: Hashable {
  var fixed: ActivationGroups.Fixed?
  var limit: ClipRange?

  /// By value; nil for constants and for what takes over its inputs' stored values.
  static func all(of graph: FloatGraph) -> [Source?] {
    var sources = [Source?](repeating: nil, count: graph.values.count)
    sources[graph.input] = Source(fixed: .networkInput)
    for node in graph.nodes {
      let limit = node.saturatingClip
      switch node.operation {
      case .sigmoid, .softmax:
        sources[node.output] = Source(fixed: .probabilities)
      default:
        if node.operation.keepsStoredValues, limit == nil { continue }
        sources[node.output] = Source(limit: limit)
      }
    }
    return sources
  }
}

extension FloatOperation {
  /// Whether its int8 operator moves or compares stored values, so that its inputs and its output
  /// have one quantization.
  package var keepsStoredValues: Bool {
    switch self {
    case .maxPool, .averagePool, .pad, .concatenate, .slice, .gather, .reshape, .transpose: true
    case .convolution, .fullyConnected, .binary, .affine, .clip, .leakyReLU, .hardSwish,
      .hardSigmoid, .sigmoid, .softmax, .mean:
      false
    }
  }
}

extension FloatNode {
  /// Everything that is clamped at this node's end: its own clip, and that of its operation.
  package var effectiveClip: ClipRange? {
    let own: ClipRange? =
      switch operation {
      case .clip(let range): range
      case .hardSigmoid: ClipRange(minimum: 0, maximum: 1)
      default: nil
      }
    guard let own else { return clip }
    guard let clip else { return own }
    return ClipRange(
      minimum: max(own.minimum, clip.minimum), maximum: min(own.maximum, clip.maximum))
  }

  /// The clip, where RELU and RELU6 do not say all of it and the output's range must.
  package var saturatingClip: ClipRange? {
    guard let clip = effectiveClip, clip != .relu, clip != .relu6,
      clip.minimum > -.infinity || clip.maximum < .infinity
    else { return nil }
    return clip
  }
}

/// Union-find with path halving; the lowest element is the root.
struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func root(of element: Int) -> Int {
    var element = element
    while parents[element] != element {
      parents[element] = parents[parents[element]]
      element = parents[element]
    }
    return element
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (root(of: a), root(of: b))
    parents[max(a, b)] = min(a, b)
  }
}
