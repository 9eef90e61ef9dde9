extension GraphEditor {
  /// Two affines in a row become one.
  mutating func mergeAffines() -> Bool {
    var changed = false
    for index in nodes.indices {
      guard var node = nodes[index], case .affine(let scale, let offset) = node.operation,
        let before = soleProducer(of: node.inputs[0], for: index), let first = nodes[before],
        first.clip == nil, case .affine(let firstScale, let firstOffset) = first.operation
      else { continue }
      let merged = combine(firstScale, firstOffset, scale, offset)
      guard merged.scale.allSatisfy(\.isFinite), merged.offset.allSatisfy(\.isFinite) else {
        continue
      }
      node.operation = .affine(scale: merged.scale, offset: merged.offset)
      node.inputs = first.inputs
      replace(index, by: node)
      changed = true
    }
    return changed
  }

  /// An affine after a convolution or a fully connected layer goes into its weights.
  mutating func foldAffinesBack() -> Bool {
    var changed = false
    for index in nodes.indices {
      guard let node = nodes[index], case .affine(let scale, let offset) = node.operation,
        let before = soleProducer(of: node.inputs[0], for: index), var layer = nodes[before],
        layer.clip == nil, let operation = layer.operation.scalingOutputs(by: scale, offset)
      else { continue }
      layer.operation = operation
      layer.clip = node.clip
      if scale.contains(where: { $0 != 1 }) { layer.givenWeightScales = nil }
      replace(before, by: layer)
      bypass(index)
      changed = true
    }
    return changed
  }

  /// An affine before a convolution or a fully connected layer goes into its weights, where no
  /// padding stands between them.
  mutating func foldAffinesForward() -> Bool {
    var changed = false
    for index in nodes.indices {
      guard var layer = nodes[index],
        layer.inputs.count == 1, let before = soleProducer(of: layer.inputs[0], for: index),
        let node = nodes[before], node.clip == nil,
        case .affine(let scale, let offset) = node.operation,
        let operation = layer.operation.scalingInputs(by: scale, offset)
      else { continue }
      layer.operation = operation
      layer.inputs = node.inputs
      if scale.contains(where: { $0 != 1 }) { layer.givenWeightScales = nil }
      replace(index, by: layer)
      changed = true
    }
    return changed
  }

  /// `(x * scale + offset) * nextScale + nextOffset`, each with one entry or one for each channel.
  private func combine(
    _ scale: [Float], _ offset: [Float], _ nextScale: [Float], _ nextOffset: [Float]
  ) -> (scale: [Float], offset: [Float]) {
    func entry(_ list: [Float], _ index: Int) -> Double {
      Double(list[list.count == 1 ? 0 : index])
    }
    let scales = max(scale.count, nextScale.count)
    let offsets = max(offset.count, nextScale.count, nextOffset.count)
    return (
      (0..<scales).map { Float(entry(scale, $0) * entry(nextScale, $0)) },
      (0..<offsets).map {
        Float(entry(offset, $0) * entry(nextScale, $0) + entry(nextOffset, $0))
      }
    )
  }
}

extension FloatOperation {
  /// The layer followed by an affine; nil for what has no weights, or where they leave a float's
  /// range.
  package func scalingOutputs(by scale: [Float], _ offset: [Float]) -> FloatOperation? {
    switch self {
    case .convolution(var convolution):
      guard
        let scaled = convolution.weights.scalingRows(convolution.bias, by: scale, offset)
      else { return nil }
      (convolution.weights, convolution.bias) = scaled
      return .convolution(convolution)
    case .fullyConnected(let weights, let bias):
      guard let scaled = weights.scalingRows(bias, by: scale, offset) else { return nil }
      return .fullyConnected(weights: scaled.weights, bias: scaled.bias)
    case .binary, .affine, .clip, .leakyReLU, .hardSwish, .hardSigmoid, .sigmoid, .softmax,
      .maxPool, .averagePool, .mean, .pad, .concatenate, .slice, .gather, .reshape, .transpose:
      return nil
    }
  }

  /// The layer after an affine; nil for what has no weights, where padding stands between the two,
  /// or where the weights leave a float's range.
  package func scalingInputs(by scale: [Float], _ offset: [Float]) -> FloatOperation? {
    switch self {
    case .convolution(var convolution):
      guard !convolution.window.mayPad || offset.allSatisfy({ $0 == 0 }),
        let scaled = convolution.weights.scalingColumns(
          convolution.bias, by: scale, offset, groups: convolution.groups)
      else { return nil }
      (convolution.weights, convolution.bias) = scaled
      return .convolution(convolution)
    case .fullyConnected(let weights, let bias):
      guard let scaled = weights.scalingColumns(bias, by: scale, offset, groups: 1) else {
        return nil
      }
      return .fullyConnected(weights: scaled.weights, bias: scaled.bias)
    case .binary, .affine, .clip, .leakyReLU, .hardSwish, .hardSigmoid, .sigmoid, .softmax,
      .maxPool, .averagePool, .mean, .pad, .concatenate, .slice, .gather, .reshape, .transpose:
      return nil
    }
  }
}

extension FloatWindow {
  /// Whether a window may read outside of an image of some size.
  var mayPad: Bool {
    if roundsUp { return true }
    switch padding {
    case .explicit(let top, let left, let bottom, let right):
      return top != 0 || left != 0 || bottom != 0 || right != 0
    case .sameUpper, .sameLower:
      return kernelHeight != 1 || kernelWidth != 1
    }
  }
}

extension FloatArray {
  /// Rows of outputs, `[O, ...]`, and their bias, in double precision and then rounded.
  fileprivate func scalingRows(
    _ bias: [Float], by scale: [Float], _ offset: [Float]
  ) -> (weights: FloatArray, bias: [Float])? {
    let depth = elements.count / bias.count
    var result = self
    var shifted = bias
    for row in bias.indices {
      let factor = Double(scale[scale.count == 1 ? 0 : row])
      for index in row * depth..<(row + 1) * depth {
        result.elements[index] = Float(Double(elements[index]) * factor)
      }
      shifted[row] = Float(
        Double(bias[row]) * factor + Double(offset[offset.count == 1 ? 0 : row]))
    }
    guard shifted.allSatisfy(\.isFinite), result.elements.allSatisfy(\.isFinite) else {
      return nil
    }
    return (result, shifted)
  }

  /// `[O, ..., I / groups]` whose inputs are scaled and shifted.
  fileprivate func scalingColumns(
    _ bias: [Float], by scale: [Float], _ offset: [Float], groups: Int
  ) -> (weights: FloatArray, bias: [Float])? {
    guard let inputs = shape.last else { return nil }
    let depth = elements.count / bias.count
    var result = self
    var shifted = bias
    for row in bias.indices {
      let firstChannel = row / (bias.count / groups) * inputs
      var sum = Double(bias[row])
      for k in 0..<depth {
        let index = row * depth + k
        let channel = firstChannel + k % inputs
        let weight = Double(elements[index])
        result.elements[index] = Float(weight * Double(scale[scale.count == 1 ? 0 : channel]))
        sum += weight * Double(offset[offset.count == 1 ? 0 : channel])
      }
      shifted[row] = Float(sum)
    }
    guard shifted.allSatisfy(\.isFinite), result.elements.allSatisfy(\.isFinite) else {
      return nil
    }
    return (result, shifted)
  }
}
