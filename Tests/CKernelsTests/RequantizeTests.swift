import CKernels
import CKernelsWalk
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("Requantisation")
struct RequantizeTests {
  /// A real factor mantissa * 2^-exponent, mantissa in 2^30 ..< 2^31: exact in integers, and finer than
  /// the 15-bit multiplier that stands for it.
  private struct Factor {
    var mantissa: Int64
    var exponent: Int

    /// Exact rounding to nearest, halves up.
    func rounded(_ x: Int64) -> Int64 {
      Naive.floorDivide(x * mantissa + (1 << (exponent - 1)), powerOf2: exponent)
    }
  }

  @Test("At most one step from exact rounding, in at most 1 % of outputs", arguments: -8...16)
  func againstExactRounding(shift: Int) {
    let share = differingShare(shift: shift, finalShift: 6, samples: 10_000)
    print("requantize, shift \(shift): \(share) % differ by 1")
    #expect(share <= 1)
  }

  @Test(
    "Fewer fraction bits cost exactness, as the header says",
    arguments: zip([0, 1, 2, 3, 4, 5], [0.1, 15, 7.5, 4, 2, 1.2]))
  func fewerFractionBits(finalShift: Int, limit: Double) {
    let share = differingShare(shift: 0, finalShift: finalShift, samples: 20_000)
    print("requantize, final shift \(finalShift): \(share) % differ by 1")
    #expect(share <= limit)
  }

  /// Per cent of random sums whose output differs from exact rounding; by more than 1 is an issue.
  private func differingShare(shift: Int, finalShift: Int, samples: Int) -> Double {
    var random = vd_random(state: 5)
    var differing = 0
    for _ in 0..<samples {
      // The multiplier 2^15 would be 2^14 with another shift.
      let mantissa = Int64(vd_between(&random, 1 << 30, Int32.max - (1 << 15)))
      let factor = Factor(mantissa: mantissa, exponent: 31 + shift + finalShift)
      let multiplier = Int16((mantissa + (1 << 15)) >> 16)
      // Outputs of -300...300, so that both ends saturate.
      let reach = Int32(300 * exp2(Double(shift + finalShift)))
      let sum = vd_between(&random, -reach, reach)
      let zeroPoint = vd_between(&random, -128, 127)
      let folded = shift > 0 ? sum + (1 << (shift - 1)) : sum
      let actual = vd_requantize(
        folded, Int32(shift), multiplier, Int32(finalShift), zeroPoint, -128, 127)
      let exact = (factor.rounded(Int64(sum)) + Int64(zeroPoint)).clamped(to: -128...127)
      let distance = abs(Int64(actual) - exact)
      if distance > 1 { Issue.record("\(sum) * \(factor): \(actual) instead of \(exact)") }
      differing += distance == 0 ? 0 : 1
    }
    return Double(differing) / Double(samples) * 100
  }

  @Test("Saturates on the way as the clamp would")
  func saturation() {
    for zeroPoint: Int32 in [-128, 0, 127] {
      for multiplier: Int16 in [1 << 14, .max] {
        #expect(vd_requantize(.max, 0, multiplier, 6, zeroPoint, -128, 127) == 127)
        #expect(vd_requantize(.min, 0, multiplier, 6, zeroPoint, -128, 127) == -128)
      }
    }
    #expect(vd_requantize(.max, 31, .max, 0, 5, -128, 127) == 5)
    #expect(vd_requantize(.min, 31, .max, 0, 5, -128, 127) == 4)
    #expect(vd_requantize(1000, 0, .max, 0, 0, -7, 6) == 6)
    #expect(vd_requantize(-1000, 0, .max, 0, 0, -7, 6) == -7)
  }

  @Test("The wide one rounds once, halves up, over its whole range")
  func wide() {
    // Small numbers by hand: 2^30 * 2^-31 is one half.
    let halves = (-4...4).map { vd_requantize_wide(Int32($0), 1 << 30, 31, 0, -128, 127) }
    #expect(halves == [-2, -1, -1, 0, 0, 1, 1, 2, 2])
    var random = vd_random(state: 3)
    for _ in 0..<5000 {
      let x = vd_between(&random, .min + 1, .max)
      let multiplier = vd_between(&random, 1 << 30, .max)
      let shift = vd_between(&random, 1, 62)
      let zeroPoint = vd_between(&random, -128, 127)
      let actual = vd_requantize_wide(x, multiplier, shift, zeroPoint, -100, 90)
      let expected = Naive.requantizeWide(
        Int64(x), multiplier: Int64(multiplier), shift: Int(shift), zeroPoint: Int64(zeroPoint),
        in: -100...90)
      #expect(actual == expected)
    }
  }
}
