public import Tensors

/// What a range does to the activation that was seen, for the report.
public struct RangeSummary: Sendable, Hashable {
  /// The share of elements further than half a step outside what the integers stand for, 0...1.
  public var clippedShare: Double
  /// Signal to quantisation noise expected of this rounding alone, in dB; nil without signal.
  public var sqnr: Double?
  /// Counts over 64 bins of equal width from the smallest to the largest element.
  public var histogram: [Int]
  public var histogramMinimum: Float
  public var histogramMaximum: Float
}

extension RangeObserver {
  /// What `quantization` (per tensor, int8) does to the elements seen.
  public func summary(of quantization: Quantization) -> RangeSummary {
    let scale = Double(quantization.scale)
    let low = scale * Double(-128 - Int(quantization.zeroPoint))
    let high = scale * Double(127 - Int(quantization.zeroPoint))
    var clipped = 0.0
    var noise = 0.0
    var signal = 0.0
    var histogram = [Double](repeating: 0, count: 64)
    let extent = Double(maximum) - Double(minimum)
    for bin in counts.indices where counts[bin] > 0 {
      let begin = max(Double(bin - RangeObserver.half) * width, Double(minimum))
      let end = min(Double(bin + 1 - RangeObserver.half) * width, Double(maximum))
      let middle = (begin + end) / 2
      let zeros = bin == RangeObserver.half ? Double(zeroCount) : 0
      let count = Double(counts[bin]) - zeros
      let outside = max(low - middle, middle - high)
      if outside > scale / 2 { clipped += count }
      noise += count * (outside > 0 ? outside * outside : scale * scale / 12)
      signal += count * middle * middle
      let place = extent > 0 ? Int((middle - Double(minimum)) / extent * 64) : 0
      histogram[min(max(place, 0), 63)] += count
      let zeroPlace = extent > 0 ? Int((0 - Double(minimum)) / extent * 64) : 0
      histogram[min(max(zeroPlace, 0), 63)] += zeros
    }
    return RangeSummary(
      clippedShare: elementCount == 0 ? 0 : clipped / Double(elementCount),
      sqnr: Logarithm.decibels(signal: signal, noise: noise),
      histogram: histogram.map { Int($0) }, histogramMinimum: minimum, histogramMaximum: maximum)
  }
}
