import FloatGraph
import Model
import Quantization
import Tensors
import Testing

/// The operators of a lowered graph by name, in order.
private func names(_ graph: LoweredGraph) -> [String] { graph.operators.map(\.kind.name) }

private func lowered(
  _ graph: FloatGraph, sizes: [ImageExtents] = [], bits: Int = 8
) throws -> LoweredGraph {
  try LoweredGraph(
    graph, plan: try ReferencePlanner(graph, inputCount: 1, bits: bits).plan(), sizes: sizes)
}

private func square(_ side: Int, _ channels: Int = 6) -> ImageExtents {
  ImageExtents(height: side, width: side, channels: channels)
}

@Suite struct LoweringStructureTests {
  private func explicit(_ rows: Int) -> FloatWindow.Padding {
    .explicit(top: rows, left: rows, bottom: rows, right: rows)
  }

  @Test("Padding is SAME or VALID only where that is right at every size of the ladder")
  func paddings() throws {
    var even = Sketch(height: 16, width: 16)
    even.convolve(0, from: 6, to: 4, stride: 2)
    // On even sizes one row above is not TensorFlow's rule, on odd ones it is.
    #expect(names(try lowered(even.graph)) == ["PAD", "CONV_2D"])
    #expect(names(try lowered(even.graph, sizes: [square(15)])) == ["CONV_2D"])
    #expect(names(try lowered(even.graph, sizes: [square(15), square(16)])) == ["PAD", "CONV_2D"])

    var same = Sketch(height: 16, width: 16)
    same.convolve(0, from: 6, to: 4)
    let sized = try lowered(same.graph, sizes: [square(16), square(11), square(8)])
    #expect(names(sized) == ["CONV_2D"])
    guard case .conv2D(let window, _) = sized.operators[0].kind else {
      Issue.record("not a convolution")
      return
    }
    #expect(window.padding == .same)

    var valid = Sketch(height: 16, width: 16)
    valid.convolve(0, from: 6, to: 4, kernel: (1, 1), stride: 2, padding: explicit(0))
    guard case .conv2D(let plain, _) = try lowered(valid.graph).operators[0].kind else {
      Issue.record("not a convolution")
      return
    }
    #expect(plain.padding == .valid)
  }

  @Test("Rounding up costs a row of padding that fits all sizes, or is refused")
  func roundsUp() throws {
    func pool(_ stride: Int) -> FloatGraph {
      var sketch = Sketch(height: 12, width: 12)
      let positive = sketch.mix(0, from: 6, to: 6, clip: .relu)
      sketch.add(
        .maxPool(
          FloatWindow(
            kernelHeight: 3, kernelWidth: 3, strideHeight: stride, strideWidth: stride,
            roundsUp: true)), [positive])
      return sketch.graph
    }
    // 12: 6 windows, one row below; 11: 5 windows, none.
    let one = try lowered(pool(2), sizes: [square(11)])
    #expect(names(one) == ["CONV_2D", "MAX_POOL_2D"])
    let both = try lowered(pool(2), sizes: [square(12), square(11)])
    #expect(names(both) == ["CONV_2D", "PAD", "MAX_POOL_2D"])
    #expect(
      both.operators[1].kind == .pad(before: [0, 0, 0, 0], after: [0, 1, 1, 0]))
  }

  @Test("A padding that depends on the size is refused, with the node's name")
  func sizeDependent() throws {
    var sketch = Sketch(height: 12, width: 12)
    sketch.convolve(0, from: 6, to: 4, kernel: (2, 2), stride: 2, padding: .sameLower)
    #expect {
      _ = try lowered(sketch.graph, sizes: [square(12), square(11)])
    } throws: {
      guard case .unsupportedNode(let name, _, _)? = $0 as? QuantizationError else { return false }
      return name == "node0"
    }
  }

  @Test("A reshape has -1 where its extent depends on the size")
  func reshape() throws {
    var sketch = Sketch(height: 12, width: 12)
    sketch.add(.reshape(to: [1, 144, 6]), [0])
    #expect(try lowered(sketch.graph).operators[0].kind == .reshape(to: [1, 144, 6]))
    var open = Sketch(height: 12, width: 12)
    open.add(.reshape(to: [0, -1, 6]), [0])
    let both = try lowered(open.graph, sizes: [square(12), square(8)])
    #expect(both.operators[0].kind == .reshape(to: [1, -1, 6]))
  }

  @Test("Weights of 4 and 2 bits are packed, the first in the low half; depthwise ones are not")
  func int4() throws {
    var sketch = Sketch()
    let conv = sketch.convolve(0, from: 6, to: 3)
    let depthwise = sketch.convolve(conv, from: 3, to: 3, groups: 3)
    let mean = sketch.add(.mean(axes: [1, 2], keepsDimensions: false), [depthwise])
    sketch.connect(mean, from: 3, to: 3)
    for bits in [4, 2] {
      let plan = try ReferencePlanner(sketch.graph, inputCount: 1, bits: bits).plan()
      let graph = try LoweredGraph(sketch.graph, plan: plan)
      func weights(_ node: Int) throws -> LoweredGraph.Tensor {
        let op = try #require(graph.weightOperatorOfNode[node])
        return graph.tensors[graph.operators[op].inputs[1]]
      }
      let packed = try weights(0)
      let codes = try #require(plan.layers[0]).codes
      #expect(packed.elementType == .int4)
      let bytes = try #require(packed.constant)
      #expect(bytes.count == 81 && graph.weightByteCount(ofNode: 0) == 81)
      for (index, byte) in bytes.enumerated() {
        #expect(Int8(bitPattern: byte << 4) >> 4 == codes[2 * index])
        #expect(Int8(bitPattern: byte) >> 4 == codes[2 * index + 1])
      }
      #expect(try weights(1).elementType == .int8)
      let odd = try weights(3)
      #expect(odd.elementType == .int4 && odd.constant?.count == 5)
    }
  }

  @Test("Depthwise weights turn from [O, KH, KW, 1] to [1, KH, KW, O]")
  func depthwise() throws {
    var sketch = Sketch(channels: 2)
    sketch.convolve(0, from: 2, to: 4, kernel: (1, 3), groups: 2, padding: explicit(0))
    let plan = try ReferencePlanner(sketch.graph, inputCount: 1).plan()
    let graph = try LoweredGraph(sketch.graph, plan: plan)
    let codes = try #require(plan.layers[0]).codes
    let weights = graph.tensors[graph.operators[0].inputs[1]]
    #expect(weights.shape == [1, 1, 3, 4])
    #expect(weights.quantization?.axis == 3)
    let turned = (0..<3).flatMap { tap in (0..<4).map { codes[$0 * 3 + tap] } }
    #expect(weights.constant == turned.map { UInt8(bitPattern: $0) })
  }

  @Test("Values that must share a quantization and do not meet through a QUANTIZE, once each")
  func requantizes() throws {
    var sketch = Sketch()
    let gate = sketch.add(.sigmoid, [0])
    let other = sketch.mix(0, from: 6, to: 6)
    let first = sketch.add(.concatenate(axis: 3), [gate, other])
    sketch.add(.concatenate(axis: 3), [first, gate])
    let graph = try lowered(sketch.graph)
    #expect(
      names(graph) == ["LOGISTIC", "CONV_2D", "QUANTIZE", "CONCATENATION", "CONCATENATION"])
    #expect(graph.operatorOfNode == [0: 0, 1: 1, 2: 3, 3: 4])
    #expect(graph.operators[4].inputs == [graph.operators[3].output, graph.operators[2].output])
    #expect(graph.tensorOfValue[first] == graph.operators[3].output)
  }

  @Test("A clamp behind an operator that has none costs a RELU only where the range does not do it")
  func clamps() throws {
    var sketch = Sketch()
    let conv = sketch.mix(0, from: 6, to: 6)
    let moved = sketch.add(.gather(axis: 3, indices: [0, 2]), [conv], clip: .relu)
    sketch.add(.mean(axes: [3], keepsDimensions: true), [moved], clip: .relu)
    #expect(names(try lowered(sketch.graph)) == ["CONV_2D", "GATHER", "RELU", "MEAN"])
  }

  @Test("A clamp at 6 that int8 ends far below is a RELU: LiteRT counts 6 in steps, as an int32")
  func farClamp() throws {
    var sketch = Sketch()
    let conv = sketch.convolve(0, from: 6, to: 6, groups: 6, clip: .relu6)
    for (scale, name) in [(Float(6) / 255, Activation.relu6), (1e-10, .relu)] {
      var plan = try ReferencePlanner(sketch.graph, inputCount: 1).plan()
      plan.activations[conv] = Quantization(scale: scale, zeroPoint: -128)
      let graph = try LoweredGraph(sketch.graph, plan: plan)
      guard case .depthwiseConv2D(_, _, let activation) = graph.operators[0].kind else {
        Issue.record("no DEPTHWISE_CONV_2D")
        return
      }
      #expect(activation == name)
    }
  }

  @Test("Identical constants and integer lists are written once, names of constants not at all")
  func overhead() throws {
    var sketch = Sketch()
    var value = sketch.convolve(0, from: 6, to: 6, groups: 6, stride: 1)
    for _ in 0..<8 { value = sketch.convolve(value, from: 6, to: 6, groups: 6, stride: 1) }
    let plan = try ReferencePlanner(sketch.graph, inputCount: 1).plan()
    let file = try LoweredFile(sketch.graph, plan)
    // 9 layers of 54 weights, 6 scales twice, 6 biases and the tables around them.
    #expect(file.bytes.count < 9 * 700)
  }
}
