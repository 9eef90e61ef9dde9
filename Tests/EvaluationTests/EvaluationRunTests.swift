import Datasets
import Evaluation
import FloatGraph
import Foundation
import Model
import Testing

private let frames: URL = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "samples/frames")

/// The means of the three channels of an image, times `scale`.
private func means(scale: Float) throws -> EvaluationSubject {
  let graph = FloatGraph(
    name: "means",
    values: [FloatValue(name: "in"), FloatValue(name: "mean"), FloatValue(name: "out")],
    nodes: [
      FloatNode(
        name: "mean", operation: .mean(axes: [1, 2], keepsDimensions: false), inputs: [0],
        output: 1),
      FloatNode(
        name: "scale", operation: .affine(scale: [scale], offset: [0]), inputs: [1], output: 2),
    ], input: 0, output: 2, inputExtents: ImageExtents(height: 8, width: 8, channels: 3))
  return try EvaluationSubject(
    FloatProgram(graph),
    model: EvaluatedModel(path: "means", id: "", byteCount: 0, height: 8, width: 8), height: 8,
    width: 8,
    preprocessing: Preprocessing(
      crop: .whole, filter: .bilinear, mean: [127], standardDeviation: [128]))
}

@Suite("A run over frames")
struct EvaluationRunTests {
  @Test("the result does not depend on the threads, and rows come in the order of the paths")
  func threads() throws {
    let set = try FrameSet(folder: frames.path)
    var results: [EvaluationResult] = []
    var inputs: [[[UInt8]]] = []
    for threads in [1, 3] {
      var run = try EvaluationRun(
        means(scale: 4), against: means(scale: 3), frames: set, threads: threads)
      run.keepsInputs = true
      var order: [Int] = []
      var rows: [[UInt8]] = []
      let result = try run.run(
        Evaluator(classCount: 3),
        consume: { answered throws(EvaluationError) in
          order.append(answered.index)
          rows.append(answered.input)
        })
      results.append(try #require(result))
      inputs.append(rows)
      #expect(order == Array(set.frames.indices))
    }
    #expect(results[0] == results[1])
    #expect(inputs[0] == inputs[1])
    #expect(inputs[0][0].count == 8 * 8 * 3 * 4)
    #expect(results[0].frameCount == set.frames.count)
    // Outputs that are 4/3 of the reference's: 10 log10(1 / (1/3)^2).
    let ratio = try #require(results[0].difference?.logitSQNR)
    #expect(abs(ratio - 10 * log10(9.0)) < 1e-4)
    #expect(results[0].difference?.agreement == 1)
  }

  @Test("a frame that cannot be decoded is skipped; when all are, that is an error")
  func skipped() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "vedette-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data([1, 2, 3]).write(to: folder.appending(path: "bad.jpg"))
    let only = try EvaluationRun(
      means(scale: 1), frames: FrameSet(folder: folder.path), threads: 2)
    #expect {
      _ = try only.run(Evaluator(classCount: 3))
    } throws: { error in
      guard case .noAnswers(1, let reason)? = error as? EvaluationError else { return false }
      return reason.hasPrefix("bad.jpg: ")
    }
    try FileManager.default.copyItem(
      at: frames.appending(path: "cat.jpg"), to: folder.appending(path: "cat.jpg"))
    let both = try EvaluationRun(
      means(scale: 1), frames: FrameSet(folder: folder.path), threads: 2)
    let result = try #require(try both.run(Evaluator(classCount: 3)))
    #expect(result.frameCount == 1)
    #expect(result.skipped.map(\.file) == ["bad.jpg"])
  }

  @Test("cancelled, there is no result")
  func cancelled() throws {
    let run = try EvaluationRun(
      means(scale: 1), frames: FrameSet(folder: frames.path), threads: 1)
    let result = try run.run(Evaluator(classCount: 3), isCancelled: { true })
    #expect(result == nil)
  }
}
