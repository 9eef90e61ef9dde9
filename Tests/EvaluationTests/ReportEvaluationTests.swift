import Datasets
import Evaluation
import Model
import Tensors
import Testing

@Suite("A report from evaluation results")
struct ReportEvaluationTests {
  /// A result of frames whose float answer is class 0 and right; `wrong` of them get class 1.
  private func result(
    wrong: Set<Int>, count: Int = 40, classes: Int = 3
  ) -> EvaluationResult {
    var evaluator = Evaluator(
      classCount: classes, classNames: ["cat", "dog", "<owl>"], groupBy: [.folder])
    for index in 0..<count {
      let float = ModelOutput([3 - Float(index) / 100, 1, 0])
      let build = ModelOutput(wrong.contains(index) ? [1, 2, 0] : [3, 1, 0])
      let name = "\(index < 10 ? "yard" : "door")/\(index).jpg"
      evaluator.add(
        FrameSet.Frame(path: "/f/" + name, name: name, classIndex: 0),
        FrameComparison(candidate: build, reference: float, trueClass: 0))
    }
    return evaluator.result(
      model: EvaluatedModel(path: "a/b.tflite", id: "id", byteCount: 100, height: 8, width: 8),
      reference: EvaluatedModel(
        path: "x/float.onnx", id: "f", byteCount: 400, height: 8, width: 8))
  }

  private func model(_ wrong: [Set<Int>], maximumChanges: Int = 60) -> ReportModel {
    ReportModel(
      title: "t", facts: [],
      subjects: wrong.enumerated().map {
        ReportSubject(name: "b\($0.offset)", result: result(wrong: $0.element))
      }, maximumChanges: maximumChanges)
  }

  @Test("the figures are the evaluation's")
  func figures() throws {
    let model = model([[3, 12, 13, 14]])
    let build = try #require(model.builds.first)
    #expect(model.baseline.name == "float.onnx" && model.baseline.byteCount == 400)
    #expect(model.baseline.top1 == 1 && build.top1 == 0.9)
    #expect(build.lost == 4 && build.gained == 0 && build.agreement == 0.9)
    #expect(model.frameCount == 40 && model.labelledCount == 40)
    #expect(build.confusions.map(\.wrongLabel) == ["dog"])
    let folders = try #require(build.breakdowns.first { $0.partName == "folder" })
    #expect(folders.worstFirst.map(\.name) == ["door", "yard"])
    #expect(folders.worstFirst.map(\.lost) == [3, 1])
    #expect(folders.worstFirst.map(\.isSmall) == [false, true])
  }

  @Test("frames on which more builds differ come first, then those of which float was sure")
  func changes() {
    let model = model([[1, 2, 3], [2, 3], [3]])
    #expect(model.changes.map(\.path) == ["yard/3.jpg", "yard/2.jpg", "yard/1.jpg"])
    #expect(model.changes.map(\.differingCount) == [3, 2, 1])
    #expect(model.changes.map(\.hasOtherModalAnswer) == [true, true, false])
    #expect(model.modalChangeCount == 2)
    #expect(model.changes[2].answers.map { $0?.label } == ["dog", nil, nil])
  }

  @Test("what is not listed is counted")
  func bounded() {
    let model = model([[1, 2, 3, 4, 5]], maximumChanges: 2)
    #expect(model.changes.map(\.path) == ["yard/1.jpg", "yard/2.jpg"])
    #expect(model.changedFrameCount == 5)
    #expect(HTMLReport.render(model).contains("2 are shown, 3 are left out"))
  }

  @Test("layers come from the record, else from the graph")
  func layers() throws {
    var layer = QuantizationRecord.Layer(
      name: "conv", kind: "CONV_2D", rangeMinimum: -1, rangeMaximum: 2)
    layer.bits = 6
    layer.setHistogram(
      counts: [4, 0, 1, 0] + Array(repeating: 0, count: 28), minimum: -2, maximum: 2)
    var size = QuantizationRecord.SizeAccuracy(
      size: 96, frameCount: 5, agreement: 1, meanKL: 0, logitSQNR: 30)
    size.top1 = 0.5
    let record = QuantizationRecord(
      toolVersion: "1", sourceHash: "s", sourceName: "n", calibrationHash: "c",
      calibrationCount: 3, seed: 9, weights: "6", method: "gram", sizes: [96], layers: [layer],
      accuracy: [size])
    let subjects = [
      ReportSubject(
        name: "a", result: result(wrong: []), record: record,
        graphLayers: [ReportLayer(name: "g", kind: "ADD")]),
      ReportSubject(
        name: "b", result: result(wrong: []), graphLayers: [ReportLayer(name: "g", kind: "ADD")]),
    ]
    let model = ReportModel(title: "t", facts: [], subjects: subjects)
    let first = try #require(model.builds[0].layers.first)
    #expect(first.name == "conv" && first.bits == 6 && first.rangeMaximum == 2)
    let counts = [35 * 35, 0, 18 * 18] + Array(repeating: 0, count: 29)
    #expect(first.histogram == ReportHistogram(counts: counts, minimum: -2, maximum: 2))
    #expect(model.builds[0].sizes.map(\.size) == [96])
    #expect(model.builds[0].facts.contains { $0.name == "Seed" && $0.value == "9" })
    #expect(model.builds[1].layers.map(\.kind) == ["ADD"])
    #expect(
      HTMLReport.render(model).contains("Each build gives float's first answer on all 40"))
  }

  @Test("a graph tells the weights and the ranges of its operators")
  func graph() throws {
    let quantization = try #require(Quantization(scale: 0.5, zeroPoint: -28))
    func tensor(_ index: Int, _ name: String, _ extents: [Int], constant: Range<Int>?) throws
      -> TensorInfo
    {
      TensorInfo(
        index: index, name: name, shape: try #require(Shape(extents)), elementType: .int8,
        quantization: quantization, constant: constant)
    }
    let graph = Graph(
      tensors: [
        try tensor(0, "in", [1, 4], constant: nil),
        try tensor(1, "w", [3, 4], constant: 0..<12),
        try tensor(2, "out", [1, 3], constant: nil),
      ],
      operators: [Operator(index: 0, kind: .fullyConnected(.none), inputs: [0, 1], output: 2)],
      inputs: [0], outputs: [2])
    let layer = try #require(ReportLayer.layers(of: graph).first)
    #expect(layer.name == "out" && layer.kind == "FULLY_CONNECTED")
    #expect(layer.weightShape == [3, 4] && layer.bits == 8 && layer.weightBytes == 12)
    #expect(layer.rangeMinimum == -50 && layer.rangeMaximum == 77.5)
    #expect(layer.rounding == nil && layer.aloneSQNR == nil)
  }
}
