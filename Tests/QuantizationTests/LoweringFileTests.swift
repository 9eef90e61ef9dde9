import Evaluation
import FloatGraph
import Foundation
import Inference
import Model
import Quantization
import Tensors
import Testing

@Suite struct LoweringFileTests {
  private var graph: FloatGraph {
    var sketch = Sketch(height: 8, width: 8, channels: 3)
    let stem = sketch.convolve(0, from: 3, to: 8, stride: 2, clip: .relu6)
    let mean = sketch.add(.mean(axes: [1, 2], keepsDimensions: false), [stem])
    sketch.connect(mean, from: 8, to: 4)
    return sketch.graph
  }

  private var record: QuantizationRecord {
    let plain = QuantizationRecord.Layer(
      name: "node0", kind: "MEAN", rangeMinimum: -0.1, rangeMaximum: 6)
    var weighted = plain
    weighted.kind = "CONV_2D"
    weighted.weightShape = [8, 3, 3, 3]
    weighted.bits = 8
    weighted.weightBytes = 216
    weighted.rounding = "nearest"
    weighted.fellBack = true
    weighted.accumulatedSQNR = 30.25
    weighted.setHistogram(counts: [1, 2, 3], minimum: -0.1, maximum: 6.5)
    var record = QuantizationRecord(
      toolVersion: "1", sourceHash: "ab", sourceName: "net/float.onnx", calibrationHash: "cd",
      calibrationCount: 3, seed: 7, weights: "8", method: "auto", sizes: [8],
      layers: [plain, weighted], accuracy: [])
    record.classes = [
      .init(
        classIndex: 3, frameCount: 2, floatCorrect: 2, correct: 1, logProbabilityChange: -0.25)
    ]
    return record
  }

  private var description: ModelFileDescription {
    ModelFileDescription(
      summary: "a test",
      preprocessing: Preprocessing(
        crop: .centralSquare(numerator: 7, denominator: 8), filter: .bilinear,
        mean: [120, 121, 122.5], standardDeviation: [64, 65, 66]),
      labels: ["cat", "dog", "tree", "été"], record: record)
  }

  @Test("Labels, preprocessing and the record read back as they were written")
  func metadata() throws {
    let plan = try ReferencePlanner(graph).plan()
    let file = try LoweredFile(graph, plan, description: description)
    #expect(file.file.modelDescription == "a test")
    #expect(file.file.labels == ["cat", "dog", "tree", "été"])
    #expect(file.file.preprocessing == description.preprocessing)
    let entry = file.file.metadataBytes(LoweredGraph.recordEntry)
    let json = try #require(entry)
    #expect(try JSONDecoder().decode(QuantizationRecord.self, from: Data(json)) == record)
    #expect(record.layers[1].fellBack == true && record.layers[0].bits == nil)
  }

  @Test("Equal inputs give equal bytes")
  func deterministic() throws {
    let plan = try ReferencePlanner(graph).plan()
    let first = try LoweredFile(graph, plan, description: description)
    let second = try LoweredFile(graph, plan, description: description)
    #expect(first.bytes == second.bytes)
  }

  @Test("Without the biases' scales the file is smaller and computes the same")
  func biasScales() throws {
    let planner = try ReferencePlanner(graph)
    let plan = try planner.plan()
    let full = try LoweredFile(graph, plan)
    var description = ModelFileDescription()
    description.statesBiasScales = false
    let lean = try LoweredFile(graph, plan, description: description)
    #expect(lean.bytes.count < full.bytes.count)
    #expect(try lean.run(planner.inputs[0]) == full.run(planner.inputs[0]))
  }

  @Test("One file serves every size of its ladder", arguments: [13, 8, 11])
  func ladder(side: Int) throws {
    var sketch = Sketch(height: side, width: side, channels: 3)
    let stem = sketch.convolve(0, from: 3, to: 8, stride: 2, clip: .relu)
    let pooled = sketch.add(
      .maxPool(
        FloatWindow(
          kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, roundsUp: true)),
      [stem])
    let mean = sketch.add(.mean(axes: [1, 2], keepsDimensions: true), [pooled])
    let row = sketch.add(.reshape(to: [0, -1]), [mean])
    sketch.connect(row, from: 8, to: 4)
    let planner = try ReferencePlanner(sketch.graph)
    let plan = try planner.plan()
    let sizes = [8, 13, 11, 8].map { ImageExtents(height: $0, width: $0, channels: 3) }
    let file = try LoweredFile(sketch.graph, plan, sizes: sizes)
    #expect(file.file.inputSizes == [8, 13, 11])
    let output = try #require(plan.activations[sketch.graph.output])
    let expected = planner.evaluations.flatMap { $0.values[sketch.graph.output] }
    let actual = try planner.inputs.flatMap { try file.run($0, side: side).map(output.real) }
    #expect(sqnr(expected, actual) >= 25)
  }

  @Test("The wrong number of labels, an empty one, one of two lines: refused")
  func labels() throws {
    let lowered = try LoweredGraph(graph, plan: try ReferencePlanner(graph, inputCount: 1).plan())
    for labels in [["a"], ["a", "b", "c", ""], ["a", "b\n", "c", "d"]] {
      #expect(throws: QuantizationError.self) {
        _ = try lowered.file(ModelFileDescription(labels: labels))
      }
    }
    var broken = record
    broken.layers[0].rangeMaximum = .infinity
    #expect(throws: QuantizationError.self) {
      _ = try lowered.file(ModelFileDescription(record: broken))
    }
  }

  @Test("The maps name the tensors and operators of the file, so that a run can be observed")
  func maps() throws {
    let planner = try ReferencePlanner(graph)
    let plan = try planner.plan()
    let file = try LoweredFile(graph, plan)
    let read = file.file.graph
    #expect(read.tensors.count >= file.lowered.tensors.count)
    for (value, tensor) in file.lowered.tensorOfValue {
      // Scales inside may be in other units (``UnitScales``), zero points stay.
      let planned = try #require(plan.activations[value])
      #expect(read.tensors[tensor].quantization?.zeroPoints == planned.zeroPoints)
      if [graph.input, graph.output].contains(value) {
        #expect(read.tensors[tensor].quantization == planned)
      }
    }
    for (index, node) in graph.nodes.enumerated() {
      let op = try #require(file.lowered.operatorOfNode[index])
      #expect(read.operators[op].output == file.lowered.tensorOfValue[node.output])
    }
    #expect(read.tensors[file.lowered.input].name == "image")
    #expect(read.tensors[read.operators[1].output].name == "node0/Op")
    #expect(file.lowered.mainOperator(ofNode: 0)?.kind.name == "CONV_2D")
    #expect(file.lowered.weightByteCount(ofNode: 0) == 8 * 9 * 3)
    #expect(file.lowered.weightByteCount(ofNode: 1) == nil)
  }
}
