extension FloatGraph {
  /// The same function in fewer nodes, in the form that the quantiser lowers.
  ///
  /// Normalisations go into the weights, clamps into the node before, padding into windows;
  /// what moves elements is composed or removed; constants and dead nodes go. Values are numbered
  /// anew, names and what is given are carried along. Results differ from the graph's own by
  /// the rounding of folded weights only. Throws ``FloatGraphError`` where the graph does not fit
  /// images of its own size.
  public func simplified() throws(FloatGraphError) -> FloatGraph {
    var editor = try GraphEditor(normalized())
    while true {
      // Each pass removes a node or brings one nearer to its final form, so this ends.
      var changed = editor.foldConstants()
      changed = editor.makeAffinesOfConstants() || changed
      changed = editor.removeIdentities() || changed
      changed = editor.composeMoves() || changed
      changed = editor.mergeAffines() || changed
      changed = editor.foldAffinesBack() || changed
      changed = editor.foldAffinesForward() || changed
      changed = editor.fuseClips() || changed
      changed = editor.foldPads() || changed
      if !changed { return editor.compacted() }
    }
  }

  /// Hard sigmoids as clamped affines; a clamp on what cannot carry one as a node of its own.
  func normalized() -> FloatGraph {
    var result = self
    result.nodes = []
    for var node in nodes {
      if case .hardSigmoid(let alpha, let beta) = node.operation {
        node.operation = .affine(scale: [alpha], offset: [beta])
        node.clip = ClipRange(minimum: 0, maximum: 1).then(node.clip)
      }
      if case .clip(let range) = node.operation {
        node.operation = .clip(range.then(node.clip))
        node.clip = nil
      }
      guard let clip = node.clip, !node.operation.carriesClip else {
        result.nodes.append(node)
        continue
      }
      let output = node.output
      node.clip = nil
      node.output = result.values.count
      let name = values.indices.contains(output) ? values[output].name : node.name
      result.values.append(FloatValue(name: name + " unclamped"))
      result.nodes.append(node)
      result.nodes.append(
        FloatNode(
          name: node.name, operation: .clip(clip), inputs: [node.output], output: output))
    }
    return result
  }
}

extension ClipRange {
  static let unlimited = ClipRange(minimum: -.infinity, maximum: .infinity)

  func clamped(_ x: Float) -> Float { min(max(x, minimum), maximum) }

  /// This clamp followed by another.
  func then(_ next: ClipRange?) -> ClipRange {
    guard let next else { return self }
    return ClipRange(minimum: next.clamped(minimum), maximum: next.clamped(maximum))
  }
}

extension FloatOperation {
  /// Whether a clamp may be fused into it: it computes its output, which therefore has a
  /// quantization of its own. What moves or selects elements shares its input's.
  var carriesClip: Bool {
    switch self {
    case .convolution, .fullyConnected, .binary, .affine, .leakyReLU, .hardSwish, .hardSigmoid,
      .sigmoid, .averagePool, .mean:
      true
    case .clip, .softmax, .maxPool, .pad, .concatenate, .slice, .gather, .reshape, .transpose:
      false
    }
  }

  /// Whether a clamp before it gives what a clamp after it gives: it selects elements, and no
  /// others appear. (A maximum is one of its elements, and the order of elements stays.)
  var commutesWithClip: Bool {
    switch self {
    case .maxPool, .slice, .gather, .reshape, .transpose: true
    case .convolution, .fullyConnected, .binary, .affine, .clip, .leakyReLU, .hardSwish,
      .hardSigmoid, .sigmoid, .softmax, .averagePool, .mean, .pad, .concatenate:
      false
    }
  }
}
