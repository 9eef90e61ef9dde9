import CFloat

/// Watches one activation over the calibration frames in bounded memory: exact extremes, the mean
/// of each frame's extremes, and a histogram.
///
/// The histogram has 8192 bins of width 2^e around zero, and e follows from the largest magnitude
/// seen: growing joins bins pair by pair, so that counts are exact and independent of the order of
/// frames and merges. A ReLU6 output has 1536 bins over its range, 6 to each of 256 steps.
/// Memory: 64 KiB. Only the mean of extremes depends, in its last bit, on the order.
public struct RangeObserver: Sendable, Hashable {
  /// The smallest and the largest finite element; 0 before there is any.
  public private(set) var minimum: Float = 0
  public private(set) var maximum: Float = 0
  public private(set) var frameCount = 0
  /// Finite elements.
  public private(set) var elementCount: UInt64 = 0
  /// Elements that were infinite or not a number. Where there are any, the network's own float
  /// answer is broken; ranges then describe the finite ones.
  public private(set) var nonFiniteCount: UInt64 = 0
  /// Elements that are exactly 0, which every quantization represents.
  public private(set) var zeroCount: UInt64 = 0

  private var minimumSum = 0.0
  private var maximumSum = 0.0
  /// Bin `i` holds `(i - half) * width ..< (i + 1 - half) * width`.
  package private(set) var counts: [UInt64]
  private var widthExponent = RangeObserver.finestExponent

  package static let binCount = 8192
  package static let half = binCount / 2
  /// Below it 1 / width would leave float32's range.
  private static let finestExponent = -100

  public init() {
    counts = [UInt64](repeating: 0, count: RangeObserver.binCount)
  }

  /// The width of a bin: a power of two.
  package var width: Double { Double(sign: .plus, exponent: widthExponent, significand: 1) }

  /// The mean over frames of each one's smallest and largest element; 0 before there is any.
  public var meanMinimum: Float { frameCount == 0 ? 0 : Float(minimumSum / Double(frameCount)) }
  public var meanMaximum: Float { frameCount == 0 ? 0 : Float(maximumSum / Double(frameCount)) }

  /// Adds one frame's activation.
  public mutating func observe(_ values: UnsafeBufferPointer<Float>) {
    guard let base = values.baseAddress, !values.isEmpty else { return }
    let found = vd_gram_find_extremes(base, values.count)
    nonFiniteCount += found.non_finite
    let finite = UInt64(values.count) - found.non_finite
    guard finite > 0 else { return }
    minimum = elementCount == 0 ? found.minimum : min(minimum, found.minimum)
    maximum = elementCount == 0 ? found.maximum : max(maximum, found.maximum)
    elementCount += finite
    zeroCount += found.zeros
    frameCount += 1
    minimumSum += Double(found.minimum)
    maximumSum += Double(found.maximum)
    coarsen(to: RangeObserver.exponent(covering: max(-minimum, maximum)))
    let inverse = Float(sign: .plus, exponent: -widthExponent, significand: 1)
    counts.withUnsafeMutableBufferPointer { bins in
      guard let bins = bins.baseAddress else { return }
      vd_gram_count(base, values.count, inverse, RangeObserver.binCount, bins)
    }
  }

  public mutating func observe(_ values: [Float]) {
    values.withUnsafeBufferPointer { observe($0) }
  }

  /// Adds what another observer saw of the same activation.
  public mutating func merge(_ other: RangeObserver) {
    nonFiniteCount += other.nonFiniteCount
    guard other.elementCount > 0 else { return }
    minimum = elementCount == 0 ? other.minimum : min(minimum, other.minimum)
    maximum = elementCount == 0 ? other.maximum : max(maximum, other.maximum)
    elementCount += other.elementCount
    zeroCount += other.zeroCount
    frameCount += other.frameCount
    minimumSum += other.minimumSum
    maximumSum += other.maximumSum
    var added = other
    coarsen(to: other.widthExponent)
    added.coarsen(to: widthExponent)
    for bin in counts.indices { counts[bin] += added.counts[bin] }
  }

  /// The finest width whose bins reach past `magnitude` on both sides.
  private static func exponent(covering magnitude: Float) -> Int {
    guard magnitude > 0 else { return finestExponent }
    // magnitude < 2^(exponent + 1) <= half * width
    return max(finestExponent, Int(magnitude.exponent) + 1 - half.trailingZeroBitCount)
  }

  private mutating func coarsen(to exponent: Int) {
    guard exponent > widthExponent else { return }
    let shift = exponent - widthExponent
    widthExponent = exponent
    var joined = [UInt64](repeating: 0, count: counts.count)
    for bin in counts.indices where counts[bin] > 0 {
      joined[RangeObserver.half + (bin - RangeObserver.half) >> shift] += counts[bin]
    }
    counts = joined
  }
}
