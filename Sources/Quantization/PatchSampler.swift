public import FloatGraph
public import Tensors

/// Takes the input rows of some output positions of a convolution from an NHWC activation.
///
/// Positions are drawn by the seed and the frame's number alone, so that the float and the
/// quantised activation of a frame give rows that belong together.
public struct PatchSampler: Sendable {
  public let window: FloatWindow
  public let inputHeight: Int
  public let inputWidth: Int
  public let channels: Int
  public let outputHeight: Int
  public let outputWidth: Int
  private let top: Int
  private let left: Int
  private let seed: UInt64

  /// Nil where no window fits the image.
  public init?(
    window: FloatWindow, inputHeight: Int, inputWidth: Int, channels: Int, seed: UInt64
  ) {
    guard channels > 0,
      let geometry = window.geometry(inputHeight: inputHeight, inputWidth: inputWidth)
    else { return nil }
    self.window = window
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.channels = channels
    self.seed = seed
    (outputHeight, top) = (geometry.outputHeight, geometry.top)
    (outputWidth, left) = (geometry.outputWidth, geometry.left)
  }

  /// A fully connected layer's rows: `[rows, channels]`, one position each.
  public init?(rows: Int, channels: Int, seed: UInt64) {
    self.init(
      window: FloatWindow(kernelHeight: 1, kernelWidth: 1), inputHeight: rows, inputWidth: 1,
      channels: channels, seed: seed)
  }

  /// The floats of a row `[KH, KW, I]`.
  public var rowLength: Int { window.kernelHeight * window.kernelWidth * channels }

  /// Up to `limit` different output positions (row * width + column) of frame `frame`, ascending;
  /// all of them where there are no more.
  public func positions(limit: Int, frame: Int) -> [Int] {
    let total = outputHeight * outputWidth
    guard limit < total else { return Array(0..<total) }
    var mixer = SplitMix64(seed: seed)
    var random = SplitMix64(seed: mixer.next() ^ UInt64(truncatingIfNeeded: frame))
    var chosen: [Int] = []
    chosen.reserveCapacity(max(0, limit))
    // Each position in turn with probability needed / left (Knuth, algorithm S).
    for position in 0..<total where chosen.count < limit {
      if random.next(below: total - position) < limit - chosen.count { chosen.append(position) }
    }
    return chosen
  }

  /// Writes the rows `[positions, KH, KW, I]` of a float activation `[H, W, I]`, zeros where a
  /// window reaches into the padding.
  public func write(
    _ positions: [Int], of activation: UnsafeBufferPointer<Float>,
    into rows: UnsafeMutableBufferPointer<Float>
  ) {
    write(positions, of: activation, into: rows) { $0 }
  }

  /// The same of an int8 activation, dequantised (per tensor).
  public func write(
    _ positions: [Int], of activation: UnsafeBufferPointer<Int8>, _ quantization: Quantization,
    into rows: UnsafeMutableBufferPointer<Float>
  ) {
    let (scale, zeroPoint) = (quantization.scale, quantization.zeroPoint)
    write(positions, of: activation, into: rows) { scale * Float(Int32($0) - zeroPoint) }
  }

  @inline(__always)
  private func write<Element>(
    _ positions: [Int], of activation: UnsafeBufferPointer<Element>,
    into rows: UnsafeMutableBufferPointer<Float>, _ real: (Element) -> Float
  ) {
    precondition(
      activation.count == inputHeight * inputWidth * channels, "an activation of another shape")
    precondition(rows.count >= positions.count * rowLength, "the rows do not fit")
    var to = 0
    for position in positions {
      let y0 = position / outputWidth * window.strideHeight - top
      let x0 = position % outputWidth * window.strideWidth - left
      for ky in 0..<window.kernelHeight {
        let y = y0 + ky * window.dilationHeight
        for kx in 0..<window.kernelWidth {
          let x = x0 + kx * window.dilationWidth
          if y >= 0, y < inputHeight, x >= 0, x < inputWidth {
            let from = (y * inputWidth + x) * channels
            for channel in 0..<channels { rows[to + channel] = real(activation[from + channel]) }
          } else {
            for channel in 0..<channels { rows[to + channel] = 0 }
          }
          to += channels
        }
      }
    }
  }
}
