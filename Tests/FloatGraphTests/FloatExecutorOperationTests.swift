import FloatGraph
import Testing

/// A step of a graph and what its definition makes of each output element, in double precision.
struct OperationCase: Sendable, CustomTestStringConvertible {
  /// Reads an element of the first input `[1, 5, 6, 7]`, or of the second one, by its indices.
  typealias Reader = (_ indices: [Int]) -> Double

  var testDescription: String
  var operation: FloatOperation
  var shape: [Int]
  /// The second input's shape; a constant.
  var second: [Int]?
  var tolerance = 1e-6
  var element: @Sendable (_ indices: [Int], _ x: Reader, _ y: Reader) -> Double

  init(
    _ name: String, _ operation: FloatOperation, to shape: [Int], second: [Int]? = nil,
    element: @escaping @Sendable (_ indices: [Int], _ x: Reader, _ y: Reader) -> Double
  ) {
    testDescription = name
    (self.operation, self.shape, self.second, self.element) = (operation, shape, second, element)
  }

  static let input = [1, 5, 6, 7]

  /// The elements of `x` that a window reads inside the image, and how many stand in the padding
  /// that is stated.
  static func windowed(
    _ at: [Int], _ x: Reader, top: Int, left: Int, bottom: Int, right: Int, stride: Int
  ) -> (inside: [Double], counted: Int) {
    var inside: [Double] = []
    var counted = 0
    for i in 0..<3 {
      for j in 0..<3 {
        let (row, column) = (at[1] * stride + i - top, at[2] * stride + j - left)
        if (0..<5).contains(row), (0..<6).contains(column) {
          inside.append(x([0, row, column, at[3]]))
        }
        if row < 5 + bottom, column < 6 + right { counted += 1 }
      }
    }
    return (inside, counted)
  }
}

private let pool = FloatWindow(
  kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2,
  padding: .explicit(top: 1, left: 0, bottom: 1, right: 1))
private let poolUp = FloatWindow(
  kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, roundsUp: true)
private let scale: [Float] = [1, -2, 0.5, 4, 0.25, -1, 3]

@Suite("Operations of the float executor")
struct FloatExecutorOperationTests {
  static let elementwise: [OperationCase] = [
    OperationCase("affine by channel", .affine(scale: scale, offset: [0.5]), to: [1, 5, 6, 7]) {
      at, x, _ in x(at) * Double(scale[at[3]]) + 0.5
    },
    OperationCase("affine", .affine(scale: [3], offset: scale), to: [1, 5, 6, 7]) {
      at, x, _ in x(at) * 3 + Double(scale[at[3]])
    },
    OperationCase(
      "clip", .clip(ClipRange(minimum: -0.5, maximum: 1)), to: [1, 5, 6, 7]
    ) { at, x, _ in min(max(x(at), -0.5), 1) },
    OperationCase("leaky ReLU", .leakyReLU(slope: 0.125), to: [1, 5, 6, 7]) {
      at, x, _ in x(at) > 0 ? x(at) : x(at) / 8
    },
    OperationCase("hard swish", .hardSwish, to: [1, 5, 6, 7]) {
      at, x, _ in x(at) * min(max(x(at) / 6 + 0.5, 0), 1)
    },
    OperationCase("hard sigmoid", .hardSigmoid(alpha: 0.25, beta: 0.375), to: [1, 5, 6, 7]) {
      at, x, _ in min(max(x(at) / 4 + 0.375, 0), 1)
    },
    OperationCase("sigmoid", .sigmoid, to: [1, 5, 6, 7]) {
      at, x, _ in 1 / (1 + naiveExponential(-x(at)))
    },
    OperationCase("softmax", .softmax, to: [1, 5, 6, 7]) { at, x, _ in
      let row = (0..<7).map { naiveExponential(x([0, at[1], at[2], $0])) }
      return row[at[3]] / row.reduce(0, +)
    },
    OperationCase("sum by channel", .binary(.add), to: [1, 5, 6, 7], second: [7]) {
      at, x, y in x(at) + y([at[3]])
    },
    OperationCase("product by row", .binary(.multiply), to: [1, 5, 6, 7], second: [5, 1, 1]) {
      at, x, y in x(at) * y([at[1], 0, 0])
    },
    OperationCase(
      "difference that widens", .binary(.subtract), to: [2, 5, 6, 7], second: [2, 1, 6, 1]
    ) { at, x, y in x([0, at[1], at[2], at[3]]) - y([at[0], 0, at[2], 0]) },
    OperationCase("quotient by a scalar", .binary(.divide), to: [1, 5, 6, 7], second: []) {
      at, x, y in x(at) / y([])
    },
    OperationCase(
      "fully connected",
      .fullyConnected(
        weights: FloatArray(shape: [2, 7], elements: scale + scale.reversed()), bias: [1, -1]),
      to: [1, 5, 6, 2]
    ) { at, x, _ in
      (0..<7).reduce(at[3] == 0 ? 1 : -1) { sum, c in
        sum + x([0, at[1], at[2], c]) * Double(scale[at[3] == 0 ? c : 6 - c])
      }
    },
  ]

  static let windows: [OperationCase] = [
    OperationCase("largest of a window", .maxPool(pool), to: [1, 3, 3, 7]) { at, x, _ in
      OperationCase.windowed(at, x, top: 1, left: 0, bottom: 1, right: 1, stride: 2).inside
        .reduce(-.infinity, max)
    },
    OperationCase(
      "mean of a window", .averagePool(pool, countsPadding: false), to: [1, 3, 3, 7]
    ) { at, x, _ in
      let (inside, _) = OperationCase.windowed(
        at, x, top: 1, left: 0, bottom: 1, right: 1, stride: 2)
      return inside.reduce(0, +) / Double(inside.count)
    },
    OperationCase(
      "mean of a window with its padding", .averagePool(pool, countsPadding: true),
      to: [1, 3, 3, 7]
    ) { at, x, _ in
      let (inside, counted) = OperationCase.windowed(
        at, x, top: 1, left: 0, bottom: 1, right: 1, stride: 2)
      #expect(counted == 9)
      return inside.reduce(0, +) / Double(counted)
    },
    OperationCase(
      "mean of a window that hangs over", .averagePool(poolUp, countsPadding: true),
      to: [1, 2, 3, 7]
    ) { at, x, _ in
      let (inside, counted) = OperationCase.windowed(
        at, x, top: 0, left: 0, bottom: 0, right: 0, stride: 2)
      return inside.reduce(0, +) / Double(counted)
    },
    OperationCase(
      "mean over rows and columns", .mean(axes: [1, 2], keepsDimensions: false), to: [1, 7]
    ) { at, x, _ in
      (0..<30).reduce(0) { $0 + x([0, $1 / 6, $1 % 6, at[1]]) } / 30
    },
    OperationCase(
      "mean over rows and channels", .mean(axes: [1, 3], keepsDimensions: true), to: [1, 1, 6, 1]
    ) { at, x, _ in
      (0..<35).reduce(0) { $0 + x([0, $1 / 7, at[2], $1 % 7]) } / 35
    },
  ]

  static let moves: [OperationCase] = [
    OperationCase(
      "padding", .pad(before: [0, 1, 0, 2], after: [0, 0, 3, 1], value: 9), to: [1, 6, 9, 10]
    ) { at, x, _ in
      let source = [0, at[1] - 1, at[2], at[3] - 2]
      let isInside =
        source[1] >= 0 && source[2] < 6 && (0..<7).contains(source[3])
      return isInside ? x(source) : 9
    },
    OperationCase(
      "concatenation of rows", .concatenate(axis: 1), to: [1, 7, 6, 7], second: [1, 2, 6, 7]
    ) { at, x, y in at[1] < 5 ? x(at) : y([0, at[1] - 5, at[2], at[3]]) },
    OperationCase(
      "concatenation of channels", .concatenate(axis: 3), to: [1, 5, 6, 10], second: [1, 5, 6, 3]
    ) { at, x, y in at[3] < 7 ? x(at) : y([0, at[1], at[2], at[3] - 7]) },
    OperationCase(
      "every other row from 1 on", .slice(axis: 1, start: 1, count: nil, step: 2),
      to: [1, 2, 6, 7]
    ) { at, x, _ in x([0, 1 + 2 * at[1], at[2], at[3]]) },
    OperationCase(
      "three channels", .slice(axis: 3, start: 2, count: 3, step: 1), to: [1, 5, 6, 3]
    ) { at, x, _ in x([0, at[1], at[2], at[3] + 2]) },
    OperationCase(
      "one channel by a huge step", .slice(axis: 3, start: 6, count: 1, step: .max),
      to: [1, 5, 6, 1]
    ) { at, x, _ in x([0, at[1], at[2], 6]) },
    OperationCase("channels picked", .gather(axis: 3, indices: [6, 0, 0]), to: [1, 5, 6, 3]) {
      at, x, _ in x([0, at[1], at[2], [6, 0, 0][at[3]]])
    },
    OperationCase("columns picked", .gather(axis: 2, indices: [5, 1]), to: [1, 5, 2, 7]) {
      at, x, _ in x([0, at[1], [5, 1][at[2]], at[3]])
    },
    OperationCase("reshape", .reshape(to: [0, 5, -1, 2]), to: [1, 5, 21, 2]) { at, x, _ in
      let index = (at[1] * 21 + at[2]) * 2 + at[3]
      return x([0, index / 42, index / 7 % 6, index % 7])
    },
    OperationCase("transpose", .transpose(permutation: [3, 0, 2, 1]), to: [7, 1, 6, 5]) {
      at, x, _ in x([0, at[3], at[2], at[0]])
    },
  ]

  @Test("an operation is what its definition says", arguments: elementwise + windows + moves)
  func definition(test: OperationCase) throws {
    var sketch = GraphSketch(height: 5, width: 6, channels: 7)
    var random = SeededGenerator(seed: 3)
    let second = test.second.map { random.array($0, in: 0.5...3) }
    if let second { sketch.constant("second", second) }
    sketch.add("node", test.operation, second == nil ? ["input"] : ["input", "second"])
    let graph = sketch.graph()
    #expect(try graph.shapes(height: 5, width: 6)[graph.output] == test.shape)

    random = SeededGenerator(seed: 1)
    let image = random.floats(5 * 6 * 7)
    let x = { indices in Double(image[offset(of: indices, in: OperationCase.input)]) }
    let y = { indices in
      second.map { Double($0.elements[offset(of: indices, in: $0.shape)]) } ?? .nan
    }
    let expected = (0..<test.shape.reduce(1, *)).map { index in
      test.element(indices(of: index, in: test.shape), x, y)
    }
    #expect(largestDifference(try runGraph(graph), expected) <= test.tolerance)
  }

  @Test("each node's clamp is applied", arguments: elementwise + windows + moves)
  func clip(test: OperationCase) throws {
    var sketch = GraphSketch(height: 5, width: 6, channels: 7)
    var random = SeededGenerator(seed: 3)
    if let second = test.second { sketch.constant("second", random.array(second, in: 0.5...3)) }
    sketch.add("node", test.operation, test.second == nil ? ["input"] : ["input", "second"])
    var graph = sketch.graph()
    let range = ClipRange(minimum: 0.125, maximum: 0.25)
    let expected = try runGraph(graph).map { min(max($0, range.minimum), range.maximum) }
    graph.nodes[0].clip = range
    #expect(try runGraph(graph) == expected)
  }

  private func offset(of indices: [Int], in shape: [Int]) -> Int {
    zip(indices, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }

  private func indices(of offset: Int, in shape: [Int]) -> [Int] {
    var rest = offset
    return shape.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }.reversed()
  }
}

/// exp by its power series after ten halvings of the argument: independent of ours.
func naiveExponential(_ x: Double) -> Double {
  let small = x / 1024
  var (term, sum) = (1.0, 1.0)
  for n in 1...20 {
    term *= small / Double(n)
    sum += term
  }
  for _ in 0..<10 { sum *= sum }
  return sum
}
