import FloatGraph

extension GraphBuilder {
  /// Add, Sub, Mul and Div, of two computed operands or of a computed and a constant one.
  mutating func binary(_ node: ONNXNode, _ kind: BinaryKind) throws(ImportFailure) {
    guard let left = try operand(node, 0), let right = try operand(node, 1) else {
      throw .invalid("it needs two inputs")
    }
    switch (left, right) {
    case (.activation(let a), .activation(let b)):
      try bind(node, binary(node, kind, a, b))
    case (.activation(let a), .constant(let b)):
      try bind(node, binary(node, kind, a, b, constantIsFirst: false))
    case (.constant(let a), .activation(let b)):
      try bind(node, binary(node, kind, b, a, constantIsFirst: true))
    case (.constant, .constant):
      throw .unsupported("both operands are constant; fold it with onnxsim or ORT's optimizer")
    }
  }

  mutating func binary(
    _ node: ONNXNode, _ kind: BinaryKind, _ left: Activation, _ right: Activation
  ) throws(ImportFailure) -> Activation {
    if kind == .multiply, let result = try hardSwish(node, left, right) { return result }
    let shape = try broadcastShape(left.shape, right.shape)
    let a = left.extended(to: shape.count)
    let b = right.extended(to: shape.count)
    let permutation = permutation(for: [a, b])
    let inputs = [realize(a, permutation).value, realize(b, permutation).value]
    let spatial = shape.indices.map {
      a.layout.logical[$0].isSpatial || b.layout.logical[$0].isSpatial
    }
    let layout = try layout(shape: shape, permutation: permutation, spatial: spatial)
    let output = emit(node.displayName, .binary(kind), inputs, to: node.outputName)
    return Activation(
      value: output, layout: layout,
      isNonNegative: kind != .subtract && left.isNonNegative && right.isNonNegative)
  }

  /// With a constant: an affine map where the constant is one number or one for each channel.
  mutating func binary(
    _ node: ONNXNode, _ kind: BinaryKind, _ input: Activation, _ constant: ConstantTensor,
    constantIsFirst: Bool
  ) throws(ImportFailure) -> Activation {
    let shape = try broadcastShape(input.shape, constant.shape)
    guard constant.count > 0 else { throw .invalid("a constant operand is empty") }
    let operand = input.extended(to: shape.count)
    let constantShape =
      Array(repeating: 1, count: shape.count - constant.shape.count) + constant.shape
    let permutation = permutation(for: [operand])
    let axes = constantShape.indices.filter { constantShape[$0] > 1 }
    if operand.shape == shape, axes.isEmpty || axes == [permutation.last ?? -1],
      let map = Self.affineMap(kind, constant.floats, constantIsFirst)
    {
      if let result = try hardSigmoid(node, operand, map.scale, map.offset) { return result }
      return try affine(node, operand, scale: map.scale, offset: map.offset, axis: axes.first)
    }
    var stored = constant
    stored.shape = constantShape
    stored = stored.transposed(permutation)
    let value = addConstant(
      node.displayName + "/constant",
      FloatArray(shape: stored.shape, elements: stored.floats))
    let moved = realize(operand, permutation)
    let layout = try layout(
      shape: shape, permutation: permutation, spatial: operand.layout.logical.map(\.isSpatial))
    let inputs = constantIsFirst ? [value, moved.value] : [moved.value, value]
    let output = emit(node.displayName, .binary(kind), inputs, to: node.outputName)
    return Activation(value: output, layout: layout)
  }

  /// The factor and offset of an operation with constants; nil for a division by 0, or of a
  /// constant by what is computed.
  private static func affineMap(
    _ kind: BinaryKind, _ constants: [Float], _ constantIsFirst: Bool
  ) -> (scale: [Float], offset: [Float])? {
    let zeros = [Float](repeating: 0, count: constants.count)
    let ones = [Float](repeating: 1, count: constants.count)
    switch kind {
    case .add: return (ones, constants)
    case .subtract:
      return constantIsFirst
        ? (ones.map { -$0 }, constants) : (ones, constants.map { -$0 })
    case .multiply: return (constants, zeros)
    case .divide:
      let factors = constants.map { 1 / $0 }
      return constantIsFirst || !factors.allSatisfy(\.isFinite) ? nil : (factors, zeros)
    }
  }

  mutating func relu(_ node: ONNXNode) throws(ImportFailure) {
    try bind(node, clip(node, try activation(node, 0), .relu))
  }

  /// Bounds from attributes before operator set 11, from inputs since.
  mutating func clip(_ node: ONNXNode) throws(ImportFailure) {
    var minimum = try node.bound("min")
    var maximum = try node.bound("max")
    if let bound = try optionalConstant(node, 1, "the minimum") {
      minimum = try bound.scalar("the minimum")
    }
    if let bound = try optionalConstant(node, 2, "the maximum") {
      maximum = try bound.scalar("the maximum")
    }
    let range = ClipRange(minimum: minimum ?? -.infinity, maximum: maximum ?? .infinity)
    guard range.minimum <= range.maximum else {
      throw .invalid("it clips to \(range.minimum)...\(range.maximum)")
    }
    try bind(node, clip(node, try activation(node, 0), range))
  }

  mutating func clip(
    _ node: ONNXNode, _ input: Activation, _ range: ClipRange
  ) throws(ImportFailure) -> Activation {
    var output = try elementwise(node, .clip(range), input, isNonNegative: range.minimum >= 0)
    output.isNonNegative = output.isNonNegative || input.isNonNegative && range.maximum >= 0
    return output
  }

  mutating func leakyReLU(_ node: ONNXNode) throws(ImportFailure) {
    let slope = try node.float("alpha", default: 0.01)
    let input = try activation(node, 0)
    try bind(
      node,
      elementwise(node, .leakyReLU(slope: slope), input, isNonNegative: input.isNonNegative))
  }

  mutating func sigmoid(_ node: ONNXNode) throws(ImportFailure) {
    try bind(
      node, elementwise(node, .sigmoid, try activation(node, 0), isNonNegative: true))
  }

  mutating func hardSwish(_ node: ONNXNode) throws(ImportFailure) {
    try bind(
      node, elementwise(node, .hardSwish, try activation(node, 0), isNonNegative: false))
  }

  mutating func hardSigmoid(_ node: ONNXNode) throws(ImportFailure) {
    let alpha = try node.float("alpha", default: 0.2)
    let beta = try node.float("beta", default: 0.5)
    try bind(
      node,
      elementwise(
        node, .hardSigmoid(alpha: alpha, beta: beta), try activation(node, 0), isNonNegative: true
      ))
  }

  mutating func softmax(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    let axis = try axisIndex(
      node.integer("axis", default: opset < 13 ? 1 : -1), rank: input.rank)
    try bind(node, softmax(node, input, axis: axis, joinsRest: opset < 13))
  }

  /// - Parameter joinsRest: as before operator set 13, over the axis and all after it.
  mutating func softmax(
    _ node: ONNXNode, _ input: Activation, axis: Int, joinsRest: Bool
  ) throws(ImportFailure) -> Activation {
    let logical = input.layout.logical
    let last = joinsRest ? Array(logical[axis...].joined()) : logical[axis]
    let stored = input.layout.physical.joined().filter(last.contains)
    var moved = input
    if input.layout.physical.last != stored {
      // The other axes stay in the order of memory, one each.
      let others = input.layout.physical.map { $0.filter { !last.contains($0) } }
      moved = realize(input, physical: others.filter { !$0.isEmpty } + [stored])
    }
    return try elementwise(node, .softmax, moved, isNonNegative: true)
  }
}

extension Activation {
  /// With axes of one element in front, as broadcasting adds them.
  func extended(to rank: Int) -> Activation {
    var result = self
    result.layout.logical.insert(
      contentsOf: repeatElement([], count: max(0, rank - self.rank)), at: 0)
    return result
  }
}
