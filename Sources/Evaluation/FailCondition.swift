/// One condition of a gate: `worst-group>5pt`.
public struct FailCondition: Sendable, Hashable {
  public enum Metric: String, Sendable, CaseIterable {
    /// Points of top-1 lost against the reference.
    case top1
    /// Points of top-5 lost against the reference.
    case top5
    /// Points of top-1 lost by the class that loses most, of those with at least 20 frames.
    case worstClass = "worst-class"
    /// The same over the groups that were asked for; over all groups where none were.
    case worstGroup = "worst-group"
    /// Points of top-1 lost by the tenth of the classes that lose most, on average.
    case worstDecile = "worst-decile"
    /// The share of labelled frames that became right or wrong.
    case flips
    /// The share of frames with the reference's first answer.
    case agreement
    /// Mean KL divergence in nats.
    case kl
    /// Of the logits, in dB.
    case sqnr
    /// Points by which the calibration error grew.
    case ece
    /// The share of right answers, without looking at a reference.
    case accuracy
  }

  public let metric: Metric
  /// Whether a figure above the threshold fails, rather than one below it.
  public let failsAbove: Bool
  public let isInclusive: Bool
  /// In the metric's unit: points, percent, nats or dB.
  public let threshold: Double
  /// As it was written.
  public let text: String
}

extension FailCondition.Metric {
  /// The unit as written and as shown; the last is whether it may be left out.
  var unit: (suffixes: [String], isOptional: Bool) {
    switch self {
    case .top1, .top5, .worstClass, .worstGroup, .worstDecile, .ece: (["pt", "pp"], true)
    case .flips, .agreement, .accuracy: (["%"], false)
    case .kl: ([], true)
    case .sqnr: (["dB", "db"], true)
    }
  }

  /// Whether more is worse.
  var isCost: Bool {
    switch self {
    case .agreement, .sqnr, .accuracy: false
    case .top1, .top5, .worstClass, .worstGroup, .worstDecile, .flips, .kl, .ece: true
    }
  }
}

extension FailCondition {
  /// Reads conditions that commas divide: `top1>1pt,flips>3%,sqnr<20`.
  public static func parse(_ text: String) throws(EvaluationError) -> [FailCondition] {
    var conditions: [FailCondition] = []
    var position = 1
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let blanks = part.prefix { $0 == " " }.count
      let trimmed = part.dropFirst(blanks)
      conditions.append(try parse(one: String(trimmed), at: position + blanks))
      position += part.count + 1
    }
    return conditions
  }

  private static func parse(one text: String, at position: Int) throws(EvaluationError)
    -> FailCondition
  {
    func wrong(_ offset: Int, _ reason: String) -> EvaluationError {
      .invalidCondition(position: position + offset, reason: reason)
    }
    let name = text.prefix { $0 != "<" && $0 != ">" && $0 != "=" && $0 != " " }
    guard !name.isEmpty else { throw wrong(0, "a condition is missing, like top1>1pt") }
    guard let metric = Metric(rawValue: String(name)) else {
      let known = Metric.allCases.map(\.rawValue).joined(separator: ", ")
      throw wrong(0, "no figure '\(name)'; there are \(known)")
    }
    var rest = text.dropFirst(name.count).drop { $0 == " " }
    var offset: Int { text.count - rest.count }
    let sign = metric.isCost ? ">" : "<"
    guard rest.hasPrefix(sign) else {
      let meaning =
        metric.isCost ? "fails when it is above a limit" : "fails when it is below a limit"
      throw wrong(offset, "\(metric.rawValue) \(meaning): '\(sign)' is needed here")
    }
    rest = rest.dropFirst()
    let isInclusive = rest.hasPrefix("=")
    if isInclusive { rest = rest.dropFirst() }
    rest = rest.drop { $0 == " " }
    let number = rest.prefix { $0.isASCII && ($0.isNumber || "+-.".contains($0)) }
    guard let threshold = Double(number), threshold.isFinite else {
      throw wrong(offset, "a number is needed here, like \(metric.example)")
    }
    rest = rest.dropFirst(number.count).drop { $0 == " " }
    let unit = rest.drop { $0 == " " }.prefix { $0 != " " }
    let (suffixes, isOptional) = metric.unit
    guard unit.isEmpty ? isOptional : suffixes.contains(String(unit)) else {
      throw wrong(
        offset,
        unit.isEmpty
          ? "a unit is needed here: \(metric.example)"
          : "no unit '\(unit)' of \(metric.rawValue); write \(metric.example)")
    }
    rest = rest.dropFirst(unit.count).drop { $0 == " " }
    guard rest.isEmpty else { throw wrong(offset, "'\(rest)' after a condition") }
    return FailCondition(
      metric: metric, failsAbove: metric.isCost, isInclusive: isInclusive, threshold: threshold,
      text: text)
  }
}

extension FailCondition.Metric {
  /// How a condition on it may look.
  var example: String {
    switch self {
    case .top1, .top5, .worstDecile, .ece: "\(rawValue)>1pt"
    case .worstClass, .worstGroup: "\(rawValue)>5pt"
    case .flips: "flips>3%"
    case .agreement: "agreement<98%"
    case .kl: "kl>0.01"
    case .sqnr: "sqnr<20"
    case .accuracy: "accuracy<70%"
    }
  }
}
