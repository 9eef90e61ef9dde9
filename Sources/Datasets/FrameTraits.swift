public import Vision

/// What a picture itself says about how hard it may be, to group frames by.
public struct FrameTraits: Sendable, Hashable {
  /// The mean luma of what the network sees, 0 (black) to 255.
  public let brightness: Double
  /// The variance of the 3x3 Laplacian over that luma: little means blurred (or empty). Pech-Pacheco
  /// et al., "Diatom autofocusing in brightfield microscopy" (ICPR 2000).
  public let sharpness: Double
  /// libjpeg's quality that the file's first quantisation table is nearest to, 1...100; nil where
  /// it has none in its head.
  public let jpegQuality: Int?
  /// Of the full-size picture.
  public let pixelCount: Int

  public init(brightness: Double, sharpness: Double, jpegQuality: Int?, pixelCount: Int) {
    self.brightness = brightness
    self.sharpness = sharpness
    self.jpegQuality = jpegQuality
    self.pixelCount = pixelCount
  }
}

extension FrameReader {
  /// The traits of the frame read last.
  ///
  /// - Parameters:
  ///   - info: what ``read(_:)`` returned.
  ///   - elements: what ``dequantize(into:)`` gave.
  public borrowing func traits(_ info: DecodeInfo, dequantized elements: [Float]) -> FrameTraits {
    let image = input.shape.image ?? (1, 1, 1)
    precondition(
      elements.count == image.height * image.width * image.channels,
      "the elements are not the input's")
    // Rec. ITU-R BT.601; the sum is 1.
    let weights: [Float] = image.channels == 3 ? [0.299, 0.587, 0.114] : [1]
    // pixel = element * deviation + mean, all weighted.
    var factors: [Float] = []
    var offset: Float = 0
    for (channel, weight) in weights.enumerated() {
      let deviations = preprocessing.standardDeviation
      factors.append(weight * deviations[min(channel, deviations.count - 1)])
      offset += weight * preprocessing.mean[min(channel, preprocessing.mean.count - 1)]
    }
    let luma = elements.withUnsafeBufferPointer { elements in
      [Float](unsafeUninitializedCapacity: image.height * image.width) { luma, count in
        count = image.height * image.width
        for pixel in 0..<count {
          var sum = offset
          for channel in factors.indices {
            sum += factors[channel] * elements[pixel * factors.count + channel]
          }
          luma[pixel] = sum
        }
      }
    }
    return FrameTraits(
      brightness: luma.reduce(0) { $0 + Double($1) } / Double(luma.count),
      sharpness: laplacianVariance(luma, width: image.width, height: image.height),
      jpegQuality: JPEGQuality.estimate(fileBytes), pixelCount: info.width * info.height)
  }
}

private func laplacianVariance(_ luma: [Float], width: Int, height: Int) -> Double {
  guard width >= 3, height >= 3 else { return 0 }
  return luma.withUnsafeBufferPointer { luma in
    var sum = 0.0
    var squares = 0.0
    for y in 1..<height - 1 {
      for at in y * width + 1..<(y + 1) * width - 1 {
        let value = Double(
          luma[at - 1] + luma[at + 1] + luma[at - width] + luma[at + width] - 4 * luma[at])
        sum += value
        squares += value * value
      }
    }
    let count = Double((width - 2) * (height - 2))
    return max(0, squares / count - (sum / count) * (sum / count))
  }
}
