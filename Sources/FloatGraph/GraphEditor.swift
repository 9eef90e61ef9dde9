/// A graph while passes rewrite it: who computes and who reads each value is kept up to date.
///
/// Values keep their indices, and with them their shapes, until ``compacted()``; removed nodes
/// leave a gap.
struct GraphEditor {
  private var graph: FloatGraph
  private(set) var nodes: [FloatNode?]
  private(set) var values: [FloatValue]
  private(set) var output: Int
  private var producers: [Int?]
  /// Ascending; a node that reads a value twice stands twice.
  private var readers: [[Int]]
  /// At the graph's own size.
  let shapes: [[Int]]
  /// At twice the size, to tell what depends on it; nil where the graph does not take that.
  private let widerShapes: [[Int]]?

  init(_ graph: FloatGraph) throws(FloatGraphError) {
    let extents = graph.inputExtents
    shapes = try graph.shapes(height: extents.height, width: extents.width)
    // The extents passed the limits of a shape: doubling cannot overflow.
    widerShapes = try? graph.shapes(height: 2 * extents.height, width: 2 * extents.width)
    self.graph = graph
    nodes = graph.nodes
    values = graph.values
    output = graph.output
    producers = Array(repeating: nil, count: graph.values.count)
    readers = Array(repeating: [], count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      producers[node.output] = index
      for value in node.inputs { readers[value].append(index) }
    }
  }

  // MARK: Looking

  /// The node that computes a value.
  func producer(of value: Int) -> Int? { producers[value] }

  func readers(of value: Int) -> [Int] { readers[value] }

  /// The node that computes a value which `reader` alone reads, once.
  func soleProducer(of value: Int, for reader: Int) -> Int? {
    guard value != output, readers[value] == [reader] else { return nil }
    return producers[value]
  }

  func constant(_ value: Int) -> FloatArray? { values[value].constant }

  /// Whether two values have the same shape, whatever the input's size.
  func haveSameShape(_ first: Int, _ second: Int) -> Bool {
    shapes[first] == shapes[second]
      && (widerShapes.map { $0[first] == $0[second] } ?? true)
  }

  /// Whether a value's shape does not depend on the input's size.
  func hasFixedShape(_ value: Int) -> Bool {
    widerShapes.map { $0[value] == shapes[value] } ?? true
  }

  /// The shapes of a value at the sizes that are looked at.
  func observedShapes(_ value: Int) -> [[Int]] {
    [shapes[value]] + (widerShapes.map { [$0[value]] } ?? [])
  }

  // MARK: Changing

  /// Puts another node in the place of one; producers that nobody reads any more go.
  mutating func replace(_ index: Int, by node: FloatNode) {
    let old = nodes[index]
    for value in node.inputs { insert(reader: index, of: value) }
    if let old {
      producers[old.output] = nil
      for value in old.inputs { drop(reader: index, of: value) }
    }
    producers[node.output] = index
    nodes[index] = node
    sweep(old?.inputs ?? [])
  }

  /// Makes a value constant; its node goes.
  mutating func fold(_ index: Int, into constant: FloatArray) {
    guard let node = nodes[index] else { return }
    values[node.output].constant = constant
    remove(index)
  }

  /// Removes a node that does nothing (any more): what reads its output reads its first input.
  ///
  /// `isIdentity`: whether both always were the same, so that what the source says of one holds
  /// for the other.
  mutating func bypass(_ index: Int, isIdentity: Bool = false) {
    guard let node = nodes[index] else { return }
    let source = node.inputs[0]
    if isIdentity {
      let range = graph.givenRanges[node.output] ?? graph.givenRanges[source]
      graph.givenRanges[node.output] = range
      graph.givenRanges[source] = range
    }
    if let before = soleProducer(of: source, for: index), var producer = nodes[before] {
      // The later value survives: it may be the output, whose name is known outside.
      remove(index, sweeping: false)
      producer.output = node.output
      replace(before, by: producer)
      return
    }
    for reader in Set(readers[node.output]).sorted() {
      guard var next = nodes[reader] else { continue }
      next.inputs = next.inputs.map { $0 == node.output ? source : $0 }
      replace(reader, by: next)
    }
    if output == node.output { output = source }
    // Its last reader may have swept it already.
    if nodes[index] != nil { remove(index) }
  }

  private mutating func remove(_ index: Int, sweeping: Bool = true) {
    guard let node = nodes[index] else { return }
    nodes[index] = nil
    producers[node.output] = nil
    for value in node.inputs { drop(reader: index, of: value) }
    if sweeping { sweep(node.inputs) }
  }

  /// Removes the producers of those values that nobody reads, and so on upwards.
  private mutating func sweep(_ candidates: [Int]) {
    var candidates = candidates
    while let value = candidates.popLast() {
      guard value != output, readers[value].isEmpty, let index = producers[value],
        let node = nodes[index]
      else { continue }
      remove(index, sweeping: false)
      candidates += node.inputs
    }
  }

  private mutating func insert(reader: Int, of value: Int) {
    readers[value].append(reader)
    readers[value].sort()
  }

  private mutating func drop(reader: Int, of value: Int) {
    if let position = readers[value].firstIndex(of: reader) {
      readers[value].remove(at: position)
    }
  }

  // MARK: The result

  /// The graph without gaps: nodes that the output needs, values numbered anew in their old order.
  func compacted() -> FloatGraph {
    var needed = Set([output])
    var kept: [FloatNode] = []
    for case .some(let node) in nodes.reversed() where needed.contains(node.output) {
      needed.formUnion(node.inputs)
      kept.append(node)
    }
    needed.insert(graph.input)
    let order = needed.sorted()
    let numbers = Dictionary(
      uniqueKeysWithValues: order.enumerated().map { ($0.element, $0.offset) })
    var result = graph
    result.values = order.map { values[$0] }
    result.nodes = kept.reversed().map { node in
      var node = node
      node.inputs = node.inputs.compactMap { numbers[$0] }
      node.output = numbers[node.output] ?? 0
      return node
    }
    result.input = numbers[graph.input] ?? 0
    result.output = numbers[output] ?? 0
    result.givenRanges = [:]
    for (value, range) in graph.givenRanges {
      if let number = numbers[value] { result.givenRanges[number] = range }
    }
    return result
  }
}
