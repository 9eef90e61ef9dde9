/// How weights become integers.
public enum RoundingMethod: String, Sendable, Hashable, CaseIterable {
  /// Each weight to the integer nearest to it.
  case nearest
  /// All weights of a channel together, so that their errors cancel on the calibration rows.
  case gram
  /// The integers that the source itself stored.
  case given
}

/// A layer's weights as integers, and what that costs on the calibration rows.
public struct RoundedLayer: Sendable, Hashable {
  /// `[O, K]`, in the order of the float weights; within ±(2^(bits-1) - 1).
  public var codes: [Int8]
  /// `[O]`: weight = scale * code.
  public var scales: [Float]
  /// `[O]`, real.
  public var bias: [Float]
  public var bits: Int
  /// What was used in the end.
  public var method: RoundingMethod
  /// Whether the gram solver was tried and lost to nearest rounding on the held-out rows.
  public var fellBack = false
  /// The gram solver's ridge, as a share of the mean variance of the inputs; nil for nearest.
  public var ridge: Float?
  /// Whether the bias was corrected for the mean error of the output.
  public var correctsBias = false
  /// Mean squared output error, summed over channels; nil without such rows.
  public var fitError: Double?
  public var gateError: Double?

  /// The layer as the file has it: the bias in units of input scale * weight scale, held to ±2^30,
  /// so that no sum of products leaves int32 with it.
  public func quantized(inputScale: Float) -> QuantizedLayer {
    let integers = bias.indices.map { channel in
      let unit = Double(inputScale) * Double(scales[channel])
      let value = (Double(bias[channel]) / unit).rounded(.toNearestOrEven)
      return Int32(min(max(value, -0x1p30), 0x1p30))
    }
    return QuantizedLayer(codes: codes, scales: scales, bits: bits, bias: integers)
  }

  /// Bytes of the weights as the file stores them: two codes a byte for 4 and 2 bits, one otherwise.
  public var storedBytes: Int {
    RoundedLayer.storedBytes(weights: codes.count, bits: bits)
  }

  public static func storedBytes(weights: Int, bits: Int) -> Int {
    switch bits {
    case 4, 2: (weights + 1) / 2
    default: weights
    }
  }
}
