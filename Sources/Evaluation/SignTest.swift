import Foundation

/// Exact tests of two counts that chance would make equal.
package enum SignTest {
  /// The probability that of `a + b` fair coins so few or fewer fall on the rarer side, times two,
  /// at most 1: the exact sign test, and McNemar's on the two kinds of change.
  ///
  /// https://en.wikipedia.org/wiki/McNemar%27s_test#Variations (the exact binomial test)
  package static func twoSided(_ a: Int, _ b: Int) -> Double {
    precondition(a >= 0 && b >= 0, "counts are not negative")
    let n = a + b
    let least = min(a, b)
    guard 2 * least < n else { return 1 }
    // The largest term, then each one before it by its ratio: C(n, k-1) / C(n, k) = k / (n-k+1).
    let logTerm =
      LogGamma.value(Double(n) + 1) - LogGamma.value(Double(least) + 1)
      - LogGamma.value(Double(n - least) + 1) - Double(n) * log(2.0)
    var term = exp(logTerm)
    var sum = term
    var k = least
    while k > 0, term > sum * 1e-17 {
      term *= Double(k) / Double(n - k + 1)
      sum += term
      k -= 1
    }
    return min(1, 2 * sum)
  }
}
