/// Histograms as a record has them: 32 bins of one digit each.
///
/// They are read as silhouettes only (``Plot``), where heights are the square roots of counts, and
/// so it is the heights that are written: of 36 steps, base 36, the fullest bin "z".
extension QuantizationRecord.Layer {
  public static let histogramBinCount = 32

  /// Sets the histogram from counts over any number of bins of equal width; without a count: nil.
  public mutating func setHistogram(counts: [Int], minimum: Float, maximum: Float) {
    let bins = QuantizationRecord.Layer.histogramBinCount
    var joined = [Double](repeating: 0, count: bins)
    for (bin, count) in counts.enumerated() {
      joined[bin * bins / counts.count] += Double(max(0, count))
    }
    let most = joined.max() ?? 0
    guard most > 0 else {
      (histogram, histogramMinimum, histogramMaximum) = (nil, nil, nil)
      return
    }
    histogram = joined.map { count in
      // No bin that holds anything is shown as empty.
      let height = Int(((count / most).squareRoot() * 35).rounded())
      return String(count > 0 ? max(1, height) : 0, radix: 36)
    }.joined()
    histogramMinimum = minimum
    histogramMaximum = maximum
  }

  /// Relative counts by bin: the squares of the heights. Nil for none, and for what is no digits.
  public var histogramCounts: [Int]? {
    guard let histogram, histogram.utf8.count <= 512 else { return nil }
    var counts: [Int] = []
    for character in histogram {
      guard let height = Int(String(character), radix: 36) else { return nil }
      counts.append(height * height)
    }
    return counts
  }
}
