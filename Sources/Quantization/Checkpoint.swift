package import FloatGraph

/// What the integer kernels gave for one value on every kept frame, so that the layers behind it
/// need not be reached from the image again: without it rounding would cost the square of the depth.
struct Checkpoint {
  let value: Int
  /// By size: the value as the input image of the rest.
  let extents: [ImageExtents]
  /// By frame, by size.
  var activations: [[[Int8]]]

  /// The images themselves.
  init(graph: FloatGraph, sizes: [ImageExtents], frames: [CalibrationStore.Frame]) {
    value = graph.input
    extents = sizes
    activations = frames.map(\.inputs)
  }

  /// An empty one for `value`; nil unless all later nodes depend on earlier ones through it alone,
  /// it is an image, and the frames' activations fit the memory for inputs.
  init?(
    _ value: Int, of graph: FloatGraph, sizes: [ImageExtents], frameCount: Int
  ) throws(QuantizationError) {
    guard graph.isCut(at: value) else { return nil }
    var extents: [ImageExtents] = []
    for size in sizes {
      let shape = try graph.checkedShapes(size)[value]
      guard shape.count == 4 else { return nil }
      extents.append(ImageExtents(height: shape[1], width: shape[2], channels: shape[3]))
    }
    let bytes = extents.reduce(0) { $0 + $1.height * $1.width * $1.channels }
    guard bytes * frameCount <= RowPlan.inputBudget else { return nil }
    self.value = value
    self.extents = extents
    activations = []
  }
}

extension FloatGraph {
  /// Whether the nodes behind the one that computes `value` read nothing older than it.
  package func isCut(at value: Int) -> Bool {
    guard let producer = nodes.firstIndex(where: { $0.output == value }) else { return false }
    var known: Set<Int> = [value]
    for node in nodes[(producer + 1)...] {
      for input in node.inputs where values[input].constant == nil && !known.contains(input) {
        return false
      }
      known.insert(node.output)
    }
    return true
  }

  /// The nodes that compute `end` from `start`, as a graph of their own, and which nodes of this
  /// graph they are. Values keep their indices.
  package func part(from start: Int, to end: Int) -> (graph: FloatGraph, nodes: [Int]) {
    var needed: Set<Int> = [end]
    var kept: [Int] = []
    for (index, node) in nodes.enumerated().reversed()
    where needed.contains(node.output) && node.output != start {
      kept.append(index)
      needed.formUnion(node.inputs)
    }
    kept.reverse()
    var graph = self
    graph.nodes = kept.map { nodes[$0] }
    graph.input = start
    graph.output = end
    return (graph, kept)
  }
}

extension QuantizationPlan {
  /// The plan of a graph that consists of these nodes.
  func ofPart(_ nodes: [Int]) -> QuantizationPlan {
    var layers: [Int: QuantizedLayer] = [:]
    for (place, node) in nodes.enumerated() { layers[place] = self.layers[node] }
    return QuantizationPlan(activations: activations, layers: layers)
  }
}
