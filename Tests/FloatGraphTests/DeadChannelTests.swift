import FloatGraph
import Testing

@Suite struct DeadChannelTests {
  private static let window = FloatWindow(
    kernelHeight: 3, kernelWidth: 3, padding: .explicit(top: 1, left: 1, bottom: 1, right: 1))
  private static let point = FloatWindow(kernelHeight: 1, kernelWidth: 1)

  private func weights(_ shape: [Int], _ seed: Int) -> FloatArray {
    FloatArray(
      shape: shape,
      elements: (0..<shape.reduce(1, *)).map { Float(($0 * 37 + seed * 11) % 23 - 11) / 16 })
  }

  /// Expand to `width`, depthwise, project to 3; `dead` channels of the first have a bias that
  /// nothing outweighs. A block of its own, so that several follow each other.
  private func block(
    _ graph: inout FloatGraph, width: Int, dead: [Int], clip: ClipRange? = .relu6,
    depthwiseBias: Float = -0.25, bias: Float = -1e4
  ) {
    var expand = FloatConvolution(
      weights: weights([width, 1, 1, 3], graph.nodes.count),
      bias: (0..<width).map { Float($0) / 8 }, groups: 1, window: Self.point)
    for channel in dead { expand.bias[channel] = bias }
    var biases = (0..<width).map { Float($0) / 16 }
    for channel in dead { biases[channel] = depthwiseBias }
    let depthwise = FloatConvolution(
      weights: weights([width, 3, 3, 1], graph.nodes.count + 1), bias: biases, groups: width,
      window: Self.window)
    let project = FloatConvolution(
      weights: weights([3, 1, 1, width], graph.nodes.count + 2), bias: [0.5, 0, -0.5], groups: 1,
      window: Self.point)
    for (convolution, clip) in [(expand, clip), (depthwise, clip), (project, nil)] {
      let value = graph.values.count
      graph.values.append(FloatValue(name: "v\(value)"))
      graph.nodes.append(
        FloatNode(
          name: "n\(value)", operation: .convolution(convolution), inputs: [graph.output],
          output: value, clip: clip))
      graph.output = value
    }
  }

  private var empty: FloatGraph {
    FloatGraph(
      name: "blocks", values: [FloatValue(name: "image")], nodes: [], input: 0, output: 0,
      inputExtents: ImageExtents(height: 6, width: 5, channels: 3))
  }

  private func widths(_ graph: FloatGraph) -> [Int] {
    graph.nodes.map {
      guard case .convolution(let convolution) = $0.operation else { return 0 }
      return convolution.outputChannels
    }
  }

  private func answer(_ graph: FloatGraph) throws -> [Float] {
    var executor = try FloatExecutor(graph, height: 6, width: 5)
    return executor.run(input: (0..<90).map { Float($0 * 29 % 61) / 30 - 1 })
  }

  private let range = ClipRange(minimum: -1, maximum: 1.1)

  @Test("As many dead channels go as all layers of a width can spare; the answers stay")
  func removes() throws {
    var graph = empty
    block(&graph, width: 8, dead: [1, 4, 7])
    block(&graph, width: 8, dead: [0, 2])
    block(&graph, width: 10, dead: [9])
    let (smaller, removed) = graph.removingDeadChannels(input: range)
    #expect(removed == 5)
    #expect(widths(smaller) == [6, 6, 3, 6, 6, 3, 9, 9, 3])
    for (before, after) in zip(try answer(graph), try answer(smaller)) {
      #expect(abs(before - after) <= 1e-5 * max(1, abs(before)))
    }
  }

  @Test(
    "What is not provably 0 stays",
    arguments: ["no clip", "clip below 0", "depthwise bias", "bias in reach", "wide input"])
  func keeps(_ reason: String) {
    var graph = empty
    switch reason {
    case "no clip": block(&graph, width: 8, dead: [1], clip: nil)
    case "clip below 0":
      block(&graph, width: 8, dead: [1], clip: ClipRange(minimum: -1, maximum: 6))
    case "depthwise bias": block(&graph, width: 8, dead: [1], depthwiseBias: 0.25)
    case "bias in reach": block(&graph, width: 8, dead: [1], bias: -0.01)
    default: block(&graph, width: 8, dead: [1])
    }
    let range = reason == "wide input" ? ClipRange(minimum: -1e6, maximum: 1e6) : range
    #expect(graph.removingDeadChannels(input: range).removed == 0)
  }

  @Test("A channel that anything but a convolution reads stays, and so does the output's")
  func readers() {
    var graph = empty
    block(&graph, width: 8, dead: [1])
    let wide = graph.nodes[1].output
    graph.values.append(FloatValue(name: "mean"))
    graph.nodes.append(
      FloatNode(
        name: "mean", operation: .mean(axes: [1, 2], keepsDimensions: false), inputs: [wide],
        output: graph.values.count - 1))
    #expect(graph.removingDeadChannels(input: range).removed == 0)
    graph.nodes.removeLast()
    #expect(graph.removingDeadChannels(input: range).removed == 1)
    graph.nodes.removeLast()
    graph.output = wide
    #expect(graph.removingDeadChannels(input: range).removed == 0)
  }
}
