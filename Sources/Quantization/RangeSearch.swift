import FloatGraph

/// A histogram as sums up to each bin, on which the error of a range is found in a few operations.
struct RangeSearch {
  private let edges: [Double]
  /// Over the bins below each edge: counts, and sums of x and of x^2 with x a bin's middle. Exact
  /// zeros are left out: they cost nothing.
  private var mass: [Double] = [0]
  private var first: [Double] = [0]
  private var second: [Double] = [0]
  private let width: Double
  /// The edge at 0.
  private var origin = 0
  /// What sits exactly on a clip's end costs nothing while the range reaches there.
  private var lowSpike = 0.0
  private var highSpike = 0.0

  init(_ observer: RangeObserver, clip: ClipRange?) {
    let half = RangeObserver.half
    width = observer.width
    let used = observer.counts.indices.filter { observer.counts[$0] > 0 }
    let begin = min(used.first ?? half, half)
    let end = max((used.last ?? half) + 1, half)
    var edges: [Double] = []
    for edge in begin...end {
      // The outermost bins end where the data does.
      let plain = Double(edge - half) * observer.width
      edges.append(
        min(
          max(plain, min(0, Double(observer.minimum))), max(0, Double(observer.maximum))))
    }
    origin = half - begin
    for bin in begin..<end {
      var count = Double(observer.counts[bin])
      if bin == half { count -= Double(observer.zeroCount) }
      let low = edges[bin - begin]
      let high = edges[bin - begin + 1]
      var middle = (low + high) / 2
      if let clip, bin == end - 1, bin >= half, observer.maximum == clip.maximum {
        middle = high
        highSpike = count
      }
      if let clip, bin == begin, bin < half, observer.minimum == clip.minimum {
        middle = low
        lowSpike = count
      }
      mass.append((mass.last ?? 0) + count)
      first.append((first.last ?? 0) + count * middle)
      second.append((second.last ?? 0) + count * middle * middle)
    }
    self.edges = edges
  }

  private var last: Int { edges.count - 1 }

  /// The summed squared error of 256 steps from edge `low` to edge `high`: for what is inside a
  /// twelfth of a squared step, or its own square where 0 is the nearest step, as for much of a
  /// peaked distribution; for what is outside the distance to the range.
  private func squaredError(_ low: Int, _ high: Int) -> Double {
    let a = edges[low]
    let b = edges[high]
    let step = (b - a) / 255
    let reach = width > 0 ? Int(min(step / 2 / width, Double(last))) : 0
    let small = max(low, origin - reach)
    let large = min(high, origin + reach)
    var inside = mass[high] - mass[low] - (mass[large] - mass[small])
    if low == 0 { inside -= lowSpike }
    if high == last { inside -= highSpike }
    let below = second[low] - 2 * a * first[low] + a * a * mass[low]
    let above =
      (second[last] - second[high]) - 2 * b * (first[last] - first[high])
      + b * b * (mass[last] - mass[high])
    return max(0, inside) * step * step / 12 + (second[large] - second[small]) + max(0, below)
      + max(0, above)
  }

  /// Both ends over a grid that is narrowed around its best point until it holds every bin. Of
  /// equal ranges the wider one wins.
  func leastSquares() -> (Float, Float) {
    guard last > 0 else { return (0, 0) }
    var lows = 0...origin
    var highs = origin...last
    var best = (low: 0, high: last, error: squaredError(0, last))
    while true {
      let lowStep = max(1, (lows.count - 1) / 48)
      let highStep = max(1, (highs.count - 1) / 48)
      for low in stride(from: lows.lowerBound, through: lows.upperBound, by: lowStep) {
        for high in stride(from: highs.upperBound, through: highs.lowerBound, by: -highStep)
        where low < high {
          let error = squaredError(low, high)
          if error < best.error { best = (low, high, error) }
        }
      }
      if lowStep == 1, highStep == 1 { break }
      lows = max(0, best.low - lowStep)...min(origin, best.low + lowStep)
      highs = max(origin, best.high - highStep)...min(last, best.high + highStep)
    }
    return (Float(edges[best.low]), Float(edges[best.high]))
  }

  /// Both ends drawn in by the same 64th parts.
  func leastDivergence() -> (Float, Float) {
    guard last > 0 else { return (0, 0) }
    var best = (low: 0, high: last, divergence: Double.infinity)
    for part in stride(from: 64, through: 4, by: -1) {
      let low = origin - origin * part / 64
      let high = origin + (last - origin) * part / 64
      guard low < high else { continue }
      let divergence = divergence(low, high)
      if divergence < best.divergence { best = (low, high, divergence) }
    }
    return (Float(edges[best.low]), Float(edges[best.high]))
  }

  /// KL(P || Q): P is the histogram with its tails moved to the range's ends, Q what is left of it
  /// when all bins of one step share their mass equally (over those that hold any).
  private func divergence(_ low: Int, _ high: Int) -> Double {
    let total = mass[last]
    guard total > 0 else { return 0 }
    let bins = high - low
    let steps = min(256, bins)
    var sum = 0.0
    for step in 0..<steps {
      let begin = low + step * bins / steps
      let end = low + (step + 1) * bins / steps
      let inside = mass[end] - mass[begin]
      let filled = (begin..<end).count { mass[$0 + 1] > mass[$0] }
      for bin in begin..<end {
        var p = mass[bin + 1] - mass[bin]
        if bin == low { p += mass[low] }
        if bin == high - 1 { p += mass[last] - mass[high] }
        guard p > 0 else { continue }
        // Mass from a tail where Q has none: as if Q had a thousandth of an element there.
        let q = filled > 0 && inside > 0 ? inside / Double(filled) : 0.001
        sum += p / total * Logarithm.natural(p / q)
      }
    }
    return sum
  }
}
