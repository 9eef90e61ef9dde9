import Datasets
import Evaluation
import FloatGraph
import Foundation
import Model
import Quantization
import Tensors
import Testing

/// A small classifier with all parts that rounding tells apart, and the frames of samples/.
private enum Small {
  static let frames = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "samples/frames").path

  /// Stem, depthwise, pointwise with a residual, global mean, classifier of 5.
  static let graph: FloatGraph = {
    var sketch = Sketch(height: 32, width: 32, channels: 3, seed: 7)
    let stem = sketch.convolve(0, from: 3, to: 8, stride: 2, clip: .relu6)
    let depthwise = sketch.convolve(stem, from: 8, to: 8, groups: 8, clip: .relu6)
    let point = sketch.convolve(depthwise, from: 8, to: 8, kernel: (1, 1), padding: none)
    let sum = sketch.add(.binary(.add), [stem, point])
    let wide = sketch.convolve(sum, from: 8, to: 24, kernel: (1, 1), padding: none, clip: .relu)
    let mean = sketch.add(.mean(axes: [1, 2], keepsDimensions: false), [wide])
    let bias = sketch.array([5], -0.5...0.5).elements
    sketch.add(.fullyConnected(weights: sketch.array([5, 24]), bias: bias), [mean])
    return sketch.graph
  }()

  static let none = FloatWindow.Padding.explicit(top: 0, left: 0, bottom: 0, right: 0)

  static func options(_ change: (inout QuantizerOptions) -> Void = { _ in }) -> QuantizerOptions {
    var options = QuantizerOptions(
      sizes: [32],
      preprocessing: Preprocessing(
        crop: .centralSquare(numerator: 32, denominator: 64), filter: .bicubic, mean: [127],
        standardDeviation: [128], cropMargin: 32))
    change(&options)
    return options
  }

  static func quantized(
    _ options: QuantizerOptions, of graph: FloatGraph = graph, frameCount: Int = 5,
    monitor: QuantizerMonitor = QuantizerMonitor()
  ) throws -> QuantizationResult {
    try Quantizer(
      graph: graph, frames: FrameSet(folder: frames, labels: .none).prefix(frameCount),
      options: options
    ).run(monitor)
  }
}

@Suite("Quantizer")
struct QuantizerTests {
  @Test("the bytes do not depend on the number of threads")
  func threads() throws {
    let one = try Small.quantized(Small.options { $0.threads = 1 })
    let three = try Small.quantized(Small.options { $0.threads = 3 })
    #expect(one.bytes == three.bytes)
  }

  @Test("the file is read, and stays near the float network")
  func nearness() throws {
    let result = try Small.quantized(
      Small.options {
        $0.sizes = [32, 48]
        $0.labels = ["a", "b", "c", "d", "e"]
      })
    let bytes = result.bytes
    var memory = AlignedBytes(count: bytes.count)
    memory.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    let file = try ModelFile(bytes: memory, path: "small")
    #expect(file.labels == ["a", "b", "c", "d", "e"])
    #expect(file.inputSizes == [32, 48])
    #expect(file.preprocessing.cropMargin == 32)
    #expect(result.record.accuracy.map(\.size) == [32, 48])
    for size in result.record.accuracy { #expect(size.logitSQNR > 25) }
    #expect(result.record.calibrationCount == 5)
  }

  @Test(
    "below 8 bits the first layer, depthwise layers and the classifier keep 8",
    arguments: [6, 4, 2])
  func fewBits(bits: Int) throws {
    let result = try Small.quantized(Small.options { $0.weights = .uniform(bits) })
    #expect(result.record.layers.compactMap(\.bits) == [8, 8, bits, bits, 8])
    #expect(result.warnings.contains { $0.contains("2-bit") } == (bits == 2))
  }

  @Test("fewer bits cost more, and gram rounding less than nearest", arguments: [4, 6])
  func methods(bits: Int) throws {
    func noise(_ method: QuantizerOptions.Method, _ bits: Int) throws -> Double {
      let result = try Small.quantized(
        Small.options {
          $0.weights = .uniform(bits)
          $0.method = method
        })
      return try #require(result.record.accuracy.first).logitSQNR
    }
    #expect(try noise(.auto, bits) >= noise(.nearest, bits) - 0.5)
    // At 6 bits two layers of five lose less than the activations' own rounding.
    if bits == 4 { #expect(try noise(.auto, 8) > noise(.auto, bits)) }
  }

  @Test("mixed keeps to the budget, or says the least there is")
  func budget() throws {
    let full = try Small.quantized(Small.options()).bytes.count
    let tight = try Small.quantized(
      Small.options {
        $0.weights = .mixed
        $0.budgetBytes = full + 4000
      })
    #expect(tight.bytes.count <= full + 4000)
    let error = #expect(throws: QuantizationError.self) {
      try Small.quantized(
        Small.options {
          $0.weights = .mixed
          $0.budgetBytes = 1000
        })
    }
    #expect(error?.description.contains("1000 bytes cannot be met") == true)
  }

  @Test("one frame is enough for a file, with warnings")
  func oneFrame() throws {
    let result = try Small.quantized(Small.options(), frameCount: 1)
    #expect(result.record.calibrationCount == 1)
    #expect(
      result.warnings.contains { $0.contains("1 frames only") || $0.contains("1 frame only") })
    #expect(result.warnings.contains { $0.contains("hold some out") })
  }

  @Test("a stop is obeyed")
  func cancellation() throws {
    #expect(throws: QuantizationError.cancelled) {
      try Small.quantized(
        Small.options(), monitor: QuantizerMonitor(isCancelled: { true }))
    }
  }

  @Test("a float network that computes not-a-number is refused by name")
  func notFinite() throws {
    var graph = Small.graph
    graph.nodes[1].operation = graph.nodes[1].operation.scaled(by: .infinity)
    let error = #expect(throws: QuantizationError.self) {
      try Small.quantized(Small.options(), of: graph)
    }
    #expect(error?.description.contains("node1") == true)
  }

  @Test("a part of a graph is reached from its last cut")
  func cuts() {
    let graph = Small.graph
    // The residual reads the stem again, so the depthwise layer is no cut; the sum is.
    let outputs = graph.nodes.map(\.output)
    #expect(graph.isCut(at: outputs[0]))
    #expect(!graph.isCut(at: outputs[1]))
    #expect(graph.isCut(at: outputs[3]))
    let (part, nodes) = graph.part(from: outputs[0], to: outputs[3])
    #expect(nodes == [1, 2, 3])
    #expect(part.input == outputs[0] && part.output == outputs[3])
  }
}

extension FloatOperation {
  /// A convolution with weights times `factor`.
  fileprivate func scaled(by factor: Float) -> FloatOperation {
    guard case .convolution(var convolution) = self else { return self }
    convolution.weights.elements = convolution.weights.elements.map { $0 * factor }
    return .convolution(convolution)
  }
}
