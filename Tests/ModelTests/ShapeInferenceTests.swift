import Model
import Tensors
import Testing

@Suite struct ShapeInferenceTests {
  private func shape(_ extents: Int...) -> Shape { Shape(extents)! }

  private func window(_ stride: Int, _ padding: Window.Padding, dilation: Int = 1) -> Window {
    Window(
      strideHeight: stride, strideWidth: stride, dilationHeight: dilation,
      dilationWidth: dilation, padding: padding)
  }

  /// Output extents and padding before, by TensorFlow's formulas (worked out by hand).
  @Test(
    "SAME and VALID, with strides and dilations",
    arguments: [
      // input, kernel, stride, dilation, SAME: extent, padding before; VALID: extent
      (224, 3, 2, 1, 112, 0, 111), (225, 3, 2, 1, 113, 1, 112), (7, 3, 1, 1, 7, 1, 5),
      (5, 5, 2, 1, 3, 2, 1), (8, 1, 3, 1, 3, 0, 3), (9, 3, 1, 2, 9, 2, 5), (4, 2, 1, 1, 4, 0, 3),
      (1, 1, 1, 1, 1, 0, 1), (3, 3, 5, 1, 1, 0, 1),
    ])
  func windows(
    input: Int, kernel: Int, stride: Int, dilation: Int, same: Int, before: Int, valid: Int
  ) {
    let image = shape(1, input, input, 3)
    let weights = shape(8, kernel, kernel, 3)
    let rules = [(Window.Padding.same, same, before), (.valid, valid, 0)]
    for (padding, extent, before) in rules {
      let window = window(stride, padding, dilation: dilation)
      let output = outputShape(of: .conv2D(window, .none), inputs: [image, weights])
      #expect(output == shape(1, extent, extent, 8))
      let fitted = window.fitted(
        inputHeight: input, inputWidth: input, kernelHeight: kernel, kernelWidth: kernel)
      #expect(fitted?.padTop == before)
      #expect(fitted?.padLeft == before)
    }
  }

  @Test("A network can be planned again for another input size")
  func replanned() throws {
    let graph = try graph(RawModel.network().bytes())
    var shapes = graph.tensors.map(\.shape)
    shapes[graph.inputs[0]] = shape(1, 13, 17, 3)
    for op in graph.operators {
      shapes[op.output] = try #require(
        outputShape(of: op.kind, inputs: op.inputs.map { shapes[$0] }), "\(op.kind.name)")
    }
    #expect(shapes[graph.operators[1].output] == shape(1, 7, 9, 4))
    #expect(shapes[graph.operators[5].output] == shape(1, 4, 5, 4))
    #expect(shapes[graph.outputs[0]] == shape(1, 5))
  }

  @Test("Inputs that do not fit give nil")
  func nothing() {
    let image = shape(1, 4, 4, 6)
    #expect(outputShape(of: .add(.none), inputs: []) == nil)
    #expect(outputShape(of: .add(.none), inputs: [image]) == nil)
    #expect(outputShape(of: .add(.none), inputs: [image, shape(1, 4, 4, 1)]) == nil)
    let conv = OperatorKind.conv2D(window(1, .valid), .none)
    #expect(outputShape(of: conv, inputs: [image]) == nil)
    #expect(outputShape(of: conv, inputs: [image, shape(8, 5, 5, 6)]) == nil)
    #expect(outputShape(of: conv, inputs: [image, shape(8, 1, 1, 7)]) == nil)
    #expect(outputShape(of: conv, inputs: [image, shape(8, 1, 1, 12)]) == nil)
    // Two groups of three channels, but an odd number of outputs.
    #expect(outputShape(of: conv, inputs: [image, shape(7, 1, 1, 3)]) == nil)
    #expect(outputShape(of: conv, inputs: [shape(2, 4, 4, 6), shape(8, 1, 1, 6)]) == nil)
    let depthwise = OperatorKind.depthwiseConv2D(window(1, .valid), depthMultiplier: 2, .none)
    #expect(outputShape(of: depthwise, inputs: [image, shape(1, 3, 3, 6)]) == nil)
    #expect(outputShape(of: depthwise, inputs: [image, shape(1, 3, 3, 12)]) == shape(1, 2, 2, 12))
    #expect(outputShape(of: .fullyConnected(.none), inputs: [image, shape(3, 7)]) == nil)
    #expect(outputShape(of: .fullyConnected(.none), inputs: [image, shape(3, 32)]) == shape(3, 3))
    let keeps = OperatorKind.fullyConnected(.none, keepDimensions: true)
    #expect(outputShape(of: keeps, inputs: [image, shape(3, 32)]) == nil)
    #expect(outputShape(of: keeps, inputs: [image, shape(3, 6)]) == shape(1, 4, 4, 3))
    #expect(outputShape(of: .mean(), inputs: [shape(1, 4, 4)]) == nil)
    #expect(outputShape(of: .pad(before: [1], after: [1]), inputs: [image]) == nil)
    #expect(outputShape(of: .reshape(to: [5, -1]), inputs: [image]) == nil)
    #expect(outputShape(of: .reshape(to: [95]), inputs: [image]) == nil)
    #expect(outputShape(of: .reshape(to: [-2, 48]), inputs: [image]) == nil)
  }
}
