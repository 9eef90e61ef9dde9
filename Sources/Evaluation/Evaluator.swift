import Foundation
public import Datasets

/// Gathers the comparisons of frames, one after the other, and says what they add up to.
///
/// It keeps about 200 bytes a frame. Sums are taken in the order in which frames are added, so the
/// result depends on that order alone.
public struct Evaluator {
  /// What an evaluation may be asked to group by.
  public enum GroupKey: Sendable, Hashable {
    /// The true class. It is grouped by in any case; asked for, it is what gates on groups look at.
    case trueClass
    /// The folder that a frame lies in.
    case folder
    /// The field with this place among a frame's fields, and its name.
    case field(index: Int, name: String)
  }

  /// One frame, without its logits.
  struct Record {
    let file: String
    let comparison: FrameComparison
    let traits: FrameTraits?
    /// By group key.
    let groups: [String]
  }

  let classCount: Int
  let classNames: [String]?
  let keys: [GroupKey]
  let classIsRequested: Bool
  let seed: UInt64
  private(set) var records: [Record] = []
  private var signal = 0.0
  private var noise = 0.0
  private var divergence = 0.0

  /// - Parameters:
  ///   - groupBy: what is grouped by besides classes and strata.
  ///   - seed: of the bootstrap.
  public init(
    classCount: Int, classNames: [String]? = nil, groupBy keys: [GroupKey] = [], seed: UInt64 = 0
  ) {
    precondition(
      classNames.map { $0.count == classCount } ?? true, "every class has a name, or none has")
    self.classCount = classCount
    self.classNames = classNames
    self.keys = keys.filter { $0 != .trueClass }
    classIsRequested = keys.contains(.trueClass)
    self.seed = seed
  }

  public var frameCount: Int { records.count }

  /// Adds a frame. All have a reference or none has.
  public mutating func add(
    _ frame: FrameSet.Frame, _ comparison: FrameComparison, traits: FrameTraits? = nil
  ) {
    precondition(
      records.isEmpty
        || (records[0].comparison.reference == nil) == (comparison.reference == nil),
      "some frames have a reference and others have none")
    let groups = keys.map { key in
      switch key {
      case .trueClass: ""
      case .folder: frame.folder.isEmpty ? "." : frame.folder
      case .field(let index, _): frame.fields.indices.contains(index) ? frame.fields[index] : ""
      }
    }
    records.append(
      Record(file: frame.name, comparison: comparison, traits: traits, groups: groups))
    signal += comparison.signal
    noise += comparison.noise
    divergence += comparison.divergence
  }

  /// What all frames so far add up to. Takes a second for each million frames and grouping.
  public func result(
    model: EvaluatedModel, reference: EvaluatedModel? = nil, skipped: [SkippedFrame] = []
  ) -> EvaluationResult {
    let labelled = records.indices.filter { records[$0].comparison.trueClass != nil }
    var result = EvaluationResult(
      model: model, reference: reference, frameCount: records.count,
      labelledCount: labelled.count)
    result.skipped = skipped
    result.classNames = classNames
    if !labelled.isEmpty {
      result.accuracy = accuracy(labelled, \.candidate)
    }
    result.groupings = groupings(labelled)
    guard let first = records.first, first.comparison.reference != nil else { return result }
    if !labelled.isEmpty {
      result.referenceAccuracy = accuracy(labelled) { $0.reference ?? $0.candidate }
    }
    result.difference = difference(labelled, result.accuracy, result.referenceAccuracy)
    result.confusionsGained = confusionsGained(labelled)
    result.changed = changed
    return result
  }

  // MARK: All frames

  private func accuracy(
    _ labelled: [Int], _ answer: (FrameComparison) -> FrameAnswer
  ) -> Accuracy {
    let answers = labelled.map { answer(records[$0].comparison) }
    let n = Double(labelled.count)
    let correct = answers.count { $0.isCorrect == true }
    return Accuracy(
      correct: correct, top1: Double(correct) / n,
      top5: Double(answers.count { ($0.trueRank ?? .max) < 5 }) / n,
      calibrationError: calibrationError(answers))
  }

  private func calibrationError(_ answers: [FrameAnswer]) -> Double {
    let binCount = 15
    var bins = [(right: Double, confidence: Double)](repeating: (0, 0), count: binCount)
    for answer in answers {
      let bin = min(max(Int(answer.confidence * Double(binCount)), 0), binCount - 1)
      bins[bin].right += answer.isCorrect == true ? 1 : 0
      bins[bin].confidence += answer.confidence
    }
    return bins.reduce(0) { $0 + abs($1.right - $1.confidence) } / Double(answers.count)
  }

  private func difference(
    _ labelled: [Int], _ accuracy: Accuracy?, _ referenceAccuracy: Accuracy?
  ) -> Difference {
    let n = Double(records.count)
    let same = records.count { $0.comparison.isSameAnswer }
    var difference = Difference(agreement: Double(same) / n, meanKL: divergence / n)
    if noise > 0, signal > 0 { difference.logitSQNR = 10 * log10(signal / noise) }
    guard let accuracy, let referenceAccuracy else { return difference }
    let counts = FlipCounts(labelled.map { records[$0].comparison })
    let change = counts.top1Change
    let interval = Bootstrap.interval(
      lost: counts.lost, gained: counts.gained, count: labelled.count, seed: seed)
    let test = PairedTest(labelled.compactMap { records[$0].comparison.logProbabilityChange })
    difference.labelled = LabelledDifference(
      kept: counts.kept, lost: counts.lost, gained: counts.gained, bothWrong: counts.bothWrong,
      flipRate: counts.flipRate, top1Change: change, top1StandardError: counts.standardError,
      top1Low: interval.lowerBound, top1High: interval.upperBound,
      top5Change: accuracy.top5 - referenceAccuracy.top5,
      mcNemarProbability: SignTest.twoSided(counts.lost, counts.gained),
      logProbabilityChange: test.mean, logProbabilityStandardError: test.standardError,
      logProbabilityProbability: test.probability)
    return difference
  }

  private var changed: [ChangedAnswer] {
    records.compactMap { record in
      let comparison = record.comparison
      guard let reference = comparison.reference, !comparison.isSameAnswer else { return nil }
      return ChangedAnswer(
        file: record.file, trueClass: comparison.trueClass, referenceAnswer: reference.top,
        referenceProbability: reference.confidence, answer: comparison.candidate.top,
        probability: comparison.candidate.confidence)
    }
  }

  /// At most this many: a thousand classes have a million pairs.
  private static let maximumConfusionCount = 100

  private func confusionsGained(_ labelled: [Int]) -> [Confusion] {
    var pairs: [[Int]: Confusion] = [:]
    for index in labelled {
      let comparison = records[index].comparison
      guard let trueClass = comparison.trueClass, let reference = comparison.reference else {
        continue
      }
      for (answer, isCandidate) in [(reference.top, false), (comparison.candidate.top, true)]
      where answer != trueClass {
        let start = Confusion(
          trueClass: trueClass, answer: answer, referenceCount: 0, candidateCount: 0)
        if isCandidate {
          pairs[[trueClass, answer], default: start].candidateCount += 1
        } else {
          pairs[[trueClass, answer], default: start].referenceCount += 1
        }
      }
    }
    func key(_ pair: Confusion) -> [Int] {
      [pair.referenceCount - pair.candidateCount, pair.trueClass, pair.answer]
    }
    let gained = pairs.values.filter { $0.candidateCount > $0.referenceCount }
    return Array(
      gained.sorted { key($0).lexicographicallyPrecedes(key($1)) }
        .prefix(Evaluator.maximumConfusionCount))
  }
}
