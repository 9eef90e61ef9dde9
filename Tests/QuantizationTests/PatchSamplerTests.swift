import FloatGraph
import Quantization
import Tensors
import Testing

@Suite("Patch sampler")
struct PatchSamplerTests {
  static let windows: [FloatWindow] = [
    FloatWindow(kernelHeight: 1, kernelWidth: 1),
    FloatWindow(
      kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2,
      padding: .explicit(top: 1, left: 1, bottom: 1, right: 1)),
    FloatWindow(
      kernelHeight: 5, kernelWidth: 3, dilationHeight: 2, padding: .sameUpper),
    FloatWindow(
      kernelHeight: 2, kernelWidth: 4, strideHeight: 2, strideWidth: 3, padding: .sameLower),
  ]

  @Test("a row holds the window's elements, zeros in the padding", arguments: windows)
  func rows(window: FloatWindow) throws {
    let (height, width, channels) = (7, 9, 3)
    let sampler = try #require(
      PatchSampler(
        window: window, inputHeight: height, inputWidth: width, channels: channels, seed: 1))
    var noise = Noise(seed: 7)
    let codes = (0..<height * width * channels).map { _ in Int8(noise.below(256) - 128) }
    let quantization = try #require(Quantization(scale: 0.25, zeroPoint: -7))
    let reals = codes.map { 0.25 * Float(Int($0) + 7) }
    let positions = sampler.positions(limit: .max, frame: 0)
    #expect(positions == Array(0..<sampler.outputHeight * sampler.outputWidth))
    var rows = [Float](repeating: .nan, count: positions.count * sampler.rowLength)
    var integerRows = rows
    rows.withUnsafeMutableBufferPointer { rows in
      reals.withUnsafeBufferPointer { sampler.write(positions, of: $0, into: rows) }
    }
    integerRows.withUnsafeMutableBufferPointer { rows in
      codes.withUnsafeBufferPointer { sampler.write(positions, of: $0, quantization, into: rows) }
    }
    #expect(rows == integerRows)
    let (top, left): (Int, Int)
    switch window.padding {
    case .explicit(let t, let l, _, _): (top, left) = (t, l)
    case .sameUpper: (top, left) = (4, 1)
    // 7 rows in 4 steps of 2 need 1 more, 9 columns in 3 steps of 3 need 1 more: before them.
    case .sameLower: (top, left) = (1, 1)
    }
    var at = 0
    for position in positions {
      for ky in 0..<window.kernelHeight {
        for kx in 0..<window.kernelWidth {
          let y =
            position / sampler.outputWidth * window.strideHeight - top + ky * window.dilationHeight
          let x =
            position % sampler.outputWidth * window.strideWidth - left + kx * window.dilationWidth
          for channel in 0..<channels {
            let isInside = (0..<height).contains(y) && (0..<width).contains(x)
            #expect(rows[at] == (isInside ? reals[(y * width + x) * channels + channel] : 0))
            at += 1
          }
        }
      }
    }
  }

  @Test("positions are distinct, ascending, and follow from seed and frame")
  func positions() throws {
    let sampler = try #require(PatchSampler(rows: 400, channels: 2, seed: 5))
    let again = try #require(PatchSampler(rows: 400, channels: 9, seed: 5))
    let other = try #require(PatchSampler(rows: 400, channels: 2, seed: 6))
    let chosen = sampler.positions(limit: 32, frame: 3)
    #expect(chosen.count == 32)
    #expect(zip(chosen, chosen.dropFirst()).allSatisfy { $0 < $1 })
    #expect(chosen.allSatisfy { (0..<400).contains($0) })
    #expect(chosen == again.positions(limit: 32, frame: 3))
    #expect(chosen != sampler.positions(limit: 32, frame: 4))
    #expect(chosen != other.positions(limit: 32, frame: 3))
    #expect(sampler.positions(limit: 0, frame: 0) == [])
  }

  @Test("a window that does not fit makes no sampler")
  func unfit() {
    let window = FloatWindow(kernelHeight: 5, kernelWidth: 1)
    #expect(
      PatchSampler(window: window, inputHeight: 4, inputWidth: 4, channels: 1, seed: 0) == nil)
    #expect(PatchSampler(rows: 0, channels: 1, seed: 0) == nil)
  }
}
