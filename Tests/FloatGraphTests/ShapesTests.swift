import FloatGraph
import Testing

@Suite("Windows and shapes of a float graph")
struct ShapesTests {
  @Test("windows lie where ONNX and TensorFlow Lite put them")
  func geometry() {
    var window = FloatWindow(
      kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padding: .sameUpper)
    #expect(
      window.geometry(inputHeight: 224, inputWidth: 7)
        == WindowGeometry(
          outputHeight: 112, outputWidth: 4, top: 0, left: 1, bottom: 1, right: 1,
          statedBottom: 1, statedRight: 1))
    window.padding = .sameLower
    #expect(window.geometry(inputHeight: 224, inputWidth: 7)?.top == 1)
    // The last row of padding is not read where the windows do not reach it.
    window.padding = .explicit(top: 1, left: 1, bottom: 1, right: 1)
    #expect(
      window.geometry(inputHeight: 224, inputWidth: 7)
        == WindowGeometry(
          outputHeight: 112, outputWidth: 4, top: 1, left: 1, bottom: 0, right: 1,
          statedBottom: 1, statedRight: 1))
    // Rounded up the last window hangs over; one that would start in the padding is dropped.
    window.roundsUp = true
    #expect(
      window.geometry(inputHeight: 224, inputWidth: 5)
        == WindowGeometry(
          outputHeight: 113, outputWidth: 3, top: 1, left: 1, bottom: 2, right: 1,
          statedBottom: 1, statedRight: 1))
    window = FloatWindow(
      kernelHeight: 1, kernelWidth: 1, strideHeight: 2, strideWidth: 2,
      padding: .explicit(top: 0, left: 0, bottom: 1, right: 0), roundsUp: true)
    #expect(window.geometry(inputHeight: 2, inputWidth: 2)?.outputHeight == 1)
  }

  @Test(
    "hostile windows have no geometry, and no arithmetic overflows",
    arguments: [Int.max, Int.min, -1, 0, 1 << 40])
  func hostileWindows(number: Int) {
    let fine = FloatWindow(kernelHeight: 1, kernelWidth: 1)
    var windows = Array(repeating: fine, count: 4)
    windows[0].kernelHeight = number
    windows[1].kernelWidth = number
    windows[2].strideHeight = number
    windows[3].dilationWidth = number
    if number != 0 {
      windows += Array(repeating: fine, count: 2)
      windows[4].padding = .explicit(top: number, left: 0, bottom: 0, right: 0)
      windows[5].padding = .explicit(top: 0, left: 0, bottom: 0, right: number)
    }
    for window in windows {
      #expect(window.geometry(inputHeight: 5, inputWidth: 5) == nil)
    }
    #expect(fine.geometry(inputHeight: number, inputWidth: 5) == nil)
  }

  private func message(_ graph: FloatGraph, _ height: Int = 4, _ width: Int = 4) -> String {
    do {
      _ = try graph.shapes(height: height, width: width)
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  static let misfits: [(operation: FloatOperation, words: String)] = [
    (
      .fullyConnected(weights: FloatArray(shape: [1, 2], elements: [1, 2]), bias: [0]), "the 2 it"
    ),
    (.fullyConnected(weights: FloatArray(shape: [3], elements: [1, 2, 3]), bias: [0]), "weights"),
    (.affine(scale: [1, 2], offset: [0]), "3 channels"),
    (.affine(scale: [], offset: [0]), "3 channels"),
    (.binary(.add), "two inputs"),
    (.maxPool(FloatWindow(kernelHeight: 5, kernelWidth: 5)), "does not fit"),
    (
      .averagePool(
        FloatWindow(
          kernelHeight: 1, kernelWidth: 1,
          padding: .explicit(top: 1, left: 0, bottom: 0, right: 0)), countsPadding: false),
      "padding is larger"
    ),
    (.mean(axes: [4], keepsDimensions: true), "axes"),
    (.mean(axes: [1, 1], keepsDimensions: true), "axes"),
    (.pad(before: [0, -1, 0, 0], after: [0, 0, 0, 0], value: 0), "negative"),
    (.pad(before: [0], after: [0], value: 0), "each axis"),
    (.pad(before: [0, .max, 0, 0], after: [0, 0, 0, 0], value: 0), "too large"),
    (.concatenate(axis: 4), "no axis 4"),
    (.slice(axis: 1, start: 4, count: nil, step: 1), "starts at 4"),
    (.slice(axis: 1, start: 0, count: nil, step: 0), "by 0"),
    (.slice(axis: 1, start: 1, count: 4, step: 1), "has 3"),
    (.slice(axis: -1, start: 0, count: 1, step: 1), "no axis -1"),
    (.gather(axis: 3, indices: [3]), "indices"),
    (.gather(axis: 3, indices: []), "indices"),
    (.reshape(to: [-1, -1]), "open"),
    (.reshape(to: [5, -1]), "elements"),
    (.reshape(to: [0, 0, 0, 0, 0]), "no axis 4"),
    (.reshape(to: [.max, .max]), "cannot make"),
    (.reshape(to: [-5]), "cannot make"),
    (.transpose(permutation: [0, 1, 1, 2]), "permutation"),
  ]

  @Test("a node that does not fit is named", arguments: misfits.indices)
  func misfit(index: Int) {
    let (operation, words) = Self.misfits[index]
    var sketch = GraphSketch(height: 4, width: 4, channels: 3)
    sketch.add("the node", operation)
    let text = message(sketch.graph())
    #expect(text.hasPrefix("node 'the node': ") && text.contains(words), "\(text)")
  }

  @Test("convolutions that do not fit")
  func convolutions() {
    func check(_ words: String, _ change: (inout FloatConvolution) -> Void) {
      var convolution = FloatConvolution(
        weights: FloatArray(shape: [4, 1, 1, 3], elements: Array(repeating: 1, count: 12)),
        bias: [0, 0, 0, 0], groups: 1, window: FloatWindow(kernelHeight: 1, kernelWidth: 1))
      change(&convolution)
      var sketch = GraphSketch(height: 4, width: 4, channels: 3)
      sketch.add("conv", .convolution(convolution))
      let text = message(sketch.graph())
      #expect(text.contains(words), "\(text)")
    }
    check("no error") { _ in }
    check("takes 6 channels") { $0.groups = 2 }
    check("groups") { $0.groups = 3 }
    check("groups") { $0.groups = 0 }
    check("groups") { $0.groups = .max }
    check("fill their shape") { $0.bias = [0] }
    check("fill their shape") { $0.weights.shape = [4, 3] }
    check("fill their shape") { $0.weights.shape = [4, .max, .max, 3] }
    check("not that of its weights") { $0.window.kernelWidth = 2 }
  }

  @Test("the size is named where only it does not fit")
  func size() {
    var sketch = GraphSketch(height: 4, width: 4, channels: 3)
    sketch.add("flat", .reshape(to: [1, 48]))
    let graph = sketch.graph()
    #expect(message(graph) == "no error")
    #expect(message(graph, 4, 5).hasPrefix("an input of 5x4 does not fit: node 'flat'"))
    #expect(message(graph, 0, 5).contains("empty"))
    #expect(message(graph, .max, .max).contains("above"))
  }

  @Test("values out of range, read too early, or computed twice")
  func structure() {
    var sketch = GraphSketch(height: 4, width: 4, channels: 3)
    sketch.add("a", .sigmoid)
    sketch.add("b", .sigmoid)
    let graph = sketch.graph()
    var broken = graph
    broken.nodes[0].inputs = [2]
    #expect(message(broken).contains("no node before"))
    broken = graph
    broken.nodes[0].inputs = [-1]
    #expect(message(broken).contains("no node before"))
    broken = graph
    broken.nodes[1].output = 1
    #expect(message(broken).contains("another node"))
    broken = graph
    broken.nodes[1].output = 99
    #expect(message(broken).contains("another node"))
    broken = graph
    broken.output = 3
    #expect(message(broken).contains("input or its output"))
    broken = graph
    broken.nodes.removeLast()
    #expect(message(broken).contains("no node computes"))
    broken = graph
    broken.values[0].constant = FloatArray(shape: [1], elements: [1])
    #expect(message(broken).contains("input is a constant"))
  }
}
