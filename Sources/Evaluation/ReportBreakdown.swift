/// What a build does to each part of the frames: to each class, or to each group of some other kind.
public struct ReportBreakdown: Sendable, Hashable {
  /// What a part is: "class", "directory", "camera".
  public var partName: String
  public var parts: [ReportPart]
  /// What `probability` of a part is, in a few words: "exact McNemar test".
  public var testName: String

  public init(partName: String, parts: [ReportPart], testName: String) {
    self.partName = partName
    self.parts = parts
    self.testName = testName
  }

  /// Worst first, those with too few frames to judge after the others: by net change, then by the
  /// change of the log-probability, then by name.
  public var worstFirst: [ReportPart] {
    parts.sorted { a, b in
      if a.isSmall != b.isSmall { return b.isSmall }
      if a.netShare != b.netShare { return a.netShare < b.netShare }
      let (one, other) = (a.logProbabilityChange ?? 0, b.logProbabilityChange ?? 0)
      return one != other ? one < other : a.name < b.name
    }
  }
}

/// The frames of one class or group: a 2x2 table of who is right.
public struct ReportPart: Sendable, Hashable {
  /// A part with fewer frames is shown in grey: one frame more or less moves it by 5 points or more.
  public static let smallFrameCount = 20

  public var name: String
  public var bothRight: Int
  /// Right in float, wrong in the build.
  public var lost: Int
  /// Wrong in float, right in the build.
  public var gained: Int
  public var bothWrong: Int
  /// Mean change of the true class's log-probability, in nats; negative: less sure of the truth.
  public var logProbabilityChange: Double?
  /// Of so large a difference by chance, after Benjamini and Hochberg's correction over all parts.
  public var adjustedProbability: Double?

  public init(
    name: String, bothRight: Int, lost: Int, gained: Int, bothWrong: Int,
    logProbabilityChange: Double? = nil, adjustedProbability: Double? = nil
  ) {
    self.name = name
    self.bothRight = bothRight
    self.lost = lost
    self.gained = gained
    self.bothWrong = bothWrong
    self.logProbabilityChange = logProbabilityChange
    self.adjustedProbability = adjustedProbability
  }

  public var frameCount: Int { bothRight + lost + gained + bothWrong }
  public var isSmall: Bool { frameCount < ReportPart.smallFrameCount }
  /// The change of accuracy, a share of its frames; 0 without any.
  public var netShare: Double {
    frameCount == 0 ? 0 : Double(gained - lost) / Double(frameCount)
  }
}

/// A wrong answer that a build gives more often than float does.
public struct ReportConfusion: Sendable, Hashable {
  public var trueLabel: String
  public var wrongLabel: String
  public var floatCount: Int
  public var count: Int

  public init(trueLabel: String, wrongLabel: String, floatCount: Int, count: Int) {
    self.trueLabel = trueLabel
    self.wrongLabel = wrongLabel
    self.floatCount = floatCount
    self.count = count
  }
}
