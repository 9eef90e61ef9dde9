import CJPEG
package import Model

/// The weights with which one axis of a picture is resampled, for one geometry.
///
/// Pillow's convolution (a triangle, or Keys' cubic with a = -1/2, widened by the scale where it
/// shrinks; https://pillow.readthedocs.io/en/stable/handbook/concepts.html#filters), worked out in
/// fixed point throughout, so that every machine gets the same weights.
package struct ResampleAxis {
  /// Everything that the weights depend on.
  package struct Geometry: Hashable {
    /// Decoded pixels along the axis.
    package var decodedCount: Int
    /// Decoded pixels an eighth of a full-size one: the decoder's scale.
    package var eighths: Int
    /// The part of the axis that is taken, in full-size pixels.
    package var start: Int
    package var length: Int
    /// Pixels made of it.
    package var outputCount: Int
    package var filter: Preprocessing.Filter

    package init(
      decodedCount: Int, eighths: Int, start: Int, length: Int, outputCount: Int,
      filter: Preprocessing.Filter
    ) {
      self.decodedCount = decodedCount
      self.eighths = eighths
      self.start = start
      self.length = length
      self.outputCount = outputCount
      self.filter = filter
    }
  }

  package private(set) var geometry: Geometry?
  /// The first decoded pixel that each output looks at.
  package private(set) var starts: [Int32] = []
  /// `taps` for each output, summing to ``unit``.
  package private(set) var weights: [Int16] = []
  package private(set) var taps = 0

  /// The fixed-point one of a weight: 14 bits, since a weight may lie above 1 at a border.
  package static let unit = 1 << 14

  package init() {}

  /// Works the weights out, unless they are those of `geometry` already. Allocates only if it needs
  /// more room than ever before.
  package mutating func prepare(_ geometry: Geometry) {
    if self.geometry == geometry { return }
    self.geometry = geometry
    let scale = max(
      one, (geometry.eighths * geometry.length * one) / (8 * geometry.outputCount))
    taps = 0
    for output in 0..<geometry.outputCount {
      taps = max(taps, geometry.span(of: output, scale: scale).count)
    }
    starts.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
    for output in 0..<geometry.outputCount {
      append(geometry, output: output, scale: scale)
    }
  }

  /// Lends the weights to the C functions.
  func withAxis<R>(_ body: (vd_resample_axis) -> R) -> R? {
    starts.withUnsafeBufferPointer { starts in
      weights.withUnsafeBufferPointer { weights in
        guard let start = starts.baseAddress, let weight = weights.baseAddress else { return nil }
        return body(
          vd_resample_axis(
            start: start, weights: weight, count: Int32(starts.count), taps: Int32(taps)))
      }
    }
  }

  private mutating func append(_ geometry: Geometry, output: Int, scale: Int) {
    let span = geometry.span(of: output, scale: scale)
    let centre = geometry.centre(of: output)
    func weight(_ pixel: Int) -> Int {
      geometry.filter.weight(at: abs(pixel * one + one / 2 - centre) * one / scale)
    }
    var sum = 0
    for pixel in span { sum += weight(pixel) }

    // The same number of taps for all, inside the picture; those outside the span weigh nothing.
    let start = min(span.lowerBound, geometry.decodedCount - taps)
    starts.append(Int32(start))
    // The running sum is rounded, not each weight: the weights then sum to the unit exactly, and no
    // single one takes up the error of all.
    var running = 0
    var given = 0
    for pixel in start..<start + taps {
      if span.contains(pixel) { running += weight(pixel) }
      // One unit is added and taken off again: division rounds towards 0, and the first of a
      // cubic's weights are negative.
      let rounded = ((running + sum) * ResampleAxis.unit + sum / 2) / sum - ResampleAxis.unit
      weights.append(Int16(rounded - given))
      given = rounded
    }
  }
}

/// Positions, distances and unnormalised weights have 20 fraction bits: their errors stay well
/// below the last bit of a weight, and no product of them overflows for any picture that a limit
/// lets in.
private let fractionBits = 20
private let one = 1 << fractionBits

extension ResampleAxis.Geometry {
  /// Where the centre of an output pixel lies, in decoded pixels.
  fileprivate func centre(of output: Int) -> Int {
    let numerator = eighths * (2 * outputCount * start + (2 * output + 1) * length)
    return (numerator * one + 8 * outputCount) / (16 * outputCount)
  }

  /// The decoded pixels that an output pixel is made of.
  fileprivate func span(of output: Int, scale: Int) -> Range<Int> {
    let centre = centre(of: output)
    let support = filter.radius * scale
    let first = max(0, (centre - support + one / 2) >> fractionBits)
    let end = min(decodedCount, (centre + support + one / 2) >> fractionBits)
    return first..<max(end, first + 1)
  }
}

extension Preprocessing.Filter {
  /// The filter is 0 from here on, in pixels of the coarser of the two pictures.
  fileprivate var radius: Int {
    switch self {
    case .bicubic: 2
    case .bilinear: 1
    }
  }

  /// The filter's value at distance `t` >= 0.
  fileprivate func weight(at t: Int) -> Int {
    switch self {
    case .bilinear:
      return max(0, one - t)
    case .bicubic:
      let squared = (t * t) >> fractionBits
      let cubed = (squared * t) >> fractionBits
      if t < one { return (3 * cubed - 5 * squared) / 2 + one }
      if t < 2 * one { return (5 * squared - cubed) / 2 - 4 * t + 2 * one }
      return 0
    }
  }
}
