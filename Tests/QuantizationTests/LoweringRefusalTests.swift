import FloatGraph
import Quantization
import Tensors
import Testing

@Suite struct LoweringRefusalTests {
  /// What lowering `graph` with a plan that `spoil` changed ends in.
  private func refusal(
    _ graph: FloatGraph, spoil: (inout QuantizationPlan) -> Void = { _ in }
  ) throws -> QuantizationError {
    var plan = try ReferencePlanner(graph, inputCount: 1).plan()
    spoil(&plan)
    do throws(QuantizationError) {
      _ = try LoweredGraph(graph, plan: plan)
    } catch {
      return error
    }
    throw Unrefused()
  }

  private struct Unrefused: Error {}

  private func expectUnsupported(
    _ build: (inout Sketch) -> Void, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var sketch = Sketch()
    build(&sketch)
    guard case .unsupportedNode(let name, _, let reason) = try refusal(sketch.graph) else {
      Issue.record("another error", sourceLocation: sourceLocation)
      return
    }
    #expect(name == sketch.graph.nodes.last?.name, sourceLocation: sourceLocation)
    #expect(!reason.isEmpty, sourceLocation: sourceLocation)
  }

  @Test("What has no int8 operator is refused by the node's name")
  func unsupported() throws {
    try expectUnsupported {
      let a = $0.mix(0, from: 6, to: 6)
      $0.add(.binary(.divide), [0, a])
    }
    try expectUnsupported {
      $0.add(.pad(before: [0, 1, 0, 0], after: [0, 0, 0, 0], value: 1), [0])
    }
    try expectUnsupported {
      let constant = $0.constant([1, 12, 10, 6])
      $0.add(.concatenate(axis: 3), [0, constant])
    }
    // Zeros around negative numbers would be the maximum.
    let above = FloatWindow(
      kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2,
      padding: .explicit(top: 1, left: 1, bottom: 1, right: 1))
    try expectUnsupported {
      let a = $0.mix(0, from: 6, to: 6)
      $0.add(.maxPool(above), [a])
    }
    try expectUnsupported { $0.add(.averagePool(above, countsPadding: false), [0]) }
    var hanging = above
    hanging.roundsUp = true
    try expectUnsupported { $0.add(.averagePool(hanging, countsPadding: true), [0]) }
    try expectUnsupported { $0.add(.clip(ClipRange(minimum: 1, maximum: -1)), [0]) }
  }

  private var layered: (graph: FloatGraph, value: Int) {
    var sketch = Sketch()
    let value = sketch.mix(0, from: 6, to: 4)
    return (sketch.graph, value)
  }

  private func expectInvalid(
    _ name: String, _ spoil: (inout QuantizationPlan) -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    guard case .invalidPlan(let culprit, _) = try refusal(layered.graph, spoil: spoil) else {
      Issue.record("another error", sourceLocation: sourceLocation)
      return
    }
    #expect(culprit == name, sourceLocation: sourceLocation)
  }

  @Test("A plan that leaves something out or does not fit is refused, with what and where")
  func invalidPlans() throws {
    let value = layered.value
    let name = layered.graph.values[value].name
    try expectInvalid("image") { $0.activations[0] = nil }
    try expectInvalid(name) { $0.activations[value] = nil }
    try expectInvalid(name) {
      $0.activations[value] = Quantization(
        scales: [1, 1, 1, 1], zeroPoints: [0, 0, 0, 0], axis: 3)
    }
    try expectInvalid(name) { $0.activations[value] = Quantization(scale: 1, zeroPoint: 128) }
    try expectInvalid(name) { $0.activations[value] = Quantization(scale: 1e-30, zeroPoint: 0) }
    try expectInvalid("node0") { $0.layers[0] = nil }
    try expectInvalid("node0") { $0.layers[0]?.codes.removeLast() }
    try expectInvalid("node0") { $0.layers[0]?.scales.append(1) }
    try expectInvalid("node0") { $0.layers[0]?.bias = [] }
    try expectInvalid("node0") { $0.layers[0]?.bias[2] = .min }
    try expectInvalid("node0") { $0.layers[0]?.bits = 5 }
    try expectInvalid("node0") { $0.layers[0]?.codes[3] = -128 }
    try expectInvalid("node0") {
      $0.layers[0]?.bits = 4
      $0.layers[0]?.codes[0] = 8
    }
    try expectInvalid("node0") { $0.layers[0]?.scales[1] = .nan }
    try expectInvalid("node0") { $0.layers[0]?.scales[1] = 0 }
  }

  @Test("A sigmoid's output has no scale but 1/256, and a clamp no range beyond it")
  func fixedRanges() throws {
    var gate = Sketch()
    let value = gate.add(.sigmoid, [0])
    let error = try refusal(gate.graph) {
      $0.activations[value] = Quantization(scale: 1 / 255, zeroPoint: -128)
    }
    guard case .invalidPlan("node0", _) = error else {
      Issue.record("\(error)")
      return
    }
    var clamped = Sketch()
    let clip = clamped.mix(0, from: 6, to: 4, clip: ClipRange(minimum: -1, maximum: 1))
    _ = try LoweredGraph(
      clamped.graph, plan: try ReferencePlanner(clamped.graph, inputCount: 1).plan())
    let beyond = try refusal(clamped.graph) {
      $0.activations[clip] = Quantization(scale: 2 / 255, zeroPoint: 2)
    }
    guard case .invalidPlan("node0", _) = beyond else {
      Issue.record("\(beyond)")
      return
    }
  }

  @Test("A graph that computes nothing, and a size it cannot take, are refused")
  func graphs() throws {
    var sketch = Sketch()
    let constant = sketch.constant([1])
    for output in [0, constant] {
      var graph = sketch.graph
      graph.output = output
      guard case .invalidGraph = try refusal(graph) else {
        Issue.record("another error")
        return
      }
    }
    var large = Sketch()
    large.convolve(
      0, from: 6, to: 2, kernel: (9, 9), padding: .explicit(top: 0, left: 0, bottom: 0, right: 0))
    let plan = try ReferencePlanner(large.graph, inputCount: 1).plan()
    #expect(throws: QuantizationError.self) {
      _ = try LoweredGraph(
        large.graph, plan: plan, sizes: [ImageExtents(height: 8, width: 8, channels: 6)])
    }
  }
}
