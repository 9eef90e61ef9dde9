import Datasets
import Evaluation
import Foundation
import Testing

/// A frame of class `truth` to which the networks give these answers, each with a margin of 2.
private func answered(
  _ truth: Int?, _ before: Int?, _ after: Int, classes: Int = 4, margin: Float = 2
) -> FrameComparison {
  func logits(_ top: Int) -> ModelOutput {
    ModelOutput((0..<classes).map { $0 == top ? margin : 0 })
  }
  return FrameComparison(
    candidate: logits(after), reference: before.map(logits), trueClass: truth)
}

private func frame(_ number: Int, _ folder: String = "", _ fields: [String] = []) -> FrameSet.Frame
{
  let name = (folder.isEmpty ? "" : folder + "/") + "\(number).jpg"
  return FrameSet.Frame(path: "/x/" + name, name: name, fields: fields)
}

private let model = EvaluatedModel(path: "m", id: "", byteCount: 1, height: 1, width: 1)

@Suite("An evaluation's sums")
struct EvaluatorTests {
  /// 100 frames of class 0 and 100 of class 1. Of class 0 the candidate loses 10 and gains 2.
  private func evaluated(_ keys: [Evaluator.GroupKey] = []) -> EvaluationResult {
    var evaluator = Evaluator(classCount: 4, classNames: ["a", "b", "c", "d"], groupBy: keys)
    for number in 0..<200 {
      let truth = number % 2
      let place = number / 2
      let (before, after) =
        truth == 1 ? (1, 1) : place < 10 ? (0, 3) : place < 12 ? (2, 0) : (0, 0)
      evaluator.add(
        frame(number, place < 50 ? "x" : "y", ["\(place % 4)"]),
        answered(truth, before, after))
    }
    return evaluator.result(model: model, reference: model)
  }

  @Test("counts, flips, McNemar, standard error and log-probability of all frames")
  func all() throws {
    let result = evaluated()
    let labelled = try #require(result.difference?.labelled)
    #expect(result.frameCount == 200 && result.labelledCount == 200)
    #expect(result.accuracy?.top1 == 0.95)
    #expect(result.accuracy?.top5 == 1)
    #expect(result.referenceAccuracy?.top1 == 0.99)
    #expect(result.difference?.agreement == 0.94)
    #expect(labelled.kept == 188 && labelled.lost == 10)
    #expect(labelled.gained == 2 && labelled.bothWrong == 0)
    #expect(labelled.flipRate == 0.06)
    #expect(abs(labelled.top1Change - -0.04) < 1e-15)
    // scipy.stats.binomtest(2, 12).pvalue
    #expect(abs(labelled.mcNemarProbability - 0.03857421875) < 1e-12)
    #expect(abs(labelled.top1StandardError - ((0.06 - 0.0016) / 200).squareRoot()) < 1e-15)
    // A flip moves the true class's log-probability by the margin: (2 - 10) * 2 / 200.
    #expect(abs(labelled.logProbabilityChange - -0.08) < 1e-12)
    #expect(labelled.top1Low < -0.04 && labelled.top1High > -0.04 && labelled.top1High < 0.01)
    // Each changed frame: two logits differ by 2. signal 200 * 4, noise 12 * 8.
    let ratio = try #require(result.difference?.logitSQNR)
    #expect(abs(ratio - 10 * log10(800.0 / 96)) < 1e-12)
    #expect(result.significance?.contains("is more than chance") == true)
  }

  @Test("the calibration error is the gap between confidence and accuracy")
  func calibration() throws {
    let result = evaluated()
    // All confidences are equal: one bin.
    let confidence = exp(2.0) / (exp(2.0) + 3)
    let error = try #require(result.accuracy?.calibrationError)
    #expect(abs(error - (0.95 - confidence)) < 1e-12)
  }

  @Test("changed answers and gained confusions are listed")
  func lists() {
    let result = evaluated()
    #expect(result.changed.count == 12)
    #expect(result.changed[0].file == "x/0.jpg")
    #expect(result.changed[0].referenceAnswer == 0 && result.changed[0].answer == 3)
    #expect(result.confusionsGained.count == 1)
    #expect(result.confusionsGained[0].trueClass == 0 && result.confusionsGained[0].answer == 3)
    #expect(result.confusionsGained[0].candidateCount == 10)
  }

  @Test("groups by class, folder and field")
  func groups() throws {
    let result = evaluated([.folder, .field(index: 0, name: "camera")])
    #expect(result.groupings.map(\.name).prefix(3) == ["class", "dir", "camera"])
    let classes = result.groupings[0]
    #expect(classes.groups.map(\.name) == ["a", "b"])
    let worst = try #require(classes.groups[0].difference)
    #expect(worst.kept == 88 && worst.lost == 10 && worst.gained == 2 && worst.bothWrong == 0)
    #expect(worst.top1Change == -0.08 && worst.flipRate == 0.12)
    let p = try #require(worst.probability)
    #expect(worst.test == "paired t")
    #expect(worst.adjustedProbability == min(1, 2 * p))
    #expect(classes.groups[1].difference?.probability == 1)
    #expect(classes.judged?.worst == "a")
    #expect(classes.judged?.worstTop1Change == -0.08)
    #expect(classes.judged?.worstDecileTop1Change == -0.08)
    #expect(abs((classes.judged?.spread ?? 0) - 0.04) < 1e-15)
    #expect(classes.judged?.beyondTwiceMean == 0)
    #expect(!classes.isRequested && result.groupings[1].isRequested)
    #expect(result.groupings[1].groups.map(\.frameCount) == [100, 100])
    #expect(result.groupings[1].groups[0].difference?.lost == 10)
    #expect(result.groupings[2].groups.map(\.name) == ["0", "1", "2", "3"])
  }

  @Test("a group of fewer than 20 is small, and no summary of the judged ones has it")
  func small() {
    var evaluator = Evaluator(classCount: 4)
    for number in 0..<39 { evaluator.add(frame(number), answered(number < 20 ? 0 : 1, 0, 0)) }
    let grouping = evaluator.result(model: model, reference: model).groupings[0]
    #expect(grouping.groups.map(\.isSmall) == [false, true])
    #expect(grouping.groups[0].difference?.top1Low == 0)
    #expect(grouping.groups[1].difference?.top1Low == nil)
    #expect(grouping.judged?.groupCount == 1)
    #expect(grouping.all?.groupCount == 2)
  }

  @Test("strata are quarters of the frames, equal values together")
  func strata() throws {
    var evaluator = Evaluator(classCount: 4)
    for number in 0..<100 {
      evaluator.add(
        frame(number), answered(0, 0, 0, margin: Float(number)),
        traits: FrameTraits(
          brightness: Double(99 - number), sharpness: 5, jpegQuality: number < 70 ? 90 : 95,
          pixelCount: 1_000_000))
    }
    let result = evaluator.result(model: model, reference: model)
    let strata = result.groupings.filter { $0.kind == .stratum }
    #expect(strata.map(\.name) == ["brightness", "jpeg-quality", "confidence"])
    #expect(strata[0].groups.map(\.name) == ["0 to 24", "25 to 49", "50 to 74", "75 to 99"])
    #expect(strata[0].groups.map(\.frameCount) == [25, 25, 25, 25])
    #expect(strata[1].groups.map(\.frameCount) == [70, 30])
  }

  @Test("without a reference or labels those figures are absent")
  func absent() {
    var alone = Evaluator(classCount: 4)
    alone.add(frame(0), answered(1, nil, 1))
    let one = alone.result(model: model)
    #expect(one.accuracy?.top1 == 1 && one.difference == nil && one.significance == nil)
    #expect(one.changed.isEmpty && one.groupings[0].groups[0].correct == 1)

    var unlabelled = Evaluator(classCount: 4, groupBy: [.folder])
    unlabelled.add(frame(0, "x"), answered(nil, 1, 2))
    let two = unlabelled.result(model: model, reference: model)
    #expect(two.accuracy == nil && two.difference?.labelled == nil)
    #expect(two.difference?.agreement == 0 && two.changed.count == 1)
    #expect(two.groupings.map(\.name) == ["dir"])
    #expect(two.groupings[0].groups[0].difference?.changed == 1)
    #expect(two.groupings[0].groups[0].difference?.top1Change == nil)
  }

  @Test("equal networks: no ratio, and the sentence says what the frames cannot show")
  func equal() {
    var evaluator = Evaluator(classCount: 4)
    for number in 0..<100 { evaluator.add(frame(number), answered(0, 0, 0)) }
    let result = evaluator.result(model: model, reference: model)
    #expect(result.difference?.logitSQNR == nil && result.difference?.meanKL == 0)
    #expect(result.difference?.labelled?.mcNemarProbability == 1)
    #expect(result.significance?.contains("fewer than 3.00 %") == true)
  }

  @Test("a result goes through JSON unchanged")
  func codable() throws {
    let result = evaluated([.folder])
    let data = try JSONEncoder().encode(result)
    #expect(try JSONDecoder().decode(EvaluationResult.self, from: data) == result)
  }

  @Test("the text names what a person looks for")
  func text() {
    let text = EvaluationText(evaluated([.folder]), limit: 3).lines.joined(separator: "\n")
    for part in [
      "top-1", "95.00 %", "99.00 %", "-4.00 pt", "10 lost, 2 gained", "by class: 2 groups",
      "by dir", "+10  a taken for d", "changed answers (12)", "… 9 more in --json",
    ] {
      #expect(text.contains(part), "\(part)")
    }
  }
}
