extension GraphEditor {
  /// Computes nodes that read constants only.
  mutating func foldConstants() -> Bool {
    var changed = false
    for index in nodes.indices {
      guard let node = nodes[index], node.output != output else { continue }
      let operands = node.inputs.compactMap(constant)
      guard operands.count == node.inputs.count, let result = node.evaluated(operands) else {
        continue
      }
      fold(index, into: result)
      changed = true
    }
    return changed
  }

  /// Sums, products and the like with a constant that has one entry, or one for each channel.
  mutating func makeAffinesOfConstants() -> Bool {
    var changed = false
    for index in nodes.indices {
      guard var node = nodes[index], case .binary(let kind) = node.operation else { continue }
      let constants = node.inputs.map(constant)
      guard (constants[0] == nil) != (constants[1] == nil) else { continue }
      let isFirst = constants[0] != nil
      let operand = node.inputs[isFirst ? 1 : 0]
      guard let entries = (constants[0] ?? constants[1])?.channelEntries(for: shapes[operand]),
        haveSameShape(node.output, operand),
        let affine = kind.affine(entries, isFirst: isFirst)
      else { continue }
      node.operation = affine
      node.inputs = [operand]
      replace(index, by: node)
      changed = true
    }
    return changed
  }
}

extension FloatNode {
  /// The node's output for constant inputs; nil where it cannot be computed.
  fileprivate func evaluated(_ operands: [FloatArray]) -> FloatArray? {
    var node = self
    node.inputs = Array(1...operands.count)
    node.output = operands.count + 1
    let graph = FloatGraph(
      name: name,
      values: [FloatValue(name: "")] + operands.map { FloatValue(name: "", constant: $0) }
        + [FloatValue(name: "")],
      nodes: [node], input: 0, output: node.output,
      inputExtents: ImageExtents(height: 1, width: 1, channels: 1))
    guard var executor = try? FloatExecutor(graph, height: 1, width: 1) else { return nil }
    let elements = executor.run(input: [0])
    return FloatArray(shape: executor.outputShape, elements: elements)
  }
}

extension FloatArray {
  /// The entries if there is one, or one for each channel of `shape` and nothing else varies.
  fileprivate func channelEntries(for shape: [Int]) -> [Float]? {
    if elements.count == 1 { return elements }
    guard self.shape.last == elements.count, shape.last == elements.count else { return nil }
    return elements
  }
}

extension BinaryKind {
  /// The affine that it is with a constant as its first or its second operand.
  fileprivate func affine(_ entries: [Float], isFirst: Bool) -> FloatOperation? {
    switch self {
    case .add: return .affine(scale: [1], offset: entries)
    case .subtract:
      return isFirst
        ? .affine(scale: [-1], offset: entries)
        : .affine(scale: [1], offset: entries.map { -$0 })
    case .multiply: return .affine(scale: entries, offset: [0])
    case .divide:
      let inverse = entries.map { Float(1 / Double($0)) }
      guard !isFirst, inverse.allSatisfy(\.isFinite) else { return nil }
      return .affine(scale: inverse, offset: [0])
    }
  }
}
