import FloatGraph

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -2...2) -> [Float] {
    (0..<count).map { _ in
      range.lowerBound + (range.upperBound - range.lowerBound) * Float(next() >> 40) / 16_777_216
    }
  }

  mutating func array(_ shape: [Int], in range: ClosedRange<Float> = -1...1) -> FloatArray {
    FloatArray(shape: shape, elements: floats(shape.reduce(1, *), in: range))
  }
}

/// A graph written down node by node: values by name, "input" is the image.
struct GraphSketch {
  var values = [FloatValue(name: "input")]
  var nodes: [FloatNode] = []
  let extents: ImageExtents

  init(height: Int, width: Int, channels: Int) {
    extents = ImageExtents(height: height, width: width, channels: channels)
  }

  mutating func constant(_ name: String, _ array: FloatArray) {
    values.append(FloatValue(name: name, constant: array))
  }

  mutating func add(
    _ name: String, _ operation: FloatOperation, _ inputs: [String] = [], clip: ClipRange? = nil
  ) {
    let read = inputs.isEmpty ? [values.count - 1] : inputs.map(index)
    nodes.append(
      FloatNode(name: name, operation: operation, inputs: read, output: values.count, clip: clip))
    values.append(FloatValue(name: name))
  }

  func index(_ name: String) -> Int {
    guard let index = values.lastIndex(where: { $0.name == name }) else {
      preconditionFailure("no value is named \(name)")
    }
    return index
  }

  func graph(output: String? = nil) -> FloatGraph {
    FloatGraph(
      name: "sketch", values: values, nodes: nodes, input: 0,
      output: output.map(index) ?? values.count - 1, inputExtents: extents)
  }
}

extension GraphSketch {
  /// A convolution with random weights.
  mutating func convolve(
    _ name: String, _ inputs: [String] = [], outputs: Int, channels: Int, kernel: Int = 1,
    padding: Int = 0, groups: Int = 1, clip: ClipRange? = nil, seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    add(
      name,
      .convolution(
        FloatConvolution(
          weights: random.array([outputs, kernel, kernel, channels / groups]),
          bias: random.floats(outputs), groups: groups,
          window: FloatWindow(
            kernelHeight: kernel, kernelWidth: kernel,
            padding: .explicit(top: padding, left: padding, bottom: padding, right: padding)))),
      inputs, clip: clip)
  }
}

/// Runs a graph at its own size, or another one, on a seeded image.
func runGraph(
  _ graph: FloatGraph, height: Int? = nil, width: Int? = nil, seed: UInt64 = 1
) throws -> [Float] {
  let (height, width) = (height ?? graph.inputExtents.height, width ?? graph.inputExtents.width)
  var random = SeededGenerator(seed: seed)
  let image = random.floats(height * width * graph.inputExtents.channels)
  var executor = try FloatExecutor(graph, height: height, width: width)
  return executor.run(input: image)
}

/// The largest difference, in units of the largest element of `expected` (at least 1).
func largestDifference(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  let unit = expected.reduce(1) { max($0, abs($1)) }
  return zip(found, expected).reduce(0) { largest, pair in
    let difference = abs(Double(pair.0) - pair.1) / unit
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
