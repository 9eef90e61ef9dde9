import FloatGraph

/// A node with weights, as the rounding sees it.
struct WeightedLayer: Sendable {
  /// What part it plays, which decides its bits below 8.
  enum Role: Sendable, Hashable {
    /// The first layer after the image.
    case stem
    /// One input channel for each output: few weights, each of them dear.
    case depthwise
    /// The last layer before the answer.
    case classifier
    case inner
  }

  let node: Int
  let name: String
  let role: Role
  let weights: LayerWeights
  /// The value that it reads.
  let input: Int
  /// Nil for fully connected and affine layers: one position for each of the input's rows.
  let window: FloatWindow?

  /// Whether its weights are written with 4 bits where asked: the file format has no 4-bit form of
  /// a depthwise convolution.
  var takesFewBits: Bool { role != .depthwise }

  /// The layers with weights in execution order.
  ///
  /// - Parameter shapes: by value.
  static func all(of graph: FloatGraph, shapes: [[Int]]) throws(QuantizationError)
    -> [WeightedLayer]
  {
    var found: [WeightedLayer] = []
    let last = graph.nodes.lastIndex { $0.isClassifier }
    for (index, node) in graph.nodes.enumerated() {
      var weights: LayerWeights?
      var window: FloatWindow?
      var isDepthwise = false
      switch node.operation {
      case .convolution(let convolution):
        weights = LayerWeights(convolution)
        window = convolution.window
        window?.kernelHeight = convolution.weights.shape[1]
        window?.kernelWidth = convolution.weights.shape[2]
        isDepthwise = convolution.isDepthwise
      case .fullyConnected(let matrix, let bias):
        weights = LayerWeights(weights: matrix.elements, bias: bias)
      case .affine(let scale, let offset):
        let channels = shapes[node.inputs[0]].last ?? 1
        let spread = { (entries: [Float]) in
          entries.count == channels ? entries : [Float](repeating: entries[0], count: channels)
        }
        weights = LayerWeights(weights: spread(scale), bias: spread(offset), groups: channels)
        isDepthwise = true
      default: continue
      }
      weights?.givenScales = node.givenWeightScales
      guard let weights else {
        throw .invalidGraph(reason: "the weights of node '\(node.name)' do not fit its shape")
      }
      let role: Role =
        isDepthwise ? .depthwise : index == last ? .classifier : found.isEmpty ? .stem : .inner
      found.append(
        WeightedLayer(
          node: index, name: node.name, role: role, weights: weights, input: node.inputs[0],
          window: window))
    }
    return found
  }

  /// Takes rows of its input; nil where its window does not fit.
  ///
  /// - Parameter shape: the input's.
  func sampler(shape: [Int], seed: UInt64) -> PatchSampler? {
    let channels = shape.last ?? 1
    let seed = seed &+ UInt64(node) &* 0x9e37_79b9
    guard let window, shape.count == 4 else {
      return PatchSampler(
        rows: shape.dropLast().reduce(1, *), channels: channels, seed: seed)
    }
    return PatchSampler(
      window: window, inputHeight: shape[1], inputWidth: shape[2], channels: channels, seed: seed)
  }
}

extension FloatNode {
  /// Whether it could be the layer that gives the classes.
  fileprivate var isClassifier: Bool {
    switch operation {
    case .convolution, .fullyConnected: true
    default: false
    }
  }
}

extension FloatGraph {
  /// The graph with the clips of `layers` as nodes of their own, so that what the layers compute
  /// can be seen; `unclipped` is the value of each layer's own output.
  func unclipping(_ layers: [WeightedLayer]) -> (graph: FloatGraph, unclipped: [Int]) {
    var graph = self
    var nodes: [FloatNode] = []
    var unclipped: [Int] = []
    let weighted = Set(layers.map(\.node))
    for (index, node) in self.nodes.enumerated() {
      guard weighted.contains(index) else {
        nodes.append(node)
        continue
      }
      guard let clip = node.clip else {
        nodes.append(node)
        unclipped.append(node.output)
        continue
      }
      var bare = node
      bare.clip = nil
      graph.values.append(FloatValue(name: graph.values[node.output].name + "/unclipped"))
      bare.output = graph.values.count - 1
      unclipped.append(bare.output)
      nodes.append(bare)
      nodes.append(
        FloatNode(
          name: node.name + "/clip", operation: .clip(clip), inputs: [bare.output],
          output: node.output))
    }
    graph.nodes = nodes
    return (graph, unclipped)
  }
}
