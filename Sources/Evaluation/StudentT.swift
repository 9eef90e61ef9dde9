import Foundation

/// Student's t distribution, for paired tests.
package enum StudentT {
  /// The probability that |t| is at least `t` with `degrees` degrees of freedom:
  /// I_x(degrees / 2, 1 / 2) at x = degrees / (degrees + t²).
  /// NIST's Digital Library of Mathematical Functions, 8.17 and
  /// https://en.wikipedia.org/wiki/Student%27s_t-distribution#Cumulative_distribution_function
  package static func twoSided(_ t: Double, degrees: Int) -> Double {
    precondition(degrees >= 1, "a t distribution has at least one degree of freedom")
    guard t.isFinite else { return 0 }
    let nu = Double(degrees)
    let square = t * t
    // x near 1 would lose the digits of a small t: hence both x and its complement.
    return regularizedBeta(
      nu / (nu + square), complement: square / (nu + square), a: nu / 2, b: 0.5)
  }

  /// The regularised incomplete beta function I_x(a, b), by the continued fraction DLMF 8.17.22
  /// (Lentz's method), on the side where it converges fast.
  static func regularizedBeta(_ x: Double, complement: Double, a: Double, b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard complement > 0 else { return 1 }
    if x > (a + 1) / (a + b + 2) {
      return 1 - regularizedBeta(complement, complement: x, a: b, b: a)
    }
    let logFront =
      a * log(x) + b * log(complement) + LogGamma.value(a + b) - LogGamma.value(a)
      - LogGamma.value(b)
    return exp(logFront) * continuedFraction(x, a, b) / a
  }

  private static func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    // Stands for a denominator of 0.
    let tiny = 1e-300
    func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x / (a + 1))
    var fraction = d
    // Takes about the square root of the larger parameter: 1000 is enough for a million frames.
    for step in 1...1000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / away(1 + even * d)
      c = away(1 + even / c)
      fraction *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / away(1 + odd * d)
      c = away(1 + odd / c)
      let factor = d * c
      fraction *= factor
      if abs(factor - 1) < 1e-15 { break }
    }
    return fraction
  }
}

/// The logarithm of the gamma function; the C library's writes a global variable.
package enum LogGamma {
  /// For `x` above 0: Stirling's series (DLMF 5.11.1) from 12 on, where five terms leave less than
  /// 1e-14, and the recurrence down to there.
  package static func value(_ x: Double) -> Double {
    precondition(x > 0, "only positive numbers are needed")
    var shift = 0.0
    var z = x
    while z < 12 {
      shift += log(z)
      z += 1
    }
    let inverse = 1 / z
    let square = inverse * inverse
    let series =
      inverse
      * (1.0 / 12
        - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square / 1188))))
    return (z - 0.5) * log(z) - z + 0.5 * log(2 * Double.pi) + series - shift
  }
}
