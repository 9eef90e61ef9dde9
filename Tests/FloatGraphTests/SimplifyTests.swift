import FloatGraph
import Testing

/// A graph before and after: what nodes are left, and whether the answers are the same bits.
struct SimplifyCase: Sendable, CustomTestStringConvertible {
  var name: String
  /// The operations that are left, in order.
  var left: [String]
  /// The largest difference of answers; 0 where nothing is rounded anew.
  var tolerance = 0.0
  var build: @Sendable (inout GraphSketch) -> Void

  var testDescription: String { name }

  init(
    _ name: String, _ left: [String], tolerance: Double = 0,
    build: @escaping @Sendable (inout GraphSketch) -> Void
  ) {
    (self.name, self.left, self.tolerance, self.build) = (name, left, tolerance, build)
  }

  func graph() -> FloatGraph {
    var sketch = GraphSketch(height: 8, width: 6, channels: 4)
    build(&sketch)
    return sketch.graph()
  }
}

/// The operations of a graph, a "+" where a clamp is fused.
func operationNames(_ graph: FloatGraph) -> [String] {
  graph.nodes.map { node in
    let text = "\(node.operation)"
    return String(text.prefix { $0 != "(" }) + (node.clip == nil ? "" : "+")
  }
}

private let window3 = FloatWindow(kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2)
private let four: [Float] = [0.5, -1.25, 2, 0.75]

@Suite("Simplified graphs")
struct SimplifyTests {
  static let affines: [SimplifyCase] = [
    SimplifyCase("an affine after a convolution", ["convolution+"], tolerance: 1e-6) {
      $0.convolve("c", outputs: 4, channels: 4, kernel: 3, padding: 1, seed: 2)
      $0.add("bn", .affine(scale: four, offset: [1, 2, 3, -4]))
      $0.add("relu", .clip(.relu6))
    },
    SimplifyCase(
      "two affines, one after the other, after a depthwise", ["convolution"],
      tolerance: 1e-6
    ) {
      $0.convolve("c", outputs: 4, channels: 4, kernel: 3, groups: 4, seed: 2)
      $0.add("bn", .affine(scale: four, offset: [0.5]))
      $0.add("bn 2", .affine(scale: [2], offset: four))
    },
    SimplifyCase("an affine before a grouped convolution", ["convolution"], tolerance: 1e-6) {
      $0.add("bn", .affine(scale: four, offset: [1, 2, 3, -4]))
      $0.convolve("c", outputs: 6, channels: 4, kernel: 3, groups: 2, seed: 2)
    },
    SimplifyCase("an affine with offsets before padding stays", ["affine", "convolution"]) {
      $0.add("bn", .affine(scale: four, offset: [1, 2, 3, -4]))
      $0.convolve("c", outputs: 4, channels: 4, kernel: 3, padding: 1, seed: 2)
    },
    SimplifyCase("an affine without offsets before padding", ["convolution"], tolerance: 1e-6) {
      $0.add("bn", .affine(scale: four, offset: [0]))
      $0.convolve("c", outputs: 4, channels: 4, kernel: 3, padding: 1, seed: 2)
    },
    SimplifyCase(
      "an affine whose input has another reader stays", ["convolution", "affine", "binary"]
    ) {
      $0.convolve("c", outputs: 4, channels: 4, seed: 2)
      $0.add("bn", .affine(scale: four, offset: four))
      $0.add("sum", .binary(.add), ["bn", "c"])
    },
    SimplifyCase("an affine after a clamp stays", ["convolution+", "affine"]) {
      $0.convolve("c", outputs: 4, channels: 4, clip: .relu, seed: 2)
      $0.add("bn", .affine(scale: four, offset: four))
    },
    SimplifyCase("a hard sigmoid after a convolution", ["convolution+"], tolerance: 1e-6) {
      $0.convolve("c", outputs: 4, channels: 4, seed: 2)
      $0.add("gate", .hardSigmoid(alpha: 0.2, beta: 0.5))
    },
    SimplifyCase("constants of sums and products", ["convolution"], tolerance: 1e-6) {
      $0.constant("k", FloatArray(shape: [4], elements: four))
      $0.constant("s", FloatArray(shape: [], elements: [3]))
      $0.convolve("c", ["input"], outputs: 4, channels: 4, seed: 2)
      $0.add("k-c", .binary(.subtract), ["k", "c"])
      $0.add("/k", .binary(.divide), ["k-c", "k"])
      $0.add("*s", .binary(.multiply), ["s", "/k"])
      $0.add("+k", .binary(.add), ["*s", "k"])
      $0.add("-s", .binary(.subtract), ["+k", "s"])
    },
    SimplifyCase("a constant for each column is none for each channel", ["binary"]) {
      $0.constant("k", FloatArray(shape: [6, 1], elements: [1, 2, 3, 4, 5, 6]))
      $0.add("sum", .binary(.add), ["input", "k"])
    },
    SimplifyCase(
      "an affine before and one after a fully connected layer", ["mean", "fullyConnected"],
      tolerance: 1e-6
    ) {
      $0.add("mean", .mean(axes: [1, 2], keepsDimensions: false))
      $0.add("pre", .affine(scale: four, offset: [1]))
      var random = SeededGenerator(seed: 5)
      $0.add("fc", .fullyConnected(weights: random.array([3, 4]), bias: random.floats(3)))
      $0.add("post", .affine(scale: [1, 2, 3], offset: [1, 0, -1]))
    },
  ]

  static let clips: [SimplifyCase] = [
    SimplifyCase("two clamps meet", ["convolution+"]) {
      $0.convolve("c", outputs: 4, channels: 4, clip: .relu, seed: 2)
      $0.add("relu6", .clip(ClipRange(minimum: -1, maximum: 0.5)))
    },
    SimplifyCase("a clamp goes past pooling and reshaping", ["convolution+", "maxPool", "reshape"])
    {
      $0.convolve("c", outputs: 4, channels: 4, seed: 2)
      $0.add("pool", .maxPool(window3))
      $0.add("flat", .reshape(to: [1, -1]))
      $0.add("relu", .clip(.relu))
    },
    SimplifyCase("a clamp on pooling, too", ["convolution+", "maxPool"]) {
      $0.convolve("c", outputs: 4, channels: 4, seed: 2)
      $0.add("pool", .maxPool(window3), clip: .relu)
    },
    SimplifyCase("a clamp stays where others read the value", ["convolution", "clip", "binary"]) {
      $0.convolve("c", outputs: 4, channels: 4, seed: 2)
      $0.add("relu", .clip(.relu))
      $0.add("sum", .binary(.add), ["relu", "c"])
    },
    SimplifyCase(
      "a clamp of the input stays, and one of a concatenation", ["clip", "concatenate", "clip"]
    ) {
      $0.add("low", .clip(ClipRange(minimum: -1, maximum: 1)))
      $0.add("both", .concatenate(axis: 3), ["low", "input"])
      $0.add("relu", .clip(.relu))
    },
    SimplifyCase("clamps that are disjoint", ["binary+"]) {
      $0.add("double", .binary(.add), ["input", "input"], clip: ClipRange(minimum: 0, maximum: 1))
      $0.add("far", .clip(ClipRange(minimum: 3, maximum: 4)))
    },
  ]

  static let moves: [SimplifyCase] = [
    SimplifyCase("padding before a convolution", ["convolution"]) {
      $0.add("pad", .pad(before: [0, 1, 2, 0], after: [0, 0, 1, 0], value: 0))
      $0.convolve("c", outputs: 3, channels: 4, kernel: 3, padding: 1, seed: 2)
    },
    SimplifyCase("padding with ones stays", ["pad", "convolution"]) {
      $0.add("pad", .pad(before: [0, 1, 2, 0], after: [0, 0, 1, 0], value: 1))
      $0.convolve("c", outputs: 3, channels: 4, kernel: 3, seed: 2)
    },
    SimplifyCase("padding of channels stays", ["pad", "convolution"]) {
      $0.add("pad", .pad(before: [0, 0, 0, 1], after: [0, 0, 0, 0], value: 0))
      $0.convolve("c", outputs: 3, channels: 5, kernel: 3, seed: 2)
    },
    SimplifyCase("padding with the lowest number before a maximum", ["maxPool"]) {
      $0.add("pad", .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], value: -.infinity))
      $0.add("pool", .maxPool(window3))
    },
    SimplifyCase("padding with 0 before a maximum stays", ["pad", "maxPool"]) {
      $0.add("pad", .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], value: 0))
      $0.add("pool", .maxPool(window3))
    },
    SimplifyCase("padding with 0 of what is not negative before a maximum", ["clip", "maxPool"]) {
      $0.add("relu", .clip(.relu))
      $0.add("pad", .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], value: 0))
      $0.add("pool", .maxPool(window3))
    },
    SimplifyCase("padding before a mean counts", ["averagePool"]) {
      $0.add("pad", .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], value: 0))
      $0.add("pool", .averagePool(window3, countsPadding: false))
    },
    SimplifyCase("padding wider than the window of a mean stays", ["pad", "averagePool"]) {
      $0.add("pad", .pad(before: [0, 3, 3, 0], after: [0, 1, 1, 0], value: 0))
      $0.add("pool", .averagePool(window3, countsPadding: true))
    },
    SimplifyCase("what does nothing", ["sigmoid"]) {
      $0.add("same shape", .reshape(to: [0, -1, 0, 4]))
      $0.add("all", .slice(axis: 3, start: 0, count: nil, step: 1))
      $0.add("sigmoid", .sigmoid)
      $0.add("no padding", .pad(before: [0, 0, 0, 0], after: [0, 0, 0, 0], value: 7))
      $0.add("as it was", .gather(axis: 3, indices: [0, 1, 2, 3]))
      $0.add("one", .concatenate(axis: 1))
      $0.add("there", .transpose(permutation: [0, 3, 1, 2]))
      $0.add("back", .transpose(permutation: [0, 2, 3, 1]))
      $0.add("times one", .affine(scale: [1], offset: [0]))
    },
    SimplifyCase("a transpose of a single pixel is a reshape", ["mean", "reshape"]) {
      $0.add("mean", .mean(axes: [1, 2], keepsDimensions: true))
      $0.add("nchw", .transpose(permutation: [0, 3, 1, 2]))
      $0.add("flat", .reshape(to: [1, -1]))
    },
    SimplifyCase("slices of slices", ["slice"]) {
      $0.add("odd", .slice(axis: 1, start: 1, count: nil, step: 2))
      $0.add("some", .slice(axis: 1, start: 1, count: 2, step: 2))
    },
    SimplifyCase("gathers of gathers, and a slice", ["gather"]) {
      $0.add("a", .gather(axis: 3, indices: [3, 1, 2, 0, 2]))
      $0.add("b", .gather(axis: 3, indices: [4, 0, 0, 3]))
      $0.add("c", .slice(axis: 3, start: 1, count: nil, step: 1))
    },
    SimplifyCase("a shuffle whose halves are read apart", ["gather", "gather", "binary"]) {
      $0.add("shuffle", .gather(axis: 3, indices: [2, 1, 3, 0]))
      $0.add("left", .slice(axis: 3, start: 0, count: 2, step: 1), ["shuffle"])
      $0.add("right", .slice(axis: 3, start: 2, count: 2, step: 1), ["shuffle"])
      $0.add("sum", .binary(.add), ["left", "right"])
    },
    SimplifyCase("indices that ascend evenly are a slice", ["slice"]) {
      $0.add("a", .gather(axis: 1, indices: [1, 4, 7]))
    },
    SimplifyCase("dead nodes", ["hardSwish"]) {
      $0.add("dead", .sigmoid)
      $0.add("dead, too", .softmax)
      $0.add("alive", .hardSwish, ["input"])
    },
    SimplifyCase("constants are computed", ["binary"]) {
      $0.constant("k", FloatArray(shape: [6, 1], elements: [1, 2, 3, 4, 5, 6]))
      $0.add("squares", .binary(.multiply), ["k", "k"])
      $0.add("twice", .affine(scale: [2], offset: [0]))
      $0.add("sum", .binary(.add), ["input", "twice"])
    },
  ]

  @Test("a pass keeps the answer", arguments: affines + clips + moves)
  func answers(test: SimplifyCase) throws {
    let graph = test.graph()
    let simple = try graph.simplified()
    #expect(operationNames(simple) == test.left)
    for (height, width) in [(8, 6), (11, 6)] {
      let before = try runGraph(graph, height: height, width: width)
      let after = try runGraph(simple, height: height, width: width)
      #expect(largestDifference(after, before.map(Double.init)) <= test.tolerance)
    }
  }

  @Test("names and given ranges go along, and values are numbered without gaps")
  func names() throws {
    var sketch = GraphSketch(height: 4, width: 4, channels: 4)
    sketch.add("dead", .sigmoid)
    sketch.convolve("conv", ["input"], outputs: 4, channels: 4, seed: 1)
    sketch.add("relu", .clip(.relu))
    sketch.add("same", .reshape(to: [0, 0, 0, 0]))
    sketch.add("answer", .softmax)
    var graph = sketch.graph()
    let range = GivenQuantization(scale: 0.5, zeroPoint: 3, isUnsigned: true)
    graph.givenRanges = [
      sketch.index("conv"): GivenQuantization(scale: 9, zeroPoint: 0, isUnsigned: false),
      sketch.index("relu"): range, sketch.index("dead"): range,
    ]
    let simple = try graph.simplified()
    #expect(simple.values.map(\.name) == ["input", "same", "answer"])
    #expect(simple.nodes.map(\.name) == ["conv", "answer"])
    #expect(simple.givenRanges == [1: range])
    #expect(simple.values[simple.output].name == "answer")
  }

  @Test(
    "the scales of given weights stay until the weights change",
    arguments: [(scale: [1 as Float], keeps: true), ([1, 1, 2, 1], false), ([0.5], false)])
  func givenWeights(scale: [Float], keeps: Bool) throws {
    var sketch = GraphSketch(height: 4, width: 4, channels: 4)
    sketch.convolve("first", ["input"], outputs: 4, channels: 4, seed: 1)
    sketch.add("back", .affine(scale: scale, offset: [1]), clip: .relu)
    sketch.add("same", .reshape(to: [0, 0, 0, 0]))
    sketch.add("forward", .affine(scale: scale, offset: [0]))
    sketch.convolve("second", ["forward"], outputs: 4, channels: 4, seed: 2)
    sketch.add("clip", .clip(.relu6))
    var graph = sketch.graph()
    for index in graph.nodes.indices {
      if case .convolution = graph.nodes[index].operation {
        graph.nodes[index].givenWeightScales = [0.5, 0.25, 0.125, 1]
      }
    }
    let simple = try graph.simplified()
    #expect(simple.nodes.map(\.name) == ["first", "second"])
    for node in simple.nodes {
      #expect(node.givenWeightScales == (keeps ? [0.5, 0.25, 0.125, 1] : nil))
    }
  }

  @Test("a graph that does nothing answers with its input")
  func identity() throws {
    var sketch = GraphSketch(height: 2, width: 2, channels: 1)
    sketch.add("same", .reshape(to: [0, 0, 0, 0]))
    let simple = try sketch.graph().simplified()
    #expect(simple.nodes.isEmpty)
    #expect(try runGraph(simple) == runGraph(sketch.graph()))
  }

  @Test("a graph that cannot be run cannot be simplified")
  func invalid() {
    var sketch = GraphSketch(height: 2, width: 2, channels: 1)
    sketch.add("pool", .maxPool(FloatWindow(kernelHeight: 3, kernelWidth: 1)))
    #expect(throws: FloatGraphError.self) { try sketch.graph().simplified() }
  }
}
