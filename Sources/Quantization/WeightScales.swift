import CFloat

/// The largest integer of `bits`-bit weights, which are symmetric: 127, 31, 7 or 1.
package func codeLimit(bits: Int) -> Int {
  precondition((2...8).contains(bits), "weights have 2 to 8 bits")
  return 1 << (bits - 1) - 1
}

/// The weight scales that suit the device's integers, given the layer's input and output.
///
/// From below: a channel whose weights are all but zero would get a scale so small that its bias,
/// counted in input scale * weight scale, leaves int32; and a ratio
/// input scale * weight scale / output scale below 2^-30 adds nothing to an output, so nothing is
/// lost by a larger one. From above: with a ratio of 2^-7 or more the device shifts sums to the
/// left, and with all 6 fraction bits they stay inside int32 while ratio * sum < 2^24
/// (`vd_fixed_point.h`); half of that is left to the bias. Healthy layers are hundreds of times
/// below it. Where the two disagree the upper one holds: there the outputs saturate anyway.
public struct WeightScaleLimits: Sendable, Hashable {
  public var inputScale: Float
  /// Nil where it is not known: then only the bias counts.
  public var outputScale: Float?

  public init(inputScale: Float, outputScale: Float?) {
    self.inputScale = inputScale
    self.outputScale = outputScale
  }

  /// The scales allowed for a channel of `inputs` weights.
  func bounds(bias: Float, inputs: Int, limit: Int) -> ClosedRange<Float> {
    // The worst sum of products, the correction for the input's zero point included.
    let products = 255 * Double(limit) * Double(inputs)
    let room = max(0x1p30 - products, 0x1p24)
    var low = max(abs(Double(bias)) / (Double(inputScale) * room), 0x1p-60)
    var high = 0x1p60
    if let outputScale {
      let ratio = Double(outputScale) / Double(inputScale)
      low = max(low, ratio * 0x1p-30)
      high = min(max(ratio * 0x1p23 / (products + Double(limit * inputs)), 0x1p-100), high)
    }
    // Rounded to float32 a bound must still be one.
    let highest = Float(high).nextDown
    return min(Float(min(low, high)).nextUp, highest)...highest
  }
}

/// The scale of one channel's symmetric weights with the least squared error.
///
/// `maximum / limit` is drawn in by up to three quarters in 48 steps, then the best one is fitted
/// to its own codes. importance: what an error of each weight counts, `[K]`; nil: all alike.
func searchedScale(
  _ weights: UnsafeBufferPointer<Float>, importance: UnsafeBufferPointer<Float>?, limit: Int,
  bounds: ClosedRange<Float>
) -> Float {
  guard let base = weights.baseAddress else { return bounds.lowerBound }
  let maximum = weights.reduce(0) { max($0, abs($1)) }
  func clamped(_ scale: Float) -> Float {
    min(max(scale, bounds.lowerBound), bounds.upperBound)
  }
  guard maximum > 0, maximum.isFinite else {
    // Any will do: all codes are 0. 2^-7 is what weights near 1 would have.
    return clamped(0x1p-7)
  }
  let widest = maximum / Float(limit)
  guard widest > bounds.lowerBound else { return bounds.lowerBound }
  func error(_ scale: Float) -> Double {
    vd_gram_round_error(base, importance?.baseAddress, weights.count, scale, Float(limit))
  }
  var best = clamped(widest)
  var least = error(best)
  for step in 1...48 {
    let scale = clamped(widest * (1 - Float(step) / 64))
    let found = error(scale)
    if found < least { (best, least) = (scale, found) }
  }
  for _ in 0..<2 {
    var numerator = 0.0
    var denominator = 0.0
    for k in weights.indices {
      let code = min(
        max((weights[k] / best).rounded(.toNearestOrEven), -Float(limit)), Float(limit))
      let weight = importance.map { Double($0[k]) } ?? 1
      numerator += weight * Double(weights[k]) * Double(code)
      denominator += weight * Double(code) * Double(code)
    }
    guard denominator > 0, numerator > 0 else { break }
    let scale = clamped(Float(numerator / denominator))
    let found = error(scale)
    guard found < least else { break }
    (best, least) = (scale, found)
  }
  return best
}
