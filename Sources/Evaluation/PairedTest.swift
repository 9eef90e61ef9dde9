/// Whether the mean of paired differences may be 0.
package struct PairedTest {
  package enum Kind: String, Sendable { case t = "paired t", sign }

  package let mean: Double
  /// Of the mean; nil for fewer than two differences.
  package let standardError: Double?
  package let kind: Kind?
  /// Two-sided; nil where no test could say anything.
  package let probability: Double?

  /// Below this the t distribution leans too much on the differences' being normal.
  static let smallCount = 20
  /// A sign test of fewer cannot fall below 0.05: 2 / 2^5 = 0.0625.
  static let leastCount = 6

  /// Student's paired t test from 20 differences on, the exact sign test for fewer.
  package init(_ differences: [Double]) {
    let n = Double(differences.count)
    guard !differences.isEmpty else {
      (mean, standardError, kind, probability) = (0, nil, nil, nil)
      return
    }
    let mean = differences.reduce(0, +) / n
    self.mean = mean
    guard differences.count >= 2 else {
      (standardError, kind, probability) = (nil, nil, nil)
      return
    }
    let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = (squares / (n - 1) / n).squareRoot()
    standardError = error
    guard differences.count >= PairedTest.leastCount else {
      (kind, probability) = (nil, nil)
      return
    }
    // Differences that are all the same have no spread to compare their mean with.
    if differences.count >= PairedTest.smallCount, error > 0 {
      kind = .t
      probability = StudentT.twoSided(mean / error, degrees: differences.count - 1)
    } else {
      kind = .sign
      probability = SignTest.twoSided(
        differences.count { $0 > 0 }, differences.count { $0 < 0 })
    }
  }
}
