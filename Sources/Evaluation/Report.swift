/// All that a report shows, as plain values: ``HTMLReport`` turns it into a page.
///
/// Shares are of 0...1, times in milliseconds, ratios in dB. Strings come from files and are taken
/// for hostile by whoever shows them. What is not known is nil and is shown as such.
public struct ReportModel: Sendable, Hashable {
  public var title: String
  /// Where everything comes from: tool, hashes, seed, preprocessing, and a date if one was given.
  public var facts: [ReportFact]
  public var frameCount: Int
  /// Frames whose true class is known; 0 without labels.
  public var labelledCount: Int
  public var machine: ReportMachine?
  public var baseline: ReportBaseline
  public var builds: [ReportBuild]
  /// Frames on which some build answers other than float, the ones to look at first, perhaps not
  /// all of them.
  public var changes: [ReportChange]
  /// How many there are.
  public var changedFrameCount: Int
  /// Of those, how many have another modal answer.
  public var modalChangeCount: Int

  public init(
    title: String, facts: [ReportFact] = [], frameCount: Int, labelledCount: Int,
    machine: ReportMachine? = nil, baseline: ReportBaseline, builds: [ReportBuild] = [],
    changes: [ReportChange] = [], changedFrameCount: Int = 0, modalChangeCount: Int = 0
  ) {
    self.title = title
    self.facts = facts
    self.frameCount = frameCount
    self.labelledCount = labelledCount
    self.machine = machine
    self.baseline = baseline
    self.builds = builds
    self.changes = changes
    self.changedFrameCount = changedFrameCount
    self.modalChangeCount = modalChangeCount
  }
}

/// A line of provenance.
public struct ReportFact: Sendable, Hashable {
  public var name: String
  public var value: String
  /// Set in a fixed-width face: a hash, a path, a command.
  public var isCode: Bool

  public init(_ name: String, _ value: String, isCode: Bool = false) {
    self.name = name
    self.value = value
    self.isCode = isCode
  }
}

/// What the times were measured on.
public struct ReportMachine: Sendable, Hashable {
  public var processor: String
  public var instructionSet: String
  public var threadCount: Int
  /// Runs of each build; one run of every build a round.
  public var roundCount: Int

  public init(processor: String, instructionSet: String, threadCount: Int, roundCount: Int) {
    self.processor = processor
    self.instructionSet = instructionSet
    self.threadCount = threadCount
    self.roundCount = roundCount
  }
}

/// The float network that the builds are held against.
public struct ReportBaseline: Sendable, Hashable {
  public var name: String
  public var byteCount: Int
  public var top1: Double?
  public var top5: Double?

  public init(name: String, byteCount: Int, top1: Double? = nil, top5: Double? = nil) {
    self.name = name
    self.byteCount = byteCount
    self.top1 = top1
    self.top5 = top5
  }
}

/// A frame on which answers differ.
public struct ReportChange: Sendable, Hashable {
  public var path: String
  public var thumbnail: Thumbnail?
  /// Nil where it is not known.
  public var trueClass: Int?
  public var trueLabel: String?
  public var floatAnswer: ReportAnswer
  /// One for each build, in the order of ``ReportModel/builds``; nil: the same as float's.
  public var answers: [ReportAnswer?]

  public init(
    path: String, thumbnail: Thumbnail? = nil, trueClass: Int? = nil, trueLabel: String? = nil,
    floatAnswer: ReportAnswer, answers: [ReportAnswer?]
  ) {
    self.path = path
    self.thumbnail = thumbnail
    self.trueClass = trueClass
    self.trueLabel = trueLabel
    self.floatAnswer = floatAnswer
    self.answers = answers
  }

  /// Builds that answer other than float.
  public var differingCount: Int {
    others.count
  }

  private var others: [Int] {
    answers.compactMap { $0?.classIndex }.filter { $0 != floatAnswer.classIndex }
  }

  /// Whether more builds give one other answer than give float's: the frame is one that compression
  /// as such gets another answer on, not an accident of one build ("pruning-identified exemplar",
  /// Hooker et al., arXiv 1911.05248).
  public var hasOtherModalAnswer: Bool {
    let others = others
    let floats = answers.count - others.count
    return others.contains { answer in others.count { $0 == answer } > floats }
  }
}

/// A first answer.
public struct ReportAnswer: Sendable, Hashable {
  public var classIndex: Int
  public var label: String
  /// Softmax's share of it, 0...1.
  public var probability: Double

  public init(classIndex: Int, label: String, probability: Double) {
    self.classIndex = classIndex
    self.label = label
    self.probability = probability
  }
}
