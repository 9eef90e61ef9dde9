extension GraphBuilder {
  /// Arithmetic, element by element; nil for other operators.
  func foldArithmetic(
    _ node: ONNXNode, _ operands: [ConstantTensor?]
  ) throws(ImportFailure) -> ConstantTensor? {
    let tensors = operands.compactMap { $0 }
    guard tensors.count == operands.count, node.domain.isEmpty else { return nil }
    switch (node.type, tensors.count) {
    case ("Add", 2): return try fold(tensors, { $0 + $1 }, { $0.addingReportingOverflow($1) })
    case ("Sub", 2): return try fold(tensors, { $0 - $1 }, { $0.subtractingReportingOverflow($1) })
    case ("Mul", 2):
      return try fold(tensors, { $0 * $1 }, { $0.multipliedReportingOverflow(by: $1) })
    case ("Div", 2): return try fold(tensors, { $0 / $1 }, { $0.dividedReportingOverflow(by: $1) })
    case ("Min", 2): return try fold(tensors, { min($0, $1) }, { (min($0, $1), false) })
    case ("Max", 2): return try fold(tensors, { max($0, $1) }, { (max($0, $1), false) })
    case ("Equal", 2):
      var result = try fold(tensors, { $0 == $1 ? 1 : 0 }, { ($0 == $1 ? 1 : 0, false) })
      result.elements = .integers(result.floats.map { Int64($0) })
      result.type = .bool
      return result
    case ("Where", 3):
      let shape = try broadcastShape(
        broadcastShape(tensors[0].shape, tensors[1].shape), tensors[2].shape)
      let condition = try tensors[0].expanded(to: shape).floats
      let yes = try tensors[1].expanded(to: shape)
      let no = try tensors[2].expanded(to: shape)
      switch (yes.elements, no.elements) {
      case (.floats(let a), .floats(let b)):
        let picked = condition.indices.map { condition[$0] != 0 ? a[$0] : b[$0] }
        return ConstantTensor(type: yes.type, shape: shape, elements: .floats(picked))
      case (.integers(let a), .integers(let b)):
        let picked = condition.indices.map { condition[$0] != 0 ? a[$0] : b[$0] }
        return ConstantTensor(type: yes.type, shape: shape, elements: .integers(picked))
      case (.floats, .integers), (.integers, .floats):
        throw .invalid("its inputs differ in type")
      }
    case ("Neg", 1):
      let zero = ConstantTensor(
        type: tensors[0].type, shape: [],
        elements: tensors[0].type.isFloat ? .floats([0]) : .integers([0]))
      return try fold(
        [zero, tensors[0]], { $0 - $1 }, { $0.subtractingReportingOverflow($1) })
    case ("Sqrt", 1): return try foldFloats(tensors[0]) { $0.squareRoot() }
    case ("Floor", 1): return try foldFloats(tensors[0]) { $0.rounded(.down) }
    case ("Ceil", 1): return try foldFloats(tensors[0]) { $0.rounded(.up) }
    case ("ReduceProd", 1):
      guard try node.integers("axes") == nil else { return nil }
      let product = elementCount(try tensors[0].integers("its input"))
      guard let product else { throw .invalid("its product is out of reach") }
      let keeps = try node.integer("keepdims", default: 1) != 0
      return ConstantTensor(
        type: .int64, shape: keeps ? tensors[0].shape.map { _ in 1 } : [],
        elements: .integers([Int64(product)]))
    default: return nil
    }
  }

  private func foldFloats(
    _ tensor: ConstantTensor, _ operation: (Float) -> Float
  ) throws(ImportFailure) -> ConstantTensor {
    guard tensor.type.isFloat else { throw .invalid("its input is no float") }
    return ConstantTensor(
      type: tensor.type, shape: tensor.shape, elements: .floats(tensor.floats.map(operation)))
  }

  private func fold(
    _ tensors: [ConstantTensor], _ floats: (Float, Float) -> Float,
    _ integers: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
  ) throws(ImportFailure) -> ConstantTensor {
    let shape = try broadcastShape(tensors[0].shape, tensors[1].shape)
    let left = try tensors[0].expanded(to: shape)
    let right = try tensors[1].expanded(to: shape)
    switch (left.elements, right.elements) {
    case (.floats(let a), .floats(let b)):
      return ConstantTensor(
        type: left.type, shape: shape, elements: .floats(zip(a, b).map { floats($0, $1) }))
    case (.integers(let a), .integers(let b)):
      var results: [Int64] = []
      for (x, y) in zip(a, b) {
        let (result, overflow) = integers(x, y)
        guard !overflow else { throw .invalid("\(x) and \(y) have no result") }
        results.append(result)
      }
      return ConstantTensor(type: left.type, shape: shape, elements: .integers(results))
    case (.floats, .integers), (.integers, .floats):
      throw .invalid("its inputs differ in type")
    }
  }
}

extension ConstantTensor {
  /// The same elements in another shape.
  func reshaped(_ shape: [Int]) throws(ImportFailure) -> ConstantTensor {
    guard shape.count <= GraphLimits.rank, elementCount(shape) == count else {
      throw .invalid("\(text(self.shape)) cannot be seen as \(text(shape))")
    }
    var result = self
    result.shape = shape
    if shape != self.shape { result.given = nil }
    return result
  }

  /// Broadcast to `shape`, which must be what broadcasting with something gave.
  func expanded(to shape: [Int]) throws(ImportFailure) -> ConstantTensor {
    guard self.shape != shape else { return self }
    _ = try checkedSize(shape)
    let own = Array(repeating: 1, count: shape.count - self.shape.count) + self.shape
    let steps = zip(own, strides(own)).map { $0 == 1 ? 0 : $1 }
    return picking(walk(shape: shape, strides: steps), shape: shape)
  }

  /// Some indices of an axis: the `count` that `index` gives.
  func picking(axis: Int, _ index: (Int) -> Int, count: () -> Int) -> ConstantTensor {
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let extent = shape[axis]
    var result = shape
    result[axis] = count()
    guard result.reduce(1, *) > 0 else { return picking([], shape: result) }
    let picked = (0..<count()).map(index)
    var offsets: [Int] = []
    offsets.reserveCapacity(outer * picked.count * inner)
    for row in 0..<outer {
      for place in picked {
        let start = (row * extent + place) * inner
        offsets.append(contentsOf: start..<start + inner)
      }
    }
    return picking(offsets, shape: result)
  }
}
