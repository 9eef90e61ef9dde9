extension FloatGraph {
  /// The same function without some of the channels that are 0 for every image; and how many of
  /// them (each counted once, where a convolution makes it) are gone.
  ///
  /// A channel counts as dead where interval arithmetic from the input's range proves it: the most
  /// that its convolution can give, bias included, is not above 0, and a clamp makes 0 of that.
  /// (Training leaves such channels, with weights near 0, behind batch normalisation.) It is removed
  /// from its convolution, from the depthwise ones behind it that keep it 0, and from the weights of
  /// those that read it; nothing else may.
  ///
  /// Layers of one width keep one width: as many go as all of them can spare. A `.tflite` file holds
  /// a vector of zero points, 8 bytes a channel, for each width that occurs, so that removing all
  /// would cost more bytes than it saves (EfficientNet-Lite0: +26 kB instead of -8 kB).
  ///
  /// - Parameter input: what no element of the image leaves.
  public func removingDeadChannels(input: ClipRange) -> (graph: FloatGraph, removed: Int) {
    let chains = DeadChannels(self, input: input).chains
    var spare: [Int: Int] = [:]
    for (index, node) in nodes.enumerated() {
      guard let width = node.weightedWidth else { continue }
      let own = chains.first { $0.members.contains(index) }?.channels.count ?? 0
      spare[width] = min(spare[width] ?? width - 1, own)
    }
    var result = self
    var removed = 0
    for chain in chains {
      guard let first = chain.members.first, let width = nodes[first].weightedWidth,
        let count = spare[width], count > 0
      else { continue }
      let gone = Set(chain.channels.prefix(count))
      let kept = (0..<width).filter { !gone.contains($0) }
      for member in chain.members { result.nodes[member].keepOutputs(kept) }
      for reader in chain.readers { result.nodes[reader].keepInputs(kept) }
      removed += count
    }
    return (result, removed)
  }
}

/// The channels of a convolution that may go, and who must let go of them.
private struct DeadChain {
  /// The convolution, and depthwise ones behind it.
  var members: [Int]
  /// The convolutions of one group that read a member.
  var readers: [Int]
  /// Ascending.
  var channels: [Int]
}

/// Bounds on what each value can hold, and what follows from them.
private struct DeadChannels {
  /// By channel of the last axis, or one entry for all of them.
  private struct Bounds {
    var low: [Double] = [-.infinity]
    var high: [Double] = [.infinity]

    subscript(channel: Int) -> (low: Double, high: Double) {
      low.count == 1 ? (low[0], high[0]) : (low[channel], high[channel])
    }

    func clipped(_ clip: ClipRange?) -> Bounds {
      guard let clip else { return self }
      func clamp(_ x: Double) -> Double { min(max(x, Double(clip.minimum)), Double(clip.maximum)) }
      return Bounds(low: low.map(clamp), high: high.map(clamp))
    }
  }

  private(set) var chains: [DeadChain] = []
  private let graph: FloatGraph
  private var bounds: [Bounds]
  private var readers: [[Int]]

  /// What float32 sums may be off by, as a share of the sum of magnitudes.
  private static let slack = 1e-5

  init(_ graph: FloatGraph, input: ClipRange) {
    self.graph = graph
    bounds = Array(repeating: Bounds(), count: graph.values.count)
    readers = Array(repeating: [], count: graph.values.count)
    bounds[graph.input] = Bounds().clipped(input)
    for (index, node) in graph.nodes.enumerated() {
      bounds[node.output] = bounds(of: node)
      for value in node.inputs { readers[value].append(index) }
    }
    for (index, node) in graph.nodes.enumerated() {
      guard case .convolution(let convolution) = node.operation, convolution.groups == 1 else {
        continue
      }
      var chain = DeadChain(
        members: [], readers: [], channels: Array(0..<convolution.outputChannels))
      follow(index, &chain)
      if !chain.channels.isEmpty { chains.append(chain) }
    }
  }

  /// Adds a node to a chain, and those behind it; the channels that cannot go leave the chain.
  private func follow(_ index: Int, _ chain: inout DeadChain) {
    let value = graph.nodes[index].output
    chain.members.append(index)
    chain.channels.removeAll {
      bounds[value][$0].low != 0 || bounds[value][$0].high != 0 || value == graph.output
    }
    for reader in readers[value] where !chain.channels.isEmpty {
      guard case .convolution(let convolution) = graph.nodes[reader].operation else {
        chain.channels = []
        return
      }
      if convolution.groups == 1 {
        chain.readers.append(reader)
      } else if convolution.isDepthwise, convolution.outputChannels == convolution.groups {
        follow(reader, &chain)
      } else {
        chain.channels = []
      }
    }
  }

  private func bounds(of node: FloatNode) -> Bounds {
    let inputs = node.inputs.map { graph.values[$0].constant == nil ? bounds[$0] : Bounds() }
    var result = Bounds()
    switch node.operation {
    case .convolution(let convolution): result = bounds(of: convolution, inputs[0])
    case .binary(.add):
      if inputs[0].low.count == inputs[1].low.count {
        result.low = zip(inputs[0].low, inputs[1].low).map { $0 + $1 }
        result.high = zip(inputs[0].high, inputs[1].high).map { $0 + $1 }
      }
    case .clip(let range): result = inputs[0].clipped(range)
    case .maxPool: result = inputs[0]
    case .fullyConnected, .binary, .affine, .leakyReLU, .hardSwish, .hardSigmoid, .sigmoid,
      .softmax, .averagePool, .mean, .pad, .concatenate, .slice, .gather, .reshape, .transpose:
      break
    }
    return result.clipped(node.clip)
  }

  /// Padding is 0, so that each tap reads its input's interval or 0.
  private func bounds(of convolution: FloatConvolution, _ input: Bounds) -> Bounds {
    let outputs = convolution.outputChannels
    let depth = convolution.weights.shape[3]
    let taps = convolution.weights.shape[1] * convolution.weights.shape[2]
    var result = Bounds(low: [], high: [])
    for output in 0..<outputs {
      let first = output / (outputs / convolution.groups) * depth
      var low = Double(convolution.bias[output])
      var high = low
      var magnitude = 0.0
      for place in 0..<taps * depth {
        let weight = Double(convolution.weights.elements[output * taps * depth + place])
        guard weight != 0 else { continue }
        let range = input[first + place % depth]
        let (least, most) = (min(0, range.low) * weight, max(0, range.high) * weight)
        low += min(least, most)
        high += max(least, most)
        magnitude += max(abs(least), abs(most))
      }
      if magnitude > 0 {
        let error = (magnitude + abs(Double(convolution.bias[output]))) * DeadChannels.slack
        low -= error
        high += error
      }
      // Not-a-number, from a weight that is none, bounds nothing.
      result.low.append(low.isNaN ? -.infinity : low)
      result.high.append(high.isNaN ? .infinity : high)
    }
    return result
  }
}

extension FloatNode {
  /// The output channels of a node with weights.
  fileprivate var weightedWidth: Int? {
    switch operation {
    case .convolution(let convolution): convolution.outputChannels
    case .fullyConnected(_, let bias): bias.count
    case .affine(let scale, let offset): max(scale.count, offset.count)
    default: nil
    }
  }

  /// Leaves a convolution these output channels, and a depthwise one the same inputs.
  fileprivate mutating func keepOutputs(_ kept: [Int]) {
    guard case .convolution(var convolution) = operation else { return }
    if convolution.isDepthwise { convolution.groups = kept.count }
    var shape = convolution.weights.shape
    let count = shape.dropFirst().reduce(1, *)
    shape[0] = kept.count
    let elements = convolution.weights.elements
    convolution.weights = FloatArray(
      shape: shape, elements: kept.flatMap { elements[$0 * count..<($0 + 1) * count] })
    convolution.bias = kept.map { convolution.bias[$0] }
    operation = .convolution(convolution)
  }

  /// Leaves a convolution of one group these input channels.
  fileprivate mutating func keepInputs(_ kept: [Int]) {
    guard case .convolution(var convolution) = operation else { return }
    var shape = convolution.weights.shape
    let depth = shape[3]
    let rows = shape[0] * shape[1] * shape[2]
    shape[3] = kept.count
    let elements = convolution.weights.elements
    convolution.weights = FloatArray(
      shape: shape,
      elements: (0..<rows).flatMap { row in kept.map { elements[row * depth + $0] } })
    operation = .convolution(convolution)
  }
}
