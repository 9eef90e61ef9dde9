/// One build's part of a report: the file, what it answered, and what it says of itself.
public struct ReportSubject: Sendable {
  /// Short: the file's name without its extension.
  public var name: String
  public var result: EvaluationResult
  /// Nil for a file that another tool wrote.
  public var record: QuantizationRecord?
  /// What the graph itself says, for a file without a record.
  public var graphLayers: [ReportLayer]
  public var compressedByteCount: Int?
  public var timing: ReportTiming?
  public var energyMicrojoules: Double?

  public init(
    name: String, result: EvaluationResult, record: QuantizationRecord? = nil,
    graphLayers: [ReportLayer] = []
  ) {
    self.name = name
    self.result = result
    self.record = record
    self.graphLayers = graphLayers
  }
}

extension ReportModel {
  /// The report of builds that were held against the same float network on the same frames.
  ///
  /// - Parameter maximumChanges: of the frames whose answer changed, how many are listed.
  public init(
    title: String, facts: [ReportFact], subjects: [ReportSubject], machine: ReportMachine? = nil,
    maximumChanges: Int = 60
  ) {
    let first = subjects.first?.result
    let reference = first?.reference
    self.init(
      title: title, facts: facts, frameCount: first?.frameCount ?? 0,
      labelledCount: first?.labelledCount ?? 0, machine: machine,
      baseline: ReportBaseline(
        name: reference.map { Self.fileName($0.path) } ?? "float",
        byteCount: reference?.byteCount ?? 0, top1: first?.referenceAccuracy?.top1,
        top5: first?.referenceAccuracy?.top5),
      builds: subjects.map(ReportBuild.init))
    let changes = Self.changes(subjects.map(\.result))
    changedFrameCount = changes.count
    modalChangeCount = changes.count { $0.hasOtherModalAnswer }
    self.changes = Array(changes.prefix(max(maximumChanges, 0)))
  }

  static func fileName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// Every frame that some build answers otherwise, those that say most first: another modal answer,
  /// many builds, a float network that was sure.
  private static func changes(_ results: [EvaluationResult]) -> [ReportChange] {
    var byFile: [String: ReportChange] = [:]
    for (index, result) in results.enumerated() {
      for changed in result.changed {
        var change =
          byFile[changed.file]
          ?? ReportChange(
            path: changed.file, trueClass: changed.trueClass,
            trueLabel: changed.trueClass.map(result.className),
            floatAnswer: ReportAnswer(
              classIndex: changed.referenceAnswer, label: result.className(changed.referenceAnswer),
              probability: changed.referenceProbability),
            answers: Array(repeating: nil, count: results.count))
        change.answers[index] = ReportAnswer(
          classIndex: changed.answer, label: result.className(changed.answer),
          probability: changed.probability)
        byFile[changed.file] = change
      }
    }
    return byFile.values.sorted { a, b in
      if a.hasOtherModalAnswer != b.hasOtherModalAnswer { return a.hasOtherModalAnswer }
      if a.differingCount != b.differingCount { return a.differingCount > b.differingCount }
      if a.floatAnswer.probability != b.floatAnswer.probability {
        return a.floatAnswer.probability > b.floatAnswer.probability
      }
      return a.path < b.path
    }
  }
}

extension ReportBuild {
  fileprivate init(_ subject: ReportSubject) {
    let result = subject.result
    let difference = result.difference
    self.init(
      name: subject.name, modelID: result.model.id, byteCount: result.model.byteCount,
      lost: difference?.labelled?.lost ?? 0, gained: difference?.labelled?.gained ?? 0,
      changed: result.changed.count, agreement: difference?.agreement ?? 1,
      meanKL: difference?.meanKL ?? 0, logitSQNR: difference?.logitSQNR)
    compressedByteCount = subject.compressedByteCount
    timing = subject.timing
    energyMicrojoules = subject.energyMicrojoules
    top1 = result.accuracy?.top1
    top5 = result.accuracy?.top5
    breakdowns = result.groupings.compactMap(ReportBreakdown.init)
    confusions = result.confusionsGained.map {
      ReportConfusion(
        trueLabel: result.className($0.trueClass), wrongLabel: result.className($0.answer),
        floatCount: $0.referenceCount, count: $0.candidateCount)
    }
    layers = subject.record.map { $0.layers.map(ReportLayer.init) } ?? subject.graphLayers
    sizes = (subject.record?.accuracy ?? []).map(ReportSize.init)
    facts = subject.record?.facts ?? []
  }
}

extension ReportBreakdown {
  /// Nil where no group has a labelled frame.
  fileprivate init?(_ grouping: EvaluationGrouping) {
    let names = ["dir": "folder", "jpeg-quality": "JPEG quality", "picture-size": "picture size"]
    let parts = grouping.groups.compactMap { group -> ReportPart? in
      guard group.labelledCount > 0, let difference = group.difference else { return nil }
      return ReportPart(
        name: group.name, bothRight: difference.kept, lost: difference.lost,
        gained: difference.gained, bothWrong: difference.bothWrong,
        logProbabilityChange: difference.logProbabilityChange,
        adjustedProbability: difference.adjustedProbability)
    }
    if parts.isEmpty { return nil }
    self.init(
      partName: names[grouping.name] ?? grouping.name, parts: parts,
      testName: "paired t test of the log-probabilities, or the sign test for few frames")
  }
}

extension ReportSize {
  fileprivate init(_ accuracy: QuantizationRecord.SizeAccuracy) {
    self.init(
      size: accuracy.size, frameCount: accuracy.frameCount, floatTop1: accuracy.floatTop1,
      top1: accuracy.top1, agreement: accuracy.agreement, meanKL: accuracy.meanKL,
      logitSQNR: accuracy.logitSQNR)
  }
}
