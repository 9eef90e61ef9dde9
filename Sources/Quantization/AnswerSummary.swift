import Evaluation
import Foundation

/// How near some answers come to the float network's, summed frame by frame in order.
struct AnswerSummary: Sendable {
  private(set) var frameCount = 0
  private(set) var labelledCount = 0
  private(set) var sameCount = 0
  private(set) var floatCorrect = 0
  private(set) var correct = 0
  private(set) var correctInFive = 0
  private var divergence = 0.0
  private var signal = 0.0
  private var noise = 0.0
  /// By class.
  private(set) var classes: [Int: QuantizationRecord.ClassAccuracy] = [:]

  mutating func add(_ comparison: FrameComparison) {
    frameCount += 1
    divergence += comparison.divergence
    signal += comparison.signal
    noise += comparison.noise
    guard let reference = comparison.reference else { return }
    if comparison.candidate.top == reference.top { sameCount += 1 }
    guard let trueClass = comparison.trueClass, let rank = comparison.candidate.trueRank else {
      return
    }
    labelledCount += 1
    let floatIsRight = reference.isCorrect == true
    if floatIsRight { floatCorrect += 1 }
    if rank == 0 { correct += 1 }
    if rank < 5 { correctInFive += 1 }
    var entry =
      classes[trueClass]
      ?? .init(
        classIndex: trueClass, frameCount: 0, floatCorrect: 0, correct: 0, logProbabilityChange: 0)
    let change =
      (comparison.candidate.trueLogProbability ?? 0) - (reference.trueLogProbability ?? 0)
    entry.logProbabilityChange =
      (entry.logProbabilityChange * Double(entry.frameCount) + change)
      / Double(entry.frameCount + 1)
    entry.frameCount += 1
    entry.floatCorrect += floatIsRight ? 1 : 0
    entry.correct += rank == 0 ? 1 : 0
    classes[trueClass] = entry
  }

  var agreement: Double { share(sameCount, frameCount) }
  var meanKL: Double { frameCount == 0 ? 0 : divergence / Double(frameCount) }
  /// The squared error of the logits as a share of their power.
  var relativeNoise: Double { signal > 0 ? noise / signal : 0 }
  /// In dB; 120 where the answers are the same.
  var logitSQNR: Double {
    noise > 0 && signal > 0 ? min(120, 10 * log10(signal / noise)) : 120
  }

  /// What was lost against the float network, as a share: of top-1 with labels, of agreement
  /// without.
  var drop: Double {
    labelledCount > 0 ? share(floatCorrect - correct, labelledCount) : 1 - agreement
  }

  func record(size: Int) -> QuantizationRecord.SizeAccuracy {
    var accuracy = QuantizationRecord.SizeAccuracy(
      size: size, frameCount: frameCount, agreement: agreement.rounded(digits: 6),
      meanKL: meanKL.rounded(digits: 6), logitSQNR: logitSQNR.rounded(digits: 4))
    guard labelledCount > 0 else { return accuracy }
    accuracy.floatTop1 = share(floatCorrect, labelledCount).rounded(digits: 6)
    accuracy.top1 = share(correct, labelledCount).rounded(digits: 6)
    accuracy.top5 = share(correctInFive, labelledCount).rounded(digits: 6)
    return accuracy
  }

  private func share(_ count: Int, _ of: Int) -> Double {
    of == 0 ? 0 : Double(count) / Double(of)
  }
}

extension Double {
  /// Rounded to so many decimal places: what is written into a file must not show the last bits of
  /// the C library's logarithm, which differ between CPUs.
  func rounded(digits: Int) -> Double {
    let unit = pow(10.0, Double(digits))
    let scaled = self * unit
    return scaled.isFinite ? scaled.rounded() / unit : self
  }
}
