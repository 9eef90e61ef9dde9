extension GraphEditor {
  /// A clamp goes into the node that computes its input, past nodes that only move elements.
  mutating func fuseClips() -> Bool {
    var changed = false
    for index in nodes.indices {
      guard let node = nodes[index], case .clip(let range) = node.operation,
        let target = clipTarget(for: index), var carrier = nodes[target]
      else { continue }
      if case .clip(let first) = carrier.operation {
        carrier.operation = .clip(first.then(range))
      } else {
        carrier.clip = (carrier.clip ?? .unlimited).then(range)
      }
      replace(target, by: carrier)
      bypass(index)
      changed = true
    }
    return changed
  }

  /// The nearest node above that may carry a clamp; nil where another reader, or a node that
  /// the clamp cannot pass, stands in between.
  private func clipTarget(for clip: Int) -> Int? {
    var below = clip
    while let node = nodes[below],
      let above = soleProducer(of: node.inputs[0], for: below), let candidate = nodes[above]
    {
      if candidate.operation.carriesClip { return above }
      if case .clip = candidate.operation { return above }
      guard candidate.operation.commutesWithClip else { return nil }
      below = above
    }
    return nil
  }
}
