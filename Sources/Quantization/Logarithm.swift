/// Logarithms of IEEE sums and products alone: the C library's differ in the last bit from one
/// version to the next, and ranges are chosen by comparing sums of them.
package enum Logarithm {
  /// ln(x) for a finite x above 0, to about 1e-16 of 1.
  ///
  /// x = m * 2^e with m in sqrt(1/2) ... sqrt(2); ln m = 2 artanh((m - 1) / (m + 1)), whose series
  /// in t <= 0.172 needs 11 terms.
  package static func natural(_ x: Double) -> Double {
    precondition(x.isFinite && x > 0, "a logarithm of something that is not above 0")
    var significand = x.significand
    var exponent = Double(x.exponent)
    if significand > 2.0.squareRoot() {
      significand /= 2
      exponent += 1
    }
    let t = (significand - 1) / (significand + 1)
    let square = t * t
    var sum = 0.0
    for term in stride(from: 21, through: 1, by: -2) {
      sum = sum * square + 1 / Double(term)
    }
    return 2 * t * sum + exponent * 0.693_147_180_559_945_3
  }

  /// Ten times the decimal logarithm of `signal / noise`; infinite without noise, nil without
  /// signal.
  package static func decibels(signal: Double, noise: Double) -> Double? {
    guard signal.isFinite, noise.isFinite, signal > 0 else { return nil }
    guard noise > 0, signal / noise < .infinity, signal / noise > 0 else { return .infinity }
    return natural(signal / noise) * (10 / 2.302_585_092_994_045_7)
  }
}
