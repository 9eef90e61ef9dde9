/// A positive real factor as an integer multiplier and a right shift: `multiplier * 2^-shift`.
///
/// The two forms are those of `vd_fixed_point.h`: 31 significant bits for the plain requantisation,
/// 15 for the one in the convolutions' epilogue. Both are worked out with IEEE double operations
/// that every machine rounds alike, so equal models give equal integers everywhere.
public struct FixedPointMultiplier: Sendable, Hashable {
  public let multiplier: Int32
  public let shift: Int32

  public init(multiplier: Int32, shift: Int32) {
    self.multiplier = multiplier
    self.shift = shift
  }

  /// `factor` with `bits` significant bits: the multiplier is in 2^(bits-1) ..< 2^bits. Nil
  /// unless `factor` is finite and above 0.
  private init?(_ factor: Double, significantBits bits: Int) {
    guard factor.isFinite, factor > 0 else { return nil }
    // factor = significand * 2^exponent with significand in 1 ..< 2.
    var shift = bits - 1 - Int(factor.exponent)
    var multiplier = scaled(factor.significand, byPowerOfTwo: bits - 1).rounded()
    if multiplier == scaled(1, byPowerOfTwo: bits) {
      multiplier /= 2
      shift -= 1
    }
    self.init(multiplier: Int32(multiplier), shift: Int32(shift))
  }

  /// 31 bits, for `vd_requantize_wide`: the shift is in 1...62. A factor too small for that becomes
  /// zero. Nil if it is 2^30 or more, not finite, or not above 0.
  public static func wide(_ factor: Double) -> FixedPointMultiplier? {
    guard let exact = FixedPointMultiplier(factor, significantBits: 31), exact.shift >= 1 else {
      return nil
    }
    return exact.shift <= 62 ? exact : FixedPointMultiplier(multiplier: 0, shift: 62)
  }

  /// 15 bits, for one output channel of `vd_requantize`, whose epilogue removes 15 + `finalShift`
  /// bits after the channel's own shift: `factor = multiplier * 2^-(shift + 15 + finalShift)`.
  /// The shift is in -15...31, negative to the left. A factor too small for that loses significant
  /// bits, at last all. Nil if it is too large.
  public static func narrow(_ factor: Double, finalShift: Int) -> FixedPointMultiplier? {
    guard let exact = FixedPointMultiplier(factor, significantBits: 15) else { return nil }
    let shift = Int(exact.shift) - 15 - finalShift
    guard shift >= -15 else { return nil }
    guard shift > 31 else {
      return FixedPointMultiplier(multiplier: exact.multiplier, shift: Int32(shift))
    }
    let lost = min(shift - 31, 31)
    return FixedPointMultiplier(
      multiplier: (exact.multiplier + (1 << (lost - 1))) >> Int32(lost), shift: 31)
  }
}

private func scaled(_ x: Double, byPowerOfTwo exponent: Int) -> Double {
  x * Double(sign: .plus, exponent: exponent, significand: 1)
}
