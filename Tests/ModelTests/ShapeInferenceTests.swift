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
    #expect(outputShape(of: .add(.none), inputs: [image, shape(1, 4, 4, 2)]) == nil)
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
    #expect(outputShape(of: .mean(), inputs: [shape(1, 4)]) == nil)
    #expect(outputShape(of: .pad(before: [1], after: [1]), inputs: [image]) == nil)
    #expect(outputShape(of: .reshape(to: [5, -1]), inputs: [image]) == nil)
    #expect(outputShape(of: .reshape(to: [95]), inputs: [image]) == nil)
    #expect(outputShape(of: .reshape(to: [-2, 48]), inputs: [image]) == nil)
    let join = OperatorKind.concatenation(axis: 3)
    #expect(outputShape(of: join, inputs: [image, shape(1, 4, 5, 6)]) == nil)
    #expect(outputShape(of: join, inputs: [image, shape(4, 4, 6)]) == nil)
    #expect(outputShape(of: .concatenation(axis: 4), inputs: [image]) == nil)
    #expect(outputShape(of: .transpose(permutation: [0, 1, 1, 3]), inputs: [image]) == nil)
    #expect(outputShape(of: .transpose(permutation: [0, 1, 2]), inputs: [image]) == nil)
    #expect(outputShape(of: .gather(axis: 3, indices: [6]), inputs: [image]) == nil)
    #expect(outputShape(of: .gather(axis: 3, indices: []), inputs: [image]) == nil)
    let empty = OperatorKind.stridedSlice(
      begin: [0, 2, 0, 0], end: [nil, 2, nil, nil], strides: [1, 1, 1, 1])
    #expect(outputShape(of: empty, inputs: [image]) == nil)
  }

  @Test("Broadcasting stretches extents of 1 and adds axes in front")
  func broadcasting() {
    let image = shape(1, 4, 5, 6)
    let fitting = [shape(1, 1, 1, 6), shape(1, 6), shape(1, 1), shape(6), shape(1, 4, 5, 1), image]
    for other in fitting {
      for kind in [OperatorKind.add(.none), .sub(.none), .mul(.none)] {
        #expect(outputShape(of: kind, inputs: [image, other]) == image)
        #expect(outputShape(of: kind, inputs: [other, image]) == image)
      }
    }
    #expect(outputShape(of: .mul(.none), inputs: [shape(3, 1), shape(1, 4)]) == shape(3, 4))
  }

  @Test(
    "A slice of an axis of 10",
    arguments: [
      (0, nil, 1, 0, 10), (3, nil, 2, 3, 4), (-3, nil, 1, 7, 3), (2, -2, 3, 2, 2),
      (4, 4, 1, 4, 0), (9, 3, 1, 9, 0), (-30, 30, 1, 0, 10), (0, 10, 10, 0, 1),
    ] as [(Int, Int?, Int, Int, Int)])
  func slices(begin: Int, end: Int?, stride: Int, start: Int, count: Int) {
    let range = SliceRange(begin: begin, end: end, stride: stride, extent: 10)
    #expect(range.start == start)
    #expect(range.count == count)
  }
}
