import FloatGraph

/// A float graph put together by a test, with weights that are the same for the same seed.
struct Sketch {
  private(set) var graph: FloatGraph
  private var random: LoweringRandom

  init(height: Int = 12, width: Int = 10, channels: Int = 6, seed: UInt64 = 1) {
    graph = FloatGraph(
      name: "sketch", values: [FloatValue(name: "image")], nodes: [], input: 0, output: 0,
      inputExtents: ImageExtents(height: height, width: width, channels: channels))
    random = LoweringRandom(seed: seed)
  }

  /// Adds a node and returns its value, which is now the graph's output.
  @discardableResult
  mutating func add(
    _ operation: FloatOperation, _ inputs: [Int], clip: ClipRange? = nil
  ) -> Int {
    let value = graph.values.count
    let name = "/node\(graph.nodes.count)/Op_output_0"
    graph.values.append(FloatValue(name: name))
    graph.nodes.append(
      FloatNode(
        name: "node\(graph.nodes.count)", operation: operation, inputs: inputs, output: value,
        clip: clip))
    graph.output = value
    return value
  }

  mutating func constant(_ shape: [Int], _ range: ClosedRange<Float> = -1...1) -> Int {
    graph.values.append(FloatValue(name: "constant", constant: array(shape, range)))
    return graph.values.count - 1
  }

  mutating func array(_ shape: [Int], _ range: ClosedRange<Float> = -1...1) -> FloatArray {
    FloatArray(
      shape: shape, elements: (0..<shape.reduce(1, *)).map { _ in random.uniform(range) })
  }

  /// A convolution with weights of about unit gain.
  @discardableResult
  mutating func convolve(
    _ input: Int, from inputs: Int, to outputs: Int, kernel: (Int, Int) = (3, 3), groups: Int = 1,
    stride: Int = 1, dilation: Int = 1,
    padding: FloatWindow.Padding = .explicit(top: 1, left: 1, bottom: 1, right: 1),
    clip: ClipRange? = nil
  ) -> Int {
    let depth = inputs / groups
    let reach = 2 / Float(kernel.0 * kernel.1 * depth).squareRoot()
    let window = FloatWindow(
      kernelHeight: kernel.0, kernelWidth: kernel.1, strideHeight: stride, strideWidth: stride,
      dilationHeight: dilation, dilationWidth: dilation, padding: padding)
    let weights = array([outputs, kernel.0, kernel.1, depth], -reach...reach)
    let bias = array([outputs], -0.5...0.5).elements
    return add(
      .convolution(
        FloatConvolution(weights: weights, bias: bias, groups: groups, window: window)), [input],
      clip: clip)
  }

  /// A convolution of 1 x 1.
  @discardableResult
  mutating func mix(
    _ input: Int, from inputs: Int, to outputs: Int, clip: ClipRange? = nil
  ) -> Int {
    convolve(
      input, from: inputs, to: outputs, kernel: (1, 1),
      padding: .explicit(top: 0, left: 0, bottom: 0, right: 0), clip: clip)
  }

  @discardableResult
  mutating func connect(
    _ input: Int, from inputs: Int, to outputs: Int, clip: ClipRange? = nil
  ) -> Int {
    let reach = 2 / Float(inputs).squareRoot()
    let weights = array([outputs, inputs], -reach...reach)
    let bias = array([outputs], -0.5...0.5).elements
    return add(.fullyConnected(weights: weights, bias: bias), [input], clip: clip)
  }
}

/// SplitMix64.
struct LoweringRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    let unit = Float(next() >> 40) / Float(1 << 24)
    return range.lowerBound + unit * (range.upperBound - range.lowerBound)
  }
}
