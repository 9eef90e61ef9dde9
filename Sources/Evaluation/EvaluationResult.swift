/// What a network's answers to a set of frames are worth, alone or beside those of another network:
/// the reference, usually the float network that it was made from.
///
/// A change is the candidate's figure minus the reference's: a negative one is a loss. Shares and
/// accuracies are 0...1. Its JSON is what `vedette evaluate --json` prints.
public struct EvaluationResult: Codable, Sendable, Hashable {
  /// 1. A reader refuses a higher one.
  public var version = 1
  public var model: EvaluatedModel
  public var reference: EvaluatedModel?
  /// Frames that both networks answered.
  public var frameCount: Int
  /// Those whose true class is known; everything about being right is about these.
  public var labelledCount: Int
  /// Frames that were left out, in the order of their paths.
  public var skipped: [SkippedFrame] = []
  /// By class; nil where the model has no labels.
  public var classNames: [String]?
  /// Nil without labelled frames.
  public var accuracy: Accuracy?
  public var referenceAccuracy: Accuracy?
  /// Nil without a reference.
  public var difference: Difference?
  /// Classes first, then what was asked for, then strata that the pictures themselves give.
  public var groupings: [EvaluationGrouping] = []
  /// Wrong answers that the candidate gives more often than the reference, most gained first.
  public var confusionsGained: [Confusion] = []
  /// Frames with another first answer than the reference's, in the order of their paths.
  public var changed: [ChangedAnswer] = []
  /// What became of the conditions of a gate.
  public var gates: [GateOutcome] = []

  public init(
    model: EvaluatedModel, reference: EvaluatedModel?, frameCount: Int, labelledCount: Int
  ) {
    self.model = model
    self.reference = reference
    self.frameCount = frameCount
    self.labelledCount = labelledCount
  }

  /// The name of a class, or its number.
  public func className(_ index: Int) -> String {
    guard let classNames, classNames.indices.contains(index) else { return "class \(index)" }
    return classNames[index]
  }
}

/// Which file answered.
public struct EvaluatedModel: Codable, Sendable, Hashable {
  /// The file's path as given.
  public var path: String
  /// SHA-256 of the file, hexadecimal.
  public var id: String
  public var byteCount: Int
  /// Of the input.
  public var height: Int
  /// Of the input.
  public var width: Int

  public init(path: String, id: String, byteCount: Int, height: Int, width: Int) {
    self.path = path
    self.id = id
    self.byteCount = byteCount
    self.height = height
    self.width = width
  }
}

/// A frame without an answer.
public struct SkippedFrame: Codable, Sendable, Hashable {
  /// Relative to the folder.
  public var file: String
  public var reason: String

  public init(file: String, reason: String) {
    self.file = file
    self.reason = reason
  }
}

/// How often one network is right.
public struct Accuracy: Codable, Sendable, Hashable {
  public var correct: Int
  public var top1: Double
  /// The true class is among the first five; among equal outputs the lower index comes first.
  public var top5: Double
  /// The expected calibration error: the mean over the frames of |accuracy - mean confidence| of
  /// their bin, 15 bins of equal width over the first answer's probability. Guo et al., "On
  /// Calibration of Modern Neural Networks" (ICML 2017), equation 3.
  public var calibrationError: Double
}

/// What a candidate changes.
public struct Difference: Codable, Sendable, Hashable {
  /// The share of frames with the same first answer.
  public var agreement: Double
  /// Mean KL(reference || candidate) of the softmaxes, in nats.
  public var meanKL: Double
  /// 10 log10(sum of reference² / sum of (reference - candidate)²) over all frames and outputs, in
  /// dB; nil where there is no difference at all (or no signal).
  public var logitSQNR: Double?
  /// Nil without labelled frames.
  public var labelled: LabelledDifference?
}

/// What a candidate changes in being right.
public struct LabelledDifference: Codable, Sendable, Hashable {
  /// Both networks right.
  public var kept: Int
  /// The reference right, the candidate wrong.
  public var lost: Int
  /// The reference wrong, the candidate right.
  public var gained: Int
  public var bothWrong: Int
  /// (lost + gained) / labelled frames. Dutta et al., "Accuracy is Not All You Need"
  /// (arXiv 2407.09141).
  public var flipRate: Double
  public var top1Change: Double
  /// Of ``top1Change``: the root of ((lost + gained) / n - change²) / n.
  public var top1StandardError: Double
  /// 95 %, by the bootstrap.
  public var top1Low: Double
  /// 95 %, by the bootstrap.
  public var top1High: Double
  public var top5Change: Double
  /// McNemar's exact test on lost and gained, two-sided.
  public var mcNemarProbability: Double
  /// Mean change of the true class's log-probability, in nats.
  public var logProbabilityChange: Double
  public var logProbabilityStandardError: Double?
  /// Of so large a mean change by chance: the paired t test, or for few frames the sign test.
  public var logProbabilityProbability: Double?
}

/// A wrong answer to a class, and how often either network gives it.
public struct Confusion: Codable, Sendable, Hashable {
  public var trueClass: Int
  public var answer: Int
  public var referenceCount: Int
  public var candidateCount: Int
}

/// A frame whose first answer is not the reference's.
public struct ChangedAnswer: Codable, Sendable, Hashable {
  /// Relative to the folder.
  public var file: String
  public var trueClass: Int?
  public var referenceAnswer: Int
  public var referenceProbability: Double
  public var answer: Int
  public var probability: Double
}
