extension FailCondition {
  /// What became of a condition.
  public enum Verdict: Sendable, Hashable {
    case passed(figure: String)
    case failed(figure: String)
    /// There is no such figure; it neither passes nor fails.
    case unmeasured(reason: String)
  }

  private enum Figure {
    case value(Double, text: String)
    case none(String)
  }

  /// Holds the condition against a result.
  public func check(_ result: EvaluationResult) -> Verdict {
    switch figure(result) {
    case .none(let reason): return .unmeasured(reason: reason)
    case .value(let value, let text):
      let isBeyond = failsAbove ? value > threshold : value < threshold
      let fails = isBeyond || (isInclusive && value == threshold)
      return fails ? .failed(figure: text) : .passed(figure: text)
    }
  }

  private func figure(_ result: EvaluationResult) -> Figure {
    if metric == .accuracy {
      guard let accuracy = result.accuracy else { return .none("no frame has a label") }
      return .value(100 * accuracy.top1, text: "\(decimal(100 * accuracy.top1, 2)) %")
    }
    guard let difference = result.difference else {
      return .none("there is nothing to compare with; name the float network with --against")
    }
    switch metric {
    case .agreement:
      let value = 100 * difference.agreement
      return .value(value, text: "\(decimal(value, 2)) %")
    case .kl: return .value(difference.meanKL, text: "\(decimal(difference.meanKL, 5)) nats")
    case .sqnr:
      guard let value = difference.logitSQNR else {
        return .value(.infinity, text: "no difference at all")
      }
      return .value(value, text: "\(decimal(value, 2)) dB")
    case .top1, .top5, .flips, .ece, .worstClass, .worstGroup, .worstDecile, .accuracy:
      guard let labelled = difference.labelled else { return .none("no frame has a label") }
      return labelledFigure(result, labelled)
    }
  }

  private func labelledFigure(_ result: EvaluationResult, _ labelled: LabelledDifference) -> Figure
  {
    switch metric {
    case .top1: return points(-labelled.top1Change)
    case .top5: return points(-labelled.top5Change)
    case .flips:
      let value = 100 * labelled.flipRate
      return .value(value, text: "\(decimal(value, 2)) %")
    case .ece:
      guard let after = result.accuracy, let before = result.referenceAccuracy else {
        return .none("no frame has a label")
      }
      return points(after.calibrationError - before.calibrationError)
    case .worstClass: return worst(result.groupings.filter { $0.kind == .class })
    case .worstGroup:
      let asked = result.groupings.filter(\.isRequested)
      return worst(asked.isEmpty ? result.groupings : asked)
    case .worstDecile:
      let classes = result.groupings.first { $0.kind == .class }
      guard let summary = classes?.judged else { return tooSmall(classes.map { [$0] } ?? []) }
      return points(-summary.worstDecileTop1Change)
    case .agreement, .kl, .sqnr, .accuracy: return .none("no frame has a label")
    }
  }

  private func worst(_ groupings: [EvaluationGrouping]) -> Figure {
    let summaries = groupings.compactMap { grouping in
      grouping.judged.map { (name: grouping.name, summary: $0) }
    }
    guard let worst = summaries.min(by: { $0.summary.worstTop1Change < $1.summary.worstTop1Change })
    else { return tooSmall(groupings) }
    let value = -100 * worst.summary.worstTop1Change
    return .value(
      value, text: "\(decimal(value, 2)) points, \(worst.name) '\(worst.summary.worst)'")
  }

  private func tooSmall(_ groupings: [EvaluationGrouping]) -> Figure {
    let most = groupings.flatMap(\.groups).map(\.labelledCount).max() ?? 0
    return .none(
      "no group has the \(EvaluationGroup.smallCount) labelled frames that it takes to judge one; "
        + "the largest has \(most)")
  }

  private func points(_ share: Double) -> Figure {
    .value(100 * share, text: "\(decimal(100 * share, 2)) points")
  }
}

/// `value` with `places` digits after the point.
func decimal(_ value: Double, _ places: Int) -> String {
  guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
  var scale = 1
  for _ in 0..<places { scale *= 10 }
  let scaled = Int((abs(value) * Double(scale)).rounded())
  let fraction = String(scaled % scale)
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard places > 0 else { return sign + "\(scaled)" }
  return sign + "\(scaled / scale)."
    + String(repeating: "0", count: places - fraction.count) + fraction
}
