/// Where the windows of a ``FloatWindow`` lie on an image of a certain size.
public struct WindowGeometry: Sendable, Hashable {
  public var outputHeight: Int
  public var outputWidth: Int
  /// Rows and columns outside of the image that some window reads. `bottom` and `right` are
  /// below what a source states where the last window does not reach that far, and above it
  /// where rounding up makes the last window hang over.
  public var top: Int
  public var left: Int
  public var bottom: Int
  public var right: Int
  /// The padding below and to the right as stated (as worked out, where it is "same"): an average
  /// that counts its padding counts these.
  public var statedBottom: Int
  public var statedRight: Int

  public init(
    outputHeight: Int, outputWidth: Int, top: Int, left: Int, bottom: Int, right: Int,
    statedBottom: Int, statedRight: Int
  ) {
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
    self.statedBottom = statedBottom
    self.statedRight = statedRight
  }

  /// Whether any window reads outside of the image.
  public var hasPadding: Bool { top > 0 || left > 0 || bottom > 0 || right > 0 }
}

extension FloatWindow {
  /// The largest extent, stride, dilation or padding that is taken.
  static let limit = 1 << 28

  /// The windows on an image of `inputHeight` x `inputWidth`; nil if none fits, or if an extent is
  /// outside of 1...2^28 (paddings: 0...2^28).
  public func geometry(inputHeight: Int, inputWidth: Int) -> WindowGeometry? {
    guard
      let rows = FloatWindow.axis(
        input: inputHeight, kernel: kernelHeight, stride: strideHeight, dilation: dilationHeight,
        padding: axisPadding { ($0.top, $0.bottom) }, roundsUp: roundsUp),
      let columns = FloatWindow.axis(
        input: inputWidth, kernel: kernelWidth, stride: strideWidth, dilation: dilationWidth,
        padding: axisPadding { ($0.left, $0.right) }, roundsUp: roundsUp)
    else { return nil }
    return WindowGeometry(
      outputHeight: rows.output, outputWidth: columns.output, top: rows.before,
      left: columns.before, bottom: rows.after, right: columns.after,
      statedBottom: rows.statedAfter, statedRight: columns.statedAfter)
  }

  private enum AxisPadding {
    case explicit(before: Int, after: Int)
    case sameUpper
    case sameLower
  }

  private func axisPadding(
    _ pick: ((top: Int, left: Int, bottom: Int, right: Int)) -> (Int, Int)
  ) -> AxisPadding {
    switch padding {
    case .explicit(let top, let left, let bottom, let right):
      let (before, after) = pick((top, left, bottom, right))
      return .explicit(before: before, after: after)
    case .sameUpper: return .sameUpper
    case .sameLower: return .sameLower
    }
  }

  /// One axis. Every number is below 2^28 once it is checked, so products stay below 2^57.
  private static func axis(
    input: Int, kernel: Int, stride: Int, dilation: Int, padding: AxisPadding, roundsUp: Bool
  ) -> (output: Int, before: Int, after: Int, statedAfter: Int)? {
    for extent in [input, kernel, stride, dilation] where !(1...limit).contains(extent) {
      return nil
    }
    let reach = (kernel - 1) * dilation + 1
    let output: Int
    let before: Int
    let statedAfter: Int
    switch padding {
    case .explicit(let first, let last):
      guard (0...limit).contains(first), (0...limit).contains(last) else { return nil }
      let room = input + first + last - reach
      guard room >= 0 else { return nil }
      var windows = (roundsUp ? room + stride - 1 : room) / stride + 1
      if roundsUp && (windows - 1) * stride >= input + first { windows -= 1 }
      (output, before, statedAfter) = (windows, first, last)
    case .sameUpper, .sameLower:
      output = (input + stride - 1) / stride
      let total = max(0, (output - 1) * stride + reach - input)
      let smaller = total / 2
      if case .sameUpper = padding {
        (before, statedAfter) = (smaller, total - smaller)
      } else {
        (before, statedAfter) = (total - smaller, smaller)
      }
    }
    guard output >= 1 else { return nil }
    let after = max(0, (output - 1) * stride + reach - before - input)
    return (output, before, after, statedAfter)
  }
}
