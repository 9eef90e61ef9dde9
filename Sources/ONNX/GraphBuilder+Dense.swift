import FloatGraph

extension GraphBuilder {
  /// `alpha * A * B + beta * C` with constant B.
  mutating func gemm(_ node: ONNXNode) throws(ImportFailure) {
    let weights = try constant(node, 1, "the weights")
    let input = try activation(node, 0)
    let alpha = try node.float("alpha", default: 1)
    let beta = try node.float("beta", default: 1)
    var bias: [Float]?
    var added: Activation?
    switch try operand(node, 2) {
    case .constant(let constant)?:
      bias = try gemmBias(constant, weights: weights, node).map { $0 * beta }
    case .activation(let activation)?:
      guard beta == 1 else { throw .unsupported("beta is \(beta) and C is computed") }
      added = activation
    case nil: break
    }
    var output = try gemm(node, input, weights: weights, bias: bias, alpha: alpha)
    if let added { output = try binary(node, .add, output, added) }
    try bind(node, output)
  }

  /// C as one entry for each output.
  func gemmBias(
    _ constant: ConstantTensor, weights: ConstantTensor, _ node: ONNXNode
  ) throws(ImportFailure) -> [Float] {
    guard weights.shape.count == 2 else {
      throw .invalid("its weights are \(text(weights.shape)), not a matrix")
    }
    let outputs = weights.shape[try node.flag("transB") ? 0 : 1]
    guard constant.count == 1 || constant.count == outputs && constant.shape.last == outputs else {
      throw .unsupported("C is \(text(constant.shape)) for \(outputs) outputs")
    }
    return constant.count == 1
      ? [Float](repeating: constant.floats[0], count: outputs) : constant.floats
  }

  mutating func gemm(
    _ node: ONNXNode, _ input: Activation, weights: ConstantTensor, bias: [Float]?, alpha: Float
  ) throws(ImportFailure) -> Activation {
    guard input.rank == 2, weights.shape.count == 2 else {
      throw .invalid(
        "\(text(input.shape)) times \(text(weights.shape)) is no product of matrices")
    }
    var left = input
    if try node.flag("transA") { left.layout = left.layout.transposed([1, 0]) }
    let rows = try node.flag("transB") ? weights : weights.transposed([1, 0])
    return try fullyConnected(node, left, rows: rows, bias: bias, factor: alpha)
  }

  mutating func matMul(_ node: ONNXNode) throws(ImportFailure) {
    guard case .constant(let weights)? = try operand(node, 1),
      case .activation(let input)? =
        try operand(node, 0)
    else {
      throw .unsupported(
        "only a computed tensor times a constant one is; attention cannot be imported")
    }
    try bind(node, matMul(node, input, weights: weights))
  }

  mutating func matMul(
    _ node: ONNXNode, _ input: Activation, weights: ConstantTensor
  ) throws(ImportFailure) -> Activation {
    var matrix = weights
    while matrix.shape.count > 2, matrix.shape[0] == 1 {
      matrix.shape.removeFirst()
      if let axis = matrix.given?.axis { matrix.given?.axis = axis - 1 }
    }
    guard matrix.shape.count == 2, input.rank >= 2, weights.shape.count <= input.rank else {
      throw .unsupported("\(text(input.shape)) times \(text(weights.shape))")
    }
    return try fullyConnected(
      node, input, rows: matrix.transposed([1, 0]), bias: nil, factor: 1)
  }

  /// The last logical axis through a matrix `[O, I]`.
  ///
  /// Its atoms may stand in memory in any order, as those of a flattened image do: it is the
  /// columns of the matrix that are brought into that order, not the activations.
  private mutating func fullyConnected(
    _ node: ONNXNode, _ input: Activation, rows: ConstantTensor, bias: [Float]?, factor: Float
  ) throws(ImportFailure) -> Activation {
    let logical = input.layout.logical
    guard let columns = logical.last, columns.extent == rows.shape[1], rows.count > 0 else {
      throw .invalid(
        "an input of \(text(input.shape)) does not fit weights of \(text(rows.shape))")
    }
    let order = input.layout.physical.joined().filter(columns.contains)
    let moved = realize(input, physical: logical.dropLast() + [order])
    var elements = rows.floats
    if order != columns {
      let places = indices(ofAtoms: order, in: columns)
      let floats = elements
      elements = []
      elements.reserveCapacity(floats.count)
      for row in 0..<rows.shape[0] {
        for column in places { elements.append(floats[row * places.count + column]) }
      }
    }
    var stored = rows
    if factor != 1 {
      elements = elements.map { $0 * factor }
      stored.given = nil
    }
    let outputs = rows.shape[0]
    guard bias == nil || bias?.count == outputs else {
      throw .invalid("\(bias?.count ?? 0) bias values for \(outputs) outputs")
    }
    // The axes before stay as they are; the last gets an atom of its own.
    var result = try layout(shape: [outputs], permutation: [0], spatial: [false])
    result.logical = logical.dropLast() + result.logical
    result.physical = logical.dropLast() + result.physical
    guard let count = elementCount(result.shape), count <= GraphLimits.elements else {
      throw .invalid("its output would have the shape \(text(result.shape))")
    }
    let output = emit(
      node.displayName,
      .fullyConnected(
        weights: FloatArray(shape: rows.shape, elements: elements),
        bias: bias ?? [Float](repeating: 0, count: outputs)),
      [moved.value], stored: stored, to: node.outputName)
    return Activation(value: output, layout: result)
  }
}
