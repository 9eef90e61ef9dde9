import FloatGraph

extension GraphBuilder {
  mutating func maxPool(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    var output = try pool(node, input) { .maxPool($0) }
    // The largest of some stored values is one of them.
    output.quantization = input.quantization
    try bind(node, output)
  }

  mutating func averagePool(_ node: ONNXNode) throws(ImportFailure) {
    try bind(node, averagePool(node, try activation(node, 0)))
  }

  mutating func averagePool(
    _ node: ONNXNode, _ input: Activation
  ) throws(ImportFailure) -> Activation {
    let countsPadding = try node.flag("count_include_pad")
    // A window over the whole image is the mean of it, at any size of the image.
    let kernel = try node.integers("kernel_shape") ?? []
    let pads = try node.integers("pads") ?? []
    if input.rank == 4, kernel != [1, 1], kernel == Array(input.shape[2...]),
      pads.allSatisfy({ $0 == 0 }),
      ["NOTSET", "", "VALID"].contains(try node.string("auto_pad", default: "NOTSET"))
    {
      return try mean(node, input, axes: [2, 3], keepsDimensions: true)
    }
    return try pool(node, input) { .averagePool($0, countsPadding: countsPadding) }
  }

  private mutating func pool(
    _ node: ONNXNode, _ input: Activation, _ operation: (FloatWindow) -> FloatOperation
  ) throws(ImportFailure) -> Activation {
    guard input.rank == 4 else {
      throw .unsupported("its input is \(text(input.shape)); only pooling over two axes is")
    }
    guard node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw .unsupported("it gives indices as well")
    }
    guard let kernel = try node.integers("kernel_shape") else {
      throw .invalid("it has no kernel_shape")
    }
    let attributes = try WindowAttributes(node, kernel: kernel, input: Array(input.shape[2...]))
    return try pool(
      node, input, operation(attributes.window), height: attributes.height,
      width: attributes.width)
  }

  private mutating func pool(
    _ node: ONNXNode, _ input: Activation, _ operation: FloatOperation, height: Int, width: Int
  ) throws(ImportFailure) -> Activation {
    let image = realize(input, defaultPermutation(rank: 4))
    let layout = try layout(
      shape: [input.shape[0], input.shape[1], height, width],
      permutation: defaultPermutation(rank: 4), spatial: [false, false, true, true])
    let output = emit(node.displayName, operation, [image.value], to: node.outputName)
    return Activation(value: output, layout: layout, isNonNegative: input.isNonNegative)
  }

  mutating func globalAveragePool(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    guard input.rank >= 3 else { throw .invalid("its input is \(text(input.shape))") }
    try bind(node, mean(node, input, axes: Array(2..<input.rank), keepsDimensions: true))
  }

  /// A window over the whole image, which fixes the image's size.
  mutating func globalMaxPool(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    guard input.rank == 4, input.shape[2...].allSatisfy({ $0 <= GraphLimits.window }) else {
      throw .unsupported("its input is \(text(input.shape)); only pooling over two axes is")
    }
    let window = FloatWindow(kernelHeight: input.shape[2], kernelWidth: input.shape[3])
    var output = try pool(node, input, .maxPool(window), height: 1, width: 1)
    output.quantization = input.quantization
    try bind(node, output)
  }

  mutating func reduceMean(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    var axes = try integers(node, attribute: "axes", input: 1) ?? []
    if axes.isEmpty {
      if try node.flag("noop_with_empty_axes") { return try bind(node, input) }
      axes = Array(0..<input.rank)
    }
    let reduced = try axisIndices(axes, rank: input.rank)
    let keeps = try node.integer("keepdims", default: 1) != 0
    try bind(node, mean(node, input, axes: reduced, keepsDimensions: keeps))
  }

  /// The mean over logical axes (ascending).
  mutating func mean(
    _ node: ONNXNode, _ input: Activation, axes: [Int], keepsDimensions: Bool
  ) throws(ImportFailure) -> Activation {
    let permutation = permutation(for: [input])
    let moved = realize(input, permutation)
    let places = permutation.indices.filter { axes.contains(permutation[$0]) }
    let output = emit(
      node.displayName, .mean(axes: places, keepsDimensions: keepsDimensions), [moved.value],
      to: node.outputName)
    var layout = moved.layout
    for axis in axes.reversed() {
      if keepsDimensions { layout.logical[axis] = [] } else { layout.logical.remove(at: axis) }
    }
    for place in places.reversed() {
      if keepsDimensions { layout.physical[place] = [] } else { layout.physical.remove(at: place) }
    }
    return Activation(value: output, layout: layout, isNonNegative: input.isNonNegative)
  }
}
