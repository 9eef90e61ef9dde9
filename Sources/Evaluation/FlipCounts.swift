/// Who is right, as a 2x2 table of labelled frames.
struct FlipCounts {
  private(set) var kept = 0
  private(set) var lost = 0
  private(set) var gained = 0
  private(set) var bothWrong = 0

  /// Counts those that have a true class and a reference.
  init(_ comparisons: some Sequence<FrameComparison>) {
    for comparison in comparisons {
      guard let after = comparison.candidate.isCorrect, let before = comparison.reference?.isCorrect
      else { continue }
      switch (before, after) {
      case (true, true): kept += 1
      case (true, false): lost += 1
      case (false, true): gained += 1
      case (false, false): bothWrong += 1
      }
    }
  }

  var count: Int { kept + lost + gained + bothWrong }
  var flipRate: Double { Double(lost + gained) / Double(count) }
  var top1Change: Double { Double(gained - lost) / Double(count) }

  /// Of `top1Change`: a frame's change is -1, 0 or +1, its mean square is the flip rate.
  var standardError: Double {
    max(0, (flipRate - top1Change * top1Change) / Double(count)).squareRoot()
  }
}

extension FrameComparison {
  /// Whether both networks' first answers are the same.
  var isSameAnswer: Bool { reference.map { $0.top == candidate.top } ?? true }

  /// Of the true class, in nats; nil without it or without a reference.
  var logProbabilityChange: Double? {
    guard let after = candidate.trueLogProbability, let before = reference?.trueLogProbability
    else { return nil }
    return after - before
  }
}
