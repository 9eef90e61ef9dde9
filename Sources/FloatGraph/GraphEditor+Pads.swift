extension GraphEditor {
  /// Padding goes into the window that reads it, where the result is the same.
  mutating func foldPads() -> Bool {
    var changed = false
    for index in nodes.indices {
      guard var node = nodes[index], node.inputs.count == 1,
        let above = producer(of: node.inputs[0]), let pad = nodes[above], pad.clip == nil,
        case .pad(let before, let after, let value) = pad.operation,
        let sides = imageSides(before, after),
        let operation = node.operation.taking(
          sides, value: value, inputMinimum: lowerBound(of: pad.inputs[0]))
      else { continue }
      node.operation = operation
      node.inputs = pad.inputs
      replace(index, by: node)
      changed = true
    }
    return changed
  }

  /// The padding's sides if it is one of an image's height and width alone.
  private func imageSides(_ before: [Int], _ after: [Int]) -> WindowSides? {
    guard before.count == 4, after.count == 4,
      before[0] == 0, before[3] == 0, after[0] == 0, after[3] == 0
    else { return nil }
    return WindowSides(top: before[1], left: before[2], bottom: after[1], right: after[2])
  }

  /// What no element of the value is below.
  private func lowerBound(of value: Int) -> Float {
    guard let index = producer(of: value), let node = nodes[index] else { return -.infinity }
    if case .clip(let range) = node.operation { return range.minimum }
    return node.clip?.minimum ?? -.infinity
  }
}

/// Rows and columns around an image.
struct WindowSides {
  var top: Int
  var left: Int
  var bottom: Int
  var right: Int
}

extension FloatOperation {
  /// The operation with the padding in its own window; nil where that would give another result.
  fileprivate func taking(
    _ sides: WindowSides, value: Float, inputMinimum: Float
  ) -> FloatOperation? {
    switch self {
    case .convolution(var convolution):
      guard value == 0, let window = convolution.window.padded(by: sides) else { return nil }
      convolution.window = window
      return .convolution(convolution)
    case .maxPool(let window):
      // Padding that no element is below never is the maximum: each window has an element.
      let isInvisible = value <= -.greatestFiniteMagnitude || value <= inputMinimum
      guard isInvisible, let padded = window.padded(by: sides), padded.reachesImage else {
        return nil
      }
      return .maxPool(padded)
    case .averagePool(let window, let countsPadding):
      guard value == 0, countsPadding || !window.mayPad,
        let padded = window.padded(by: sides), padded.reachesImage
      else { return nil }
      return .averagePool(padded, countsPadding: true)
    case .fullyConnected, .binary, .affine, .clip, .leakyReLU, .hardSwish, .hardSigmoid, .sigmoid,
      .softmax, .mean, .pad, .concatenate, .slice, .gather, .reshape, .transpose:
      return nil
    }
  }
}

extension FloatWindow {
  /// With more explicit padding; nil where the padding depends on the image's size.
  fileprivate func padded(by sides: WindowSides) -> FloatWindow? {
    guard !roundsUp, case .explicit(let top, let left, let bottom, let right) = padding else {
      return nil
    }
    let limit = FloatWindow.limit
    // Each is at most 2^28: no sum overflows.
    let sums = [
      top + sides.top, left + sides.left, bottom + sides.bottom, right + sides.right,
    ]
    guard sums.allSatisfy({ $0 <= limit }) else { return nil }
    var window = self
    window.padding = .explicit(top: sums[0], left: sums[1], bottom: sums[2], right: sums[3])
    return window
  }

  /// Whether no window lies in the explicit padding alone.
  fileprivate var reachesImage: Bool {
    guard case .explicit(let top, let left, let bottom, let right) = padding else { return true }
    let rows = kernelHeight - 1
    let columns = kernelWidth - 1
    return dilationHeight == 1 && dilationWidth == 1 && top <= rows && bottom <= rows
      && left <= columns && right <= columns
  }
}
