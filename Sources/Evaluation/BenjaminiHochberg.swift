/// Correction for testing many groups at once.
package enum BenjaminiHochberg {
  /// The adjusted probabilities: a group whose own is below q is, as far as the tests are
  /// independent, a false alarm in at most a share q of cases.
  ///
  /// q(i) = min over j >= i of p(j) * m / j, the p sorted ascending. Benjamini and Hochberg,
  /// "Controlling the False Discovery Rate", J. R. Statist. Soc. B 57 (1995), 289-300.
  package static func adjusted(_ probabilities: [Double]) -> [Double] {
    let count = Double(probabilities.count)
    let order = probabilities.indices.sorted {
      (probabilities[$0], $0) < (probabilities[$1], $1)
    }
    var adjusted = probabilities
    var least = 1.0
    for (rank, index) in order.enumerated().reversed() {
      least = min(least, probabilities[index] * count / Double(rank + 1))
      adjusted[index] = least
    }
    return adjusted
  }
}
