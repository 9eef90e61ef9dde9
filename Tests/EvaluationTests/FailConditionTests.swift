import Datasets
import Evaluation
import Testing

@Suite("Conditions of a gate")
struct FailConditionTests {
  @Test("conditions are read with their units")
  func parse() throws {
    let text =
      "top1>1pt, worst-group>5pt,flips>3%,kl>0.01,sqnr<20,worst-class > 5 pt,agreement<=98%"
    let conditions = try FailCondition.parse(text)
    #expect(
      conditions.map(\.metric) == [
        .top1, .worstGroup, .flips, .kl, .sqnr, .worstClass, .agreement,
      ])
    #expect(conditions.map(\.threshold) == [1, 5, 3, 0.01, 20, 5, 98])
    #expect(conditions.map(\.isInclusive) == [false, false, false, false, false, false, true])
    #expect(conditions[1].text == "worst-group>5pt")
  }

  @Test(
    "what cannot be read is an error with its place",
    arguments: [
      ("", 1), ("top1>1pt,", 10), ("top2>1pt", 1), ("top1", 5), ("top1<1pt", 5), ("sqnr>20", 5),
      ("top1>", 6), ("top1>x", 6), ("flips>3", 8), ("flips>3pt", 8), ("kl>0.01nats", 8),
      ("top1>1pt x", 10), ("kl>1,flips>3", 13), ("top1>1e999", 7), ("top1>1.2.3pt", 6),
    ])
  func malformed(text: String, position: Int) {
    #expect {
      try FailCondition.parse(text)
    } throws: { error in
      guard case .invalidCondition(position, _)? = error as? EvaluationError else { return false }
      return true
    }
  }

  /// Of 40 frames, 20 in each of two folders, the candidate loses 2 of the first folder's.
  private func result(labelled: Bool = true, reference: Bool = true) -> EvaluationResult {
    var evaluator = Evaluator(classCount: 2, groupBy: [.folder])
    for number in 0..<40 {
      let isLost = number < 2
      let folder = number < 20 ? "dark" : "light"
      evaluator.add(
        FrameSet.Frame(path: "", name: "\(folder)/\(number)"),
        FrameComparison(
          candidate: ModelOutput(isLost ? [0, 1] : [1, 0]),
          reference: reference ? ModelOutput([1, 0]) : nil, trueClass: labelled ? 0 : nil))
    }
    let model = EvaluatedModel(path: "m", id: "", byteCount: 1, height: 1, width: 1)
    return evaluator.result(model: model, reference: reference ? model : nil)
  }

  @Test(
    "a condition holds or not, and says the figure",
    arguments: [
      ("top1>5pt", false, "5.00 points"), ("top1>=5pt", true, "5.00 points"),
      ("top1>4.9pt", true, "5.00 points"), ("flips>4%", true, "5.00 %"),
      ("flips>6%", false, "5.00 %"), ("agreement<96%", true, "95.00 %"),
      ("worst-group>9pt", true, "10.00 points, dir 'dark'"),
      ("worst-class>9pt", false, "5.00 points, class 'class 0'"),
      ("accuracy<96%", true, "95.00 %"), ("sqnr<10.1", true, "10.00 dB"),
      ("sqnr<9.9", false, "10.00 dB"), ("kl>1", false, "0.02311 nats"),
      ("worst-decile>4pt", true, "5.00 points"),
    ])
  func check(text: String, fails: Bool, figure: String) throws {
    let verdict = try FailCondition.parse(text)[0].check(result())
    #expect(verdict == (fails ? .failed(figure: figure) : .passed(figure: figure)))
  }

  @Test("what was not measured neither passes nor fails")
  func unmeasured() throws {
    func isUnmeasured(_ text: String, _ result: EvaluationResult) throws -> Bool {
      guard case .unmeasured = try FailCondition.parse(text)[0].check(result) else { return false }
      return true
    }
    #expect(try isUnmeasured("top1>1pt", result(labelled: false)))
    #expect(try isUnmeasured("top1>1pt", result(reference: false)))
    #expect(try !isUnmeasured("agreement<50%", result(labelled: false)))
    #expect(try !isUnmeasured("accuracy<50%", result(reference: false)))
    var small = Evaluator(classCount: 2)
    small.add(
      FrameSet.Frame(path: "", name: "a"),
      FrameComparison(
        candidate: ModelOutput([1, 0]), reference: ModelOutput([1, 0]), trueClass: 0))
    let model = EvaluatedModel(path: "m", id: "", byteCount: 1, height: 1, width: 1)
    #expect(try isUnmeasured("worst-class>1pt", small.result(model: model, reference: model)))
  }
}
