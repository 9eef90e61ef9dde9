import FloatGraph

/// Computes nodes whose operands are all known: the arithmetic on shapes that exporters leave in
/// the graph, and weights that are stored in another form than they are used in.
extension GraphBuilder {
  /// The node's outputs; nil where it is none of the operators that are computed here.
  func fold(_ node: ONNXNode) throws(ImportFailure) -> [ConstantTensor]? {
    guard node.domain.isEmpty || node.domain == "com.microsoft" else { return nil }
    if node.type == "Shape" || node.type == "Size" { return try [foldShape(node)] }
    if node.type == "Constant" { return try [foldConstant(node)] }
    var operands: [ConstantTensor?] = []
    for place in node.inputs.indices {
      switch try operand(node, place) {
      case .constant(let constant): operands.append(constant)
      case .activation: return nil
      case nil: operands.append(nil)
      }
    }
    guard let first = operands.first, let first else { return nil }
    switch node.type {
    case "Identity", "Dropout": return [first]
    case "Cast": return try [foldCast(node, first)]
    case "Reshape":
      let wanted = try constant(node, 1, "the shape").integers("the shape")
      return try [
        first.reshaped(
          resolvedShape(wanted, of: first.shape, allowsZero: try node.flag("allowzero")))
      ]
    case "Flatten":
      let axis = try node.integer("axis", default: 1)
      let cut = axis == first.shape.count ? axis : try axisIndex(axis, rank: first.shape.count)
      let parts = [first.shape[..<cut], first.shape[cut...]].map { elementCount(Array($0)) ?? 0 }
      return try [first.reshaped(parts)]
    case "Squeeze":
      let given = try integers(node, attribute: "axes", input: 1)
      let units = first.shape.indices.filter { first.shape[$0] == 1 }
      let axes = try given.map { list throws(ImportFailure) in
        try axisIndices(list, rank: first.shape.count)
      }
      return try [
        first.reshaped(
          first.shape.indices.filter { !(axes ?? units).contains($0) }.map { first.shape[$0] })
      ]
    case "Unsqueeze":
      guard let axes = try integers(node, attribute: "axes", input: 1),
        first.shape.count + axes.count <= GraphLimits.rank
      else { throw .invalid("it has no axes, or too many") }
      var shape = first.shape
      for axis in try axisIndices(axes, rank: shape.count + axes.count) {
        shape.insert(1, at: axis)
      }
      return try [first.reshaped(shape)]
    case "Transpose":
      let permutation = try node.integers("perm") ?? first.shape.indices.reversed()
      guard permutation.sorted() == Array(first.shape.indices) else {
        throw .invalid("perm \(permutation.prefix(8)) does not permute \(first.shape.count) axes")
      }
      return [first.transposed(permutation)]
    case "Concat": return try [foldConcatenation(node, operands)]
    case "Slice":
      var result = first
      for range in try sliceRanges(node, shape: first.shape) {
        result = result.picking(axis: range.axis) {
          range.start + $0 * range.step
        } count: {
          range.count
        }
      }
      return [result]
    case "Split":
      let axis = try axisIndex(node.integer("axis", default: 0), rank: first.shape.count)
      var start = 0
      return try splitSizes(node, extent: first.shape[axis]).map { size in
        defer { start += size }
        return first.picking(axis: axis) { [start] in
          start + $0
        } count: {
          size
        }
      }
    case "Gather": return try [foldGather(node, first)]
    case "Expand":
      let shape = try constant(node, 1, "the shape").integers("the shape")
      return try [first.expanded(to: broadcastShape(first.shape, try checkedSize(shape)))]
    case "ConstantOfShape":
      let shape = try checkedSize(first.integers("the shape"))
      let value = try node.tensor("value") ?? ConstantTensor(shape: [1], floats: [0])
      guard value.count == 1 else { throw .invalid("its value is \(text(value.shape))") }
      let zeros = [Int](repeating: 0, count: elementCount(shape) ?? 0)
      return [value.picking(zeros, shape: shape)]
    case "Range": return try [foldRange(node)]
    case "QuantizeLinear", "DequantizeLinear":
      let axis = try node.integer("axis", default: 1)
      guard try node.integer("block_size", default: 0) == 0 else {
        throw .unsupported("it is quantised in blocks")
      }
      let given = try parameters(node, scale: 1, zeroPoint: 2)
      return try [
        node.type == "QuantizeLinear"
          ? given.quantize(first, axis: axis) : given.dequantize(first, axis: axis)
      ]
    default: return try foldArithmetic(node, operands).map { [$0] }
    }
  }

  private func foldShape(_ node: ONNXNode) throws(ImportFailure) -> ConstantTensor {
    let shape: [Int]
    switch try operand(node, 0) {
    case .activation(let activation): shape = activation.shape
    case .constant(let constant): shape = constant.shape
    case nil: throw .invalid("it has no input")
    }
    if node.type == "Size" {
      var size = ConstantTensor(integers: [elementCount(shape) ?? 0])
      size.shape = []
      return size
    }
    func bound(_ name: String, _ fallback: Int) throws(ImportFailure) -> Int {
      let bound = try node.integer(name, default: fallback)
      return min(max(bound < 0 ? bound + shape.count : bound, 0), shape.count)
    }
    let start = try bound("start", 0)
    let end = try max(start, bound("end", shape.count))
    return ConstantTensor(integers: Array(shape[start..<end]))
  }

  private func foldConstant(_ node: ONNXNode) throws(ImportFailure) -> ConstantTensor {
    if let tensor = try node.tensor("value") { return tensor }
    if let values = try node.integers("value_ints") { return ConstantTensor(integers: values) }
    if let values = try node.floats("value_floats") {
      return ConstantTensor(shape: [values.count], floats: values)
    }
    if let value = try node.bound("value_float") {
      return ConstantTensor(shape: [], floats: [value])
    }
    guard let value = try node.integer("value_int") else {
      throw .unsupported("it holds neither numbers nor a dense tensor")
    }
    return ConstantTensor(type: .int64, shape: [], elements: .integers([Int64(value)]))
  }

  private func foldCast(
    _ node: ONNXNode, _ tensor: ConstantTensor
  ) throws(ImportFailure) -> ConstantTensor {
    let number = try node.integer("to", default: 0)
    guard let type = ElementType(rawValue: Int32(truncatingIfNeeded: number)) else {
      throw .unsupported("it casts to element type \(number)")
    }
    if type.isFloat {
      return ConstantTensor(type: type, shape: tensor.shape, elements: .floats(tensor.floats))
    }
    switch tensor.elements {
    case .integers(let values):
      let cast = type == .bool ? values.map { $0 == 0 ? 0 : 1 } : values
      return ConstantTensor(type: type, shape: tensor.shape, elements: .integers(cast))
    case .floats(let values):
      let cast = values.map { value -> Int64? in
        type == .bool ? (value == 0 ? 0 : 1) : Int64(exactly: value.rounded(.towardZero))
      }
      let known = cast.compactMap { $0 }
      guard known.count == cast.count else { throw .invalid("a number does not fit \(type)") }
      return ConstantTensor(type: type, shape: tensor.shape, elements: .integers(known))
    }
  }

  private func foldConcatenation(
    _ node: ONNXNode, _ operands: [ConstantTensor?]
  ) throws(ImportFailure) -> ConstantTensor {
    let parts = operands.compactMap { $0 }
    guard parts.count == operands.count, let first = parts.first else {
      throw .invalid("an input is left out")
    }
    let axis = try axisIndex(node.integer("axis", default: 1), rank: first.shape.count)
    var shape = first.shape
    shape[axis] = 0
    for part in parts {
      guard part.shape.count == shape.count, part.type == first.type,
        part.shape.indices.allSatisfy({ $0 == axis || part.shape[$0] == shape[$0] })
      else { throw .invalid("its inputs do not fit each other") }
      // Both are extents of tensors in memory or of empty ones, far below the limit of Int.
      shape[axis] = shape[axis] &+ part.shape[axis]
    }
    let outer = elementCount(Array(shape[..<axis])) ?? 0
    shape = try checkedSize(shape)
    func joined<Element>(_ lists: [[Element]]) -> [Element] {
      var result: [Element] = []
      for row in 0..<outer {
        for list in lists {
          let length = list.count / outer
          result += list[row * length..<(row + 1) * length]
        }
      }
      return result
    }
    if first.type.isFloat {
      return ConstantTensor(
        type: first.type, shape: shape, elements: .floats(joined(parts.map(\.floats))))
    }
    var lists: [[Int64]] = []
    for part in parts { lists.append(try part.integers("an input").map { Int64($0) }) }
    return ConstantTensor(type: first.type, shape: shape, elements: .integers(joined(lists)))
  }

  private func foldGather(
    _ node: ONNXNode, _ data: ConstantTensor
  ) throws(ImportFailure) -> ConstantTensor {
    let indices = try constant(node, 1, "the indices")
    let axis = try axisIndex(node.integer("axis", default: 0), rank: data.shape.count)
    let extent = data.shape[axis]
    let list = try indices.integers("the indices").map { $0 < 0 ? $0 + extent : $0 }
    guard list.allSatisfy({ $0 >= 0 && $0 < extent }) else {
      throw .invalid("an index is outside \(text(data.shape))")
    }
    let shape = data.shape[..<axis] + indices.shape + data.shape[(axis + 1)...]
    _ = try checkedSize(Array(shape))
    return try data.picking(axis: axis) {
      list[$0]
    } count: {
      list.count
    }.reshaped(Array(shape))
  }

  private func foldRange(_ node: ONNXNode) throws(ImportFailure) -> ConstantTensor {
    var bounds: [Int] = []
    for (place, what) in ["the start", "the limit", "the step"].enumerated() {
      let bound = try constant(node, place, what).integers(what)
      guard bound.count == 1, abs(bound[0].clamped) < GraphLimits.elements else {
        throw .invalid("\(what) is out of reach")
      }
      bounds.append(bound[0])
    }
    guard bounds[2] != 0 else { throw .invalid("its step is 0") }
    return ConstantTensor(
      integers: Array(stride(from: bounds[0], to: bounds[1], by: bounds[2])))
  }
}

/// The shape of a tensor that is about to be computed, if it is of a bearable size.
func checkedSize(_ shape: [Int]) throws(ImportFailure) -> [Int] {
  guard shape.count <= GraphLimits.rank, let count = elementCount(shape),
    count <= GraphLimits.elements
  else { throw .invalid("it would make a constant of \(text(shape))") }
  return shape
}

extension Int {
  /// Free of the smallest number, whose magnitude is no `Int`.
  var clamped: Int { Swift.max(self, -Int.max) }
}
