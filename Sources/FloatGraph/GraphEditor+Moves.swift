extension GraphEditor {
  /// Removes nodes whose output is their input.
  mutating func removeIdentities() -> Bool {
    var changed = false
    for index in nodes.indices {
      guard var node = nodes[index] else { continue }
      if case .affine(let scale, let offset) = node.operation, let clip = node.clip,
        scale.allSatisfy({ $0 == 1 }), offset.allSatisfy({ $0 == 0 })
      {
        node.operation = .clip(clip)
        node.clip = nil
        replace(index, by: node)
        changed = true
      } else if isIdentity(node) {
        bypass(index, isIdentity: true)
        changed = true
      } else if case .gather(let axis, let indices) = node.operation, let step = stride(indices) {
        node.operation = .slice(axis: axis, start: indices[0], count: indices.count, step: step)
        replace(index, by: node)
        changed = true
      } else if case .transpose(let permutation) = node.operation,
        movesUnitAxesOnly(node.inputs[0], permutation), hasFixedShape(node.output)
      {
        node.operation = .reshape(to: shapes[node.output])
        replace(index, by: node)
        changed = true
      }
    }
    return changed
  }

  private func isIdentity(_ node: FloatNode) -> Bool {
    guard node.clip == nil else { return false }
    switch node.operation {
    case .reshape, .slice: return haveSameShape(node.inputs[0], node.output)
    case .gather(_, let indices):
      return haveSameShape(node.inputs[0], node.output) && indices == Array(indices.indices)
    case .transpose(let permutation):
      return permutation == Array(permutation.indices)
        || haveSameShape(node.inputs[0], node.output)
          && movesUnitAxesOnly(node.inputs[0], permutation)
    case .affine(let scale, let offset):
      return scale.allSatisfy { $0 == 1 } && offset.allSatisfy { $0 == 0 }
    case .clip(let range): return range == .unlimited
    case .pad(let before, let after, _): return (before + after).allSatisfy { $0 == 0 }
    case .concatenate: return node.inputs.count == 1
    case .mean(let axes, _): return axes.isEmpty
    case .convolution, .fullyConnected, .binary, .leakyReLU, .hardSwish, .hardSigmoid, .sigmoid,
      .softmax, .maxPool, .averagePool:
      return false
    }
  }

  /// The step by which indices rise; nil where they do otherwise.
  private func stride(_ indices: [Int]) -> Int? {
    guard indices.count > 1 else { return 1 }
    let step = indices[1] - indices[0]
    let isEven = zip(indices, indices.dropFirst()).allSatisfy { $1 - $0 == step }
    return step >= 1 && isEven ? step : nil
  }

  /// Whether the elements keep their order: the axes of more than one element keep theirs.
  private func movesUnitAxesOnly(_ value: Int, _ permutation: [Int]) -> Bool {
    observedShapes(value).allSatisfy { shape in
      let moved = permutation.filter { shape[$0] != 1 }
      return moved == moved.sorted()
    }
  }

  /// Two nodes in a row that move elements become one that reads the first one's input.
  mutating func composeMoves() -> Bool {
    var changed = false
    for index in nodes.indices {
      guard var node = nodes[index], node.inputs.count == 1,
        let above = producer(of: node.inputs[0]), let first = nodes[above], first.clip == nil,
        let operation = composed(first, node)
      else { continue }
      node.operation = operation
      node.inputs = first.inputs
      replace(index, by: node)
      changed = true
    }
    return changed
  }

  private func composed(_ first: FloatNode, _ second: FloatNode) -> FloatOperation? {
    switch (first.operation, second.operation) {
    case (.reshape, .reshape(let target)):
      // An extent that is kept is one of the first reshape's.
      return target.contains(0) ? nil : second.operation
    case (.transpose(let before), .transpose(let after)):
      return .transpose(permutation: after.map { before[$0] })
    case (.slice(let axis, let start, let count, let step), .slice(let other, let s, let n, let t))
    where axis == other:
      return composedSlices(axis, (start, count, step), (s, n, t))
    case (.gather(let axis, let indices), .gather(let other, let picks)) where axis == other:
      guard isReadByMovesAlone(first.output, along: axis) else { return nil }
      return .gather(axis: axis, indices: picks.map { indices[$0] })
    case (.gather(let axis, let indices), .slice(let other, let start, _, let step))
    where axis == other:
      guard isReadByMovesAlone(first.output, along: axis) else { return nil }
      let count = shapes[second.output][axis]
      return .gather(axis: axis, indices: (0..<count).map { indices[start + $0 * step] })
    case (.slice(let axis, let start, _, let step), .gather(let other, let picks))
    where axis == other:
      guard isReadByMovesAlone(first.output, along: axis) else { return nil }
      return .gather(axis: axis, indices: picks.map { start + $0 * step })
    default:
      return nil
    }
  }

  private func composedSlices(
    _ axis: Int, _ first: (start: Int, count: Int?, step: Int),
    _ second: (start: Int, count: Int?, step: Int)
  ) -> FloatOperation? {
    // With one index a step means nothing and may be huge: products are checked.
    let (offset, o1) = second.start.multipliedReportingOverflow(by: first.step)
    let (start, o2) = first.start.addingReportingOverflow(offset)
    let (step, o3) = first.step.multipliedReportingOverflow(by: second.step)
    guard !o1, !o2, !o3 else { return nil }
    let left = first.count.map { ($0 - second.start - 1) / second.step + 1 }
    return .slice(axis: axis, start: start, count: second.count ?? left, step: step)
  }

  /// Whether the value is read by slices and gathers of that axis only: then all of them can go
  /// past its producer, which dies. Otherwise one move would become two.
  private func isReadByMovesAlone(_ value: Int, along axis: Int) -> Bool {
    value != output
      && readers(of: value).allSatisfy { reader in
        switch nodes[reader]?.operation {
        case .slice(let other, _, _, _), .gather(let other, _): other == axis
        default: false
        }
      }
  }
}
