/// The frames divided by one property: their class, their folder, a field, how bright they are.
public struct EvaluationGrouping: Codable, Sendable, Hashable {
  public enum Kind: String, Codable, Sendable {
    /// By true class.
    case `class`
    /// By folder, or by a field of the table of labels.
    case field
    /// By what the picture itself or the reference's confidence says, in quarters.
    case stratum
  }

  /// "class", "dir", a field's name, "brightness".
  public var name: String
  public var kind: Kind
  /// Whether somebody asked for it by name.
  public var isRequested = false
  /// Those without a value are in none; classes by number, others by name, strata ascending.
  public var groups: [EvaluationGroup]
  /// Over the groups that have enough labelled frames; nil where none has, or without a reference.
  public var judged: GroupSummary?
  /// Over all groups with a labelled frame. Where they are small this is mostly chance.
  public var all: GroupSummary?
}

/// One part of the frames.
public struct EvaluationGroup: Codable, Sendable, Hashable {
  /// With fewer labelled frames one frame moves the accuracy by more than 5 points.
  public static let smallCount = 20

  public var name: String
  /// The class, where the groups are classes.
  public var classIndex: Int?
  public var frameCount: Int
  public var labelledCount: Int
  /// Fewer than 20 labelled frames: to be shown in grey, and judged by no gate.
  public var isSmall: Bool
  /// Of the labelled frames, the candidate's right answers.
  public var correct: Int
  /// Nil without a reference.
  public var difference: GroupDifference?
}

/// What the candidate changes in one group.
public struct GroupDifference: Codable, Sendable, Hashable {
  /// Frames with another first answer.
  public var changed: Int
  public var kept: Int
  public var lost: Int
  public var gained: Int
  public var bothWrong: Int
  /// (lost + gained) / labelled frames; nil without any.
  public var flipRate: Double?
  /// (gained - lost) / labelled frames; nil without any.
  public var top1Change: Double?
  /// 95 %, by the bootstrap; nil for a small group.
  public var top1Low: Double?
  public var top1High: Double?
  /// Mean change of the true class's log-probability, in nats; nil without labelled frames.
  public var logProbabilityChange: Double?
  /// "paired t" or "sign"; nil where there are too few frames for either.
  public var test: String?
  /// Of so large a change of log-probability by chance, two-sided.
  public var probability: Double?
  /// The same after Benjamini and Hochberg's correction over the groups.
  public var adjustedProbability: Double?
}

/// How unequally a change falls on the groups.
public struct GroupSummary: Codable, Sendable, Hashable {
  public var groupCount: Int
  /// The name of the group that loses most (of several, the one whose log-probability falls most).
  public var worst: String
  public var worstTop1Change: Double
  /// The mean top-1 change of the tenth of the groups that lose most, at least one: CVaR at 10 %.
  /// Rockafellar and Uryasev, "Optimization of Conditional Value-at-Risk" (J. Risk 2, 2000).
  public var worstDecileTop1Change: Double
  /// The standard deviation of the groups' top-1 changes.
  public var spread: Double
  /// Groups that lose more than twice the mean loss, where there is a mean loss.
  public var beyondTwiceMean: Int
  /// Groups whose adjusted probability is below 0.05.
  public var significantCount: Int
}
