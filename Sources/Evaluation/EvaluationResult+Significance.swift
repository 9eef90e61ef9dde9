extension EvaluationResult {
  /// One sentence on whether the change of top-1 can be told from chance; nil without labels or a
  /// reference.
  ///
  /// The interval is 1.96 standard errors. Without a single flip it is the rule of three: Hanley
  /// and Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?" (JAMA 249, 1983).
  public var significance: String? {
    guard let labelled = difference?.labelled else { return nil }
    let frames = "\(labelledCount) labelled frame\(labelledCount == 1 ? "" : "s")"
    guard labelled.lost + labelled.gained > 0 else {
      let most = min(100, 300 / Double(labelledCount))
      return "No answer became right or wrong; of \(frames) that says that fewer than "
        + "\(decimal(most, 2)) % do (95 %)."
    }
    let change = "The top-1 change of \(signed(100 * labelled.top1Change, 2)) points"
    let error = decimal(196 * labelled.top1StandardError, 2)
    let test = "McNemar's exact p \(probabilityText(labelled.mcNemarProbability))"
    if labelled.mcNemarProbability >= 0.05 {
      return change + " is within chance (±\(error) points at 95 %, \(test), \(frames)): it cannot "
        + "be told from none."
    }
    return change + " is more than chance (±\(error) points at 95 %, \(test), \(frames))."
  }
}

/// What became of a condition, in a result.
public struct GateOutcome: Codable, Sendable, Hashable {
  public enum Outcome: String, Codable, Sendable { case passed, failed, unmeasured }

  /// As it was written.
  public var condition: String
  public var outcome: Outcome
  /// The figure, or why there is none.
  public var figure: String

  public init(_ condition: FailCondition, _ verdict: FailCondition.Verdict) {
    self.condition = condition.text
    switch verdict {
    case .passed(let figure): (outcome, self.figure) = (.passed, figure)
    case .failed(let figure): (outcome, self.figure) = (.failed, figure)
    case .unmeasured(let reason): (outcome, figure) = (.unmeasured, reason)
    }
  }
}

/// With a plus sign where it is above 0.
func signed(_ value: Double, _ places: Int) -> String {
  let text = decimal(value, places)
  return value > 0 && text.contains { "123456789".contains($0) } ? "+" + text : text
}

/// A probability with two significant digits or so.
func probabilityText(_ value: Double) -> String {
  value < 0.0001 ? "below 0.0001" : value < 0.01 ? decimal(value, 4) : decimal(value, 2)
}
