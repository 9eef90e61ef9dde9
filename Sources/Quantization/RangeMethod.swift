public import FloatGraph

/// How an activation's range is chosen from what was seen of it.
public enum RangeMethod: String, Sendable, Hashable, CaseIterable {
  /// The extremes over all frames.
  case minMax = "min-max"
  /// The mean over frames of each one's extremes.
  case movingAverage = "moving-average"
  /// The range with the least expected squared error, of rounding inside and clipping outside.
  case mse
  /// The range whose 256 steps keep the distribution closest in Kullback-Leibler divergence. Known
  /// to ruin networks (EfficientNet-Lite0: 75 % to 31 %), so only for who asks for it.
  case kl
}

extension RangeObserver {
  /// The range that `method` chooses, inside `clip`. Before any finite element was seen it is
  /// degenerate.
  ///
  /// Cost: `mse` about 10 000 evaluations of O(1), `kl` 64 passes over the histogram.
  public func range(_ method: RangeMethod, clip: ClipRange? = nil) -> ActivationRange {
    let low: Float
    let high: Float
    switch method {
    case .minMax: (low, high) = (minimum, maximum)
    case .movingAverage: (low, high) = (meanMinimum, meanMaximum)
    case .mse: (low, high) = RangeSearch(self, clip: clip).leastSquares()
    case .kl: (low, high) = RangeSearch(self, clip: clip).leastDivergence()
    }
    // A NaN in a clip leaves its other operand standing.
    let inside = clip.map { (max(low, $0.minimum), min(high, $0.maximum)) } ?? (low, high)
    return ActivationRange(
      minimum: inside.0.isFinite ? min(inside.0, maximum) : low,
      maximum: inside.1.isFinite ? max(inside.1, minimum) : high, clip: clip)
  }
}
