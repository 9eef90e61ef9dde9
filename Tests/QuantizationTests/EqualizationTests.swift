import FloatGraph
import Quantization
import Testing

@Suite("Cross-layer equalisation")
struct EqualizationTests {
  /// A convolution, ReLU, a depthwise one, leaky ReLU, a pool, a 1 x 1 and one more behind an
  /// affine, with channels that reach very differently far.
  private func chain() -> FloatGraph {
    var sketch = Sketch(height: 10, width: 10, channels: 3, seed: 5)
    let first = sketch.convolve(0, from: 3, to: 8, clip: .relu)
    let depthwise = sketch.convolve(first, from: 8, to: 8, groups: 8)
    let leaky = sketch.add(.leakyReLU(slope: 0.1), [depthwise])
    let pooled = sketch.add(
      .maxPool(FloatWindow(kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2)),
      [leaky])
    let mixed = sketch.mix(pooled, from: 8, to: 6, clip: .relu)
    let grouped = sketch.convolve(mixed, from: 6, to: 4, groups: 2)
    let scaled = sketch.add(
      .affine(scale: [3, -0.02, 1, 0.5], offset: [1, 0, -2, 0.1]), [grouped], clip: .relu)
    sketch.mix(scaled, from: 4, to: 5)
    var graph = sketch.graph
    graph.scaleOutputs(ofNode: 0, by: (0..<8).map { $0 % 2 == 0 ? 1 : 0.01 })
    graph.scaleOutputs(ofNode: 4, by: [1, 30, 0.2, 1, 5, 0.05])
    return graph
  }

  private func answer(_ graph: FloatGraph) throws -> [Float] {
    var executor = try FloatExecutor(graph, height: 10, width: 10)
    return executor.run(input: (0..<300).map { Float($0 * 71 % 256) / 128 - 1 })
  }

  /// By node with weights: the farthest-reaching channel's reach, as a multiple of the nearest's.
  private func unevenness(_ graph: FloatGraph) -> [Float] {
    graph.nodes.compactMap { node in
      guard case .convolution(let convolution) = node.operation else { return nil }
      let depth = convolution.weights.elements.count / convolution.bias.count
      let reaches = convolution.bias.indices.map { row in
        convolution.weights.elements[row * depth..<(row + 1) * depth]
          .reduce(0) { max($0, $1.magnitude) }
      }
      return (reaches.max() ?? 0) / (reaches.min() ?? 1)
    }
  }

  @Test("The answers stay, and the channels reach more equally far")
  func equalizes() throws {
    let graph = chain()
    let equal = graph.equalized()
    let before = try answer(graph)
    let after = try answer(equal)
    let largest = before.reduce(0) { max($0, $1.magnitude) }
    for (old, new) in zip(before, after) { #expect((old - new).magnitude <= 1e-5 * largest) }
    let (uneven, even) = (unevenness(graph), unevenness(equal))
    // A factor of 100 is spread over two other layers, one of 600 over one.
    #expect(uneven[0] > 100 && even[0] < 10, "\(uneven[0]) to \(even[0])")
    #expect(uneven[2] > 600 && even[2] < 40, "\(uneven[2]) to \(even[2])")
  }

  @Test("Once equalised, nothing changes any more")
  func settles() throws {
    let equal = chain().equalized()
    for (once, twice) in zip(unevenness(equal), unevenness(equal.equalized())) {
      #expect((once / twice - 1).magnitude < 0.05)
    }
  }

  @Test("ReLU6, two readers and the answer itself are no pairs")
  func noPairs() throws {
    var sketch = Sketch(height: 10, width: 10, channels: 3)
    let first = sketch.convolve(0, from: 3, to: 4, clip: .relu6)
    let second = sketch.mix(first, from: 4, to: 4)
    let third = sketch.mix(second, from: 4, to: 4)
    sketch.add(.binary(.add), [second, third])
    let graph = sketch.graph
    #expect(graph.equalized().weights == graph.weights)
  }

  @Test("What the source gives stays", arguments: [true, false])
  func given(weights: Bool) {
    var sketch = Sketch(height: 10, width: 10, channels: 3)
    let first = sketch.convolve(0, from: 3, to: 4, clip: .relu)
    sketch.mix(first, from: 4, to: 4)
    var graph = sketch.graph
    #expect(graph.equalized().weights != graph.weights)
    if weights {
      graph.nodes[1].givenWeightScales = [0.1]
    } else {
      graph.givenRanges[first] = GivenQuantization(scale: 0.1, zeroPoint: 0, isUnsigned: true)
    }
    #expect(graph.equalized().weights == graph.weights)
  }

  @Test("Dead channels stay as they are")
  func dead() throws {
    var sketch = Sketch(height: 10, width: 10, channels: 3)
    let first = sketch.convolve(0, from: 3, to: 4, clip: .relu)
    sketch.mix(first, from: 4, to: 4)
    var graph = sketch.graph
    graph.scaleOutputs(ofNode: 0, by: [1, 0, 1e-9, 0.01])
    let equal = graph.equalized()
    #expect(equal.weights[0][27..<81] == graph.weights[0][27..<81])
    #expect(equal.weights[0][81...] != graph.weights[0][81...])
  }
}

extension FloatGraph {
  /// Of all convolutions.
  fileprivate var weights: [[Float]] {
    nodes.compactMap { node in
      guard case .convolution(let convolution) = node.operation else { return nil }
      return convolution.weights.elements
    }
  }

  fileprivate mutating func scaleOutputs(ofNode node: Int, by scales: [Float]) {
    guard let scaled = nodes[node].operation.scalingOutputs(by: scales, [0]) else { return }
    nodes[node].operation = scaled
  }
}
