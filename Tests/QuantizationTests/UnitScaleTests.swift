import FloatGraph
import Model
import Quantization
import Tensors
import Testing

@Suite struct UnitScaleTests {
  private func lowered(_ graph: FloatGraph) throws -> (QuantizationPlan, LoweredGraph) {
    let plan = try ReferencePlanner(graph, inputCount: 1).plan()
    return (plan, try LoweredGraph(graph, plan: plan))
  }

  private func scales(_ graph: LoweredGraph, _ tensor: Int) throws -> [Float] {
    try #require(graph.tensors[tensor].quantization).scales
  }

  /// A block of an inverted residual, its sum read by another.
  private var residual: (graph: FloatGraph, stem: Int, wide: Int, sum: Int) {
    var sketch = Sketch()
    let stem = sketch.mix(0, from: 6, to: 4)
    let wide = sketch.mix(stem, from: 4, to: 8, clip: .relu)
    let deep = sketch.convolve(wide, from: 8, to: 8, groups: 8, stride: 1, clip: .relu)
    let narrow = sketch.mix(deep, from: 8, to: 4)
    let sum = sketch.add(.binary(.add), [stem, narrow])
    sketch.mix(sum, from: 4, to: 12, clip: .relu)
    let mean = sketch.add(.mean(axes: [1, 2], keepsDimensions: false), [sketch.graph.output])
    sketch.connect(mean, from: 12, to: 3)
    return (sketch.graph, stem, wide, sum)
  }

  @Test("What convolutions alone write and read has the scale 1; the edges keep theirs")
  func chain() throws {
    let (graph, stem, wide, sum) = residual
    let (plan, lowered) = try lowered(graph)
    func scale(_ value: Int) throws -> Float {
      try scales(lowered, try #require(lowered.tensorOfValue[value]))[0]
    }
    #expect(try scale(wide) == 1)
    // 12 channels read the sum, 8 the stem: the sum's scale is the unit of both.
    #expect(try scale(sum) == 1)
    let ratio = try #require(plan.activations[stem]).scale / #require(plan.activations[sum]).scale
    #expect(try abs(scale(stem) / ratio - 1) < 1e-6)
    #expect(try scale(graph.input) == plan.activations[graph.input]?.scale)
    #expect(try scale(graph.output) == plan.activations[graph.output]?.scale)
  }

  @Test("A reader's two vectors are the same; products of scales stay, up to rounding")
  func factors() throws {
    let (graph, _, _, _) = residual
    let (plan, lowered) = try lowered(graph)
    var shared = 0
    for (index, node) in graph.nodes.enumerated() {
      guard let layer = plan.layers[index], let input = plan.activations[node.inputs[0]],
        let output = plan.activations[node.output],
        let place = lowered.weightOperatorOfNode[index]
      else { continue }
      let op = lowered.operators[place]
      let weights = try scales(lowered, op.inputs[1])
      let bias = try scales(lowered, op.inputs[2])
      let (newInput, newOutput) = (
        try scales(lowered, op.inputs[0])[0], try scales(lowered, op.output)[0]
      )
      #expect(bias == weights.map { newInput * $0 })
      if bias == weights { shared += 1 }
      for (old, new) in zip(layer.scales, weights) {
        let before = Double(input.scale) * Double(old) / Double(output.scale)
        let after = Double(newInput) * Double(new) / Double(newOutput)
        #expect(abs(after / before - 1) < 3e-7)
      }
      #expect(
        lowered.tensors[op.inputs[1]].constant?.count == layer.codes.count,
        "the integers stay")
    }
    // All but the stem, which reads the image, and the one whose unit is the sum's.
    #expect(shared == 4)
  }

  @Test("RELU6 becomes RELU where int8 ends at 6, else the scale stays")
  func clamps() throws {
    for (maximum, expected) in [(6.0, true), (4.0, true), (8.0, false)] {
      var sketch = Sketch()
      let first = sketch.mix(0, from: 6, to: 4, clip: .relu6)
      sketch.mix(first, from: 4, to: 2)
      var plan = try ReferencePlanner(sketch.graph, inputCount: 1).plan()
      let scale = Float(maximum / 255)
      plan.activations[first] = Quantization(scale: scale, zeroPoint: -128)
      let graph = try LoweredGraph(sketch.graph, plan: plan)
      guard case .conv2D(_, let activation) = graph.operators[0].kind else {
        Issue.record("not a convolution")
        return
      }
      #expect(activation == (expected ? .relu : .relu6))
      #expect(try scales(graph, graph.operators[0].output) == [expected ? 1 : scale])
    }
  }

  @Test(
    "An operator that needs real numbers keeps what it reads and writes",
    arguments: ["multiply", "sigmoid", "hard swish", "constant"])
  func bound(_ kind: String) throws {
    var sketch = Sketch()
    let first = sketch.mix(0, from: 6, to: 4)
    let second: Int
    switch kind {
    case "multiply": second = sketch.add(.binary(.multiply), [first, first])
    case "sigmoid": second = sketch.add(.sigmoid, [first])
    case "hard swish": second = sketch.add(.hardSwish, [first])
    default: second = sketch.add(.binary(.add), [first, sketch.constant([1, 1, 1, 4])])
    }
    sketch.mix(second, from: 4, to: 2)
    let (plan, graph) = try lowered(sketch.graph)
    for value in [first, second] {
      let tensor = try #require(graph.tensorOfValue[value])
      #expect(graph.tensors[tensor].quantization == plan.activations[value])
    }
  }
}
