import Evaluation
import FloatGraph
import Foundation
import Inference
import Model
import ONNX
import Quantization
import Tensors
import Testing

@Suite("Integers that the source stored")
struct GivenIntegersTests {
  static let scales: [Float] = [0.003, 0.0117, 1.0 / 3]
  static let codes: [Int8] = [1, -127, 64, 0, 127, -3, 5, 5, -128 + 1, 90, 2, -77]

  static func layer(_ codes: [Int], _ scales: [Float], given: [Float]?) throws -> LayerWeights {
    let depth = codes.count / scales.count
    var layer = try #require(
      LayerWeights(
        weights: codes.indices.map { Float(codes[$0]) * scales[$0 / depth] },
        bias: scales.map { 3 * $0 }))
    layer.givenScales = given
    return layer
  }

  static func rounding(_ layer: LayerWeights) -> LayerRounding {
    LayerRounding(
      layer: layer, fit: nil, gate: nil,
      limits: WeightScaleLimits(inputScale: 0.02, outputScale: 0.1))
  }

  @Test("They are kept, with their scales and the bias")
  func kept() throws {
    let layer = try Self.layer(Self.codes.map(Int.init), Self.scales, given: Self.scales)
    let given = try #require(Self.rounding(layer).given(bits: 8))
    #expect(given.codes == Self.codes)
    #expect(given.scales == Self.scales)
    #expect(given.bias == layer.bias)
    #expect(given.method == .given)
    #expect(Self.rounding(layer).rounded(bits: 8, by: .given) == given)
  }

  @Test("One scale holds for all channels")
  func perTensor() throws {
    let scales: [Float] = [0.1, 0.1, 0.1]
    let layer = try Self.layer(Self.codes.map(Int.init), scales, given: [0.1])
    let given = try #require(Self.rounding(layer).given(bits: 8))
    #expect(given.codes == Self.codes && given.scales == scales)
  }

  @Test(
    "What is not symmetric, not so few bits or not whole is rounded anew",
    arguments: [
      ([-128, 1, 2], 8, 1 as Float), ([128, 1, 2], 8, 1), ([-8, 7, 1], 4, 1), ([1, 2, 3], 8, 1.3),
    ])
  func refused(codes: [Int], bits: Int, factor: Float) throws {
    let layer = try Self.layer(codes, [0.25], given: [0.25 * factor])
    let rounding = Self.rounding(layer)
    #expect(rounding.given(bits: bits) == nil)
    #expect(rounding.rounded(bits: bits, by: .given).method == .nearest)
  }

  @Test("Fewer bits hold few integers")
  func fewBits() throws {
    let layer = try Self.layer([-7, 0, 7], [0.25], given: [0.25])
    #expect(Self.rounding(layer).given(bits: 4)?.codes == [-7, 0, 7])
  }

  @Test("A dead channel's scale is raised until its bias fits int32")
  func deadChannel() throws {
    var layer = try #require(LayerWeights(weights: [1e-12, 0, -2e-12], bias: [0.5]))
    layer.givenScales = [1e-12]
    let given = try #require(Self.rounding(layer).given(bits: 8))
    #expect(given.codes == [0, 0, 0])
    #expect(0.5 / (0.02 * given.scales[0]) <= 0x1p30)
  }
}

@Suite("Quantising what was quantised before")
struct GivenScalesTests {
  static let models =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("ONNXTests/Models").path + "/"

  static func graph(_ name: String) throws -> FloatGraph {
    try ONNXModel(path: models + name + ".onnx").graph().simplified()
  }

  static func quantizer(
    _ graph: FloatGraph, _ change: (inout QuantizerOptions) -> Void = { _ in }
  ) throws -> Quantizer {
    var options = QuantizerOptions(
      sizes: [graph.inputExtents.height],
      preprocessing: Preprocessing(
        crop: .whole, filter: .bicubic, mean: [127], standardDeviation: [64]))
    change(&options)
    return try Quantizer(graph: graph, frames: nil, options: options)
  }

  /// The deployed kernels' answer to real numbers, and the scale of its steps.
  static func answer(_ bytes: [UInt8], to input: [Float]) throws -> (reals: [Float], step: Float) {
    var aligned = AlignedBytes(count: bytes.count)
    aligned.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    var network = try Network(ModelFile(bytes: aligned, path: "given.tflite"))
    let (first, last) = (network.input, network.output)
    let map = try #require(first.quantization)
    var from = Tensor(shape: first.shape, elementType: .int8, quantization: map)
    from.withUnsafeMutableBytes {
      $0.copyBytes(from: input.map { UInt8(bitPattern: map.stored($0)) })
    }
    var to = Tensor(shape: last.shape, elementType: .int8, quantization: last.quantization)
    network.run(input: from, output: &to)
    let output = try #require(last.quantization)
    let stored = to.withUnsafeBytes { Array($0).map { Int8(bitPattern: $0) } }
    return (stored.map { Float(output.real($0)) }, output.scale)
  }

  // The goldens are ONNX Runtime's, of the quantised file itself (Tests/ONNXTests/make_models.py).
  // A step of the output for each of five layers in a row is what other rounding may do.
  @Test(
    "Without frames it answers what ONNX Runtime does, to a few steps",
    arguments: [
      ("qdq", "given"), ("qoperator-channel", "given"), ("qdq-tensor", "nearest"),
      ("qoperator", "nearest"),
    ])
  func agrees(name: String, rounding: String) throws {
    let graph = try Self.graph(name)
    let result = try Self.quantizer(graph).run()
    let data = try Data(contentsOf: URL(fileURLWithPath: Self.models + name + ".golden"))
    let floats = data.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
      }
    }
    let extents = graph.inputExtents
    let count = extents.height * extents.width * extents.channels
    let (reals, step) = try Self.answer(result.bytes, to: Array(floats[..<count]))
    let expected = floats[count...]
    #expect(reals.count == expected.count)
    for (ours, theirs) in zip(reals, expected) {
      #expect((ours - theirs).magnitude <= 3.01 * step)
    }
    #expect(Set(result.record.layers.compactMap(\.rounding)) == [rounding])
    #expect(result.warnings.isEmpty == (rounding == "given"))
  }

  @Test("Without frames the record tells of no measurement")
  func record() throws {
    let result = try Self.quantizer(Self.graph("qdq")).run()
    let record = result.record
    #expect(record.accuracy.isEmpty && record.classes == nil)
    #expect(record.calibrationCount == 0 && record.calibrationHash.isEmpty)
    #expect(
      record.layers.allSatisfy {
        $0.aloneSQNR == nil && $0.accumulatedSQNR == nil && $0.clippedShare == nil
          && $0.histogram == nil
      })
    #expect(try result.bytes == Self.quantizer(Self.graph("qdq")).run().bytes)
  }

  @Test("Another way of rounding, or fewer bits, leaves the source's integers")
  func roundedAnew() throws {
    let graph = try Self.graph("qdq")
    let nearest = try Self.quantizer(graph) { $0.method = .nearest }.run()
    #expect(nearest.record.layers.allSatisfy { $0.rounding != "given" })
    #expect(nearest.warnings.isEmpty)
    let low = try Self.quantizer(graph) { $0.weights = .uniform(4) }.run()
    let inner = low.record.layers.filter { $0.bits == 4 }
    #expect(!inner.isEmpty && inner.allSatisfy { $0.rounding == "nearest" })
    #expect(low.record.layers.contains { $0.rounding == "given" })
    #expect(low.warnings.count == 1)
  }

  @Test("Activations without a scale are named where there are no frames")
  func missing() throws {
    var graph = try Self.graph("qdq")
    let node = try #require(graph.nodes.first)
    graph.givenRanges[node.output] = nil
    let name = graph.values[node.output].name
    #expect {
      _ = try Self.quantizer(graph)
    } throws: { error in
      guard case .needsFrames(let reason)? = error as? QuantizationError else { return false }
      return reason == "the source gives no scale for '\(name)'"
    }
  }

  @Test("Bits by layer are not chosen without frames")
  func mixed() throws {
    let graph = try Self.graph("qdq")
    #expect {
      _ = try Self.quantizer(graph) { $0.weights = .mixed }
    } throws: { error in
      guard case .needsFrames? = error as? QuantizationError else { return false }
      return true
    }
  }

  /// A pool and a concatenation whose operands have scales of their own, behind a clamp to 0...4
  /// of which one scale goes far beyond.
  private func crossing() -> FloatGraph {
    var sketch = Sketch(height: 8, width: 8, channels: 3)
    let first = sketch.convolve(
      0, from: 3, to: 4, clip: ClipRange(minimum: 0, maximum: 4))
    let second = sketch.convolve(0, from: 3, to: 4)
    let pooled = sketch.add(
      .averagePool(
        FloatWindow(kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2),
        countsPadding: false), [first])
    let other = sketch.add(
      .maxPool(FloatWindow(kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2)),
      [second])
    let joined = sketch.add(.concatenate(axis: 3), [pooled, other])
    let mean = sketch.add(.mean(axes: [1, 2], keepsDimensions: false), [joined])
    let logits = sketch.connect(mean, from: 8, to: 4)
    var graph = sketch.graph
    graph.givenRanges = [
      0: GivenQuantization(scale: 1.0 / 64, zeroPoint: 128, isUnsigned: true),
      first: GivenQuantization(scale: 0.04, zeroPoint: 0, isUnsigned: true),
      second: GivenQuantization(scale: 0.05, zeroPoint: 120, isUnsigned: true),
      pooled: GivenQuantization(scale: 0.013, zeroPoint: -128, isUnsigned: false),
      joined: GivenQuantization(scale: 0.045, zeroPoint: 0, isUnsigned: false),
      mean: GivenQuantization(scale: 0.02, zeroPoint: 0, isUnsigned: false),
      logits: GivenQuantization(scale: 0.03, zeroPoint: 0, isUnsigned: false),
    ]
    return graph
  }

  @Test("Neighbours keep scales of their own, and a clamp holds that its scale exceeds")
  func crossingScales() throws {
    let graph = crossing()
    let result = try Self.quantizer(graph).run()
    let clamped = try #require(result.record.layers.first)
    #expect(clamped.rangeMinimum == 0)
    #expect((clamped.rangeMaximum - 4).magnitude < 0.01)
    let input = (0..<192).map { Float($0 * 37 % 255 - 127) / 64 }
    var executor = try FloatExecutor(graph, height: 8, width: 8)
    let expected = executor.run(input: input)
    let (reals, step) = try Self.answer(result.bytes, to: input)
    for (ours, float) in zip(reals, expected) {
      #expect((ours - float).magnitude <= 3 * step)
    }
  }
}
