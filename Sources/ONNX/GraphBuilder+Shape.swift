import FloatGraph

/// Operators that only change how a tensor is seen: they change its layout and emit nothing, or
/// little.
extension GraphBuilder {
  mutating func reshape(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    let wanted = try constant(node, 1, "the shape").integers("the shape")
    let shape = try resolvedShape(
      wanted, of: input.shape, allowsZero: try node.flag("allowzero"))
    try bind(node, reshape(input, to: shape))
  }

  mutating func reshape(_ input: Activation, to shape: [Int]) throws(ImportFailure) -> Activation {
    var result = input
    if let layout = input.layout.reshaped(to: shape, nextAtom: &nextAtom) {
      result.layout = layout
      return result
    }
    // The new axes cut across the old ones: memory has to stand in ONNX's order.
    let moved = realize(input, Array(0..<input.rank))
    let name = values[moved.value].name + "/reshape"
    result.layout = try layout(
      shape: shape, permutation: Array(shape.indices), spatial: shape.map { _ in false })
    result.value = emit(name, .reshape(to: shape), [moved.value], to: name)
    givenRanges[result.value] = givenRanges[moved.value]
    return result
  }

  mutating func flatten(_ node: ONNXNode) throws(ImportFailure) {
    var input = try activation(node, 0)
    var axis = try node.integer("axis", default: 1)
    // One past the last axis is allowed here.
    if axis != input.rank { axis = try axisIndex(axis, rank: input.rank) }
    let logical = input.layout.logical
    input.layout.logical = [Array(logical[..<axis].joined()), Array(logical[axis...].joined())]
    try bind(node, input)
  }

  mutating func transpose(_ node: ONNXNode) throws(ImportFailure) {
    var input = try activation(node, 0)
    let permutation = try node.integers("perm") ?? Array((0..<input.rank).reversed())
    guard permutation.sorted() == Array(0..<input.rank) else {
      throw .invalid("perm \(permutation.prefix(8)) does not permute \(input.rank) axes")
    }
    input.layout = input.layout.transposed(permutation)
    try bind(node, input)
  }

  mutating func squeeze(_ node: ONNXNode) throws(ImportFailure) {
    var input = try activation(node, 0)
    let given = try integers(node, attribute: "axes", input: 1)
    let axes =
      try given.map { list throws(ImportFailure) in try axisIndices(list, rank: input.rank) }
      ?? input.shape.indices.filter { input.shape[$0] == 1 }
    for axis in axes.reversed() {
      guard input.layout.logical[axis].isEmpty else {
        throw .invalid("axis \(axis) of \(text(input.shape)) is not 1")
      }
      input.layout.logical.remove(at: axis)
    }
    try bind(node, input)
  }

  mutating func unsqueeze(_ node: ONNXNode) throws(ImportFailure) {
    var input = try activation(node, 0)
    guard let axes = try integers(node, attribute: "axes", input: 1),
      input.rank + axes.count <= GraphLimits.rank
    else { throw .invalid("it has no axes, or too many") }
    for axis in try axisIndices(axes, rank: input.rank + axes.count) {
      input.layout.logical.insert([], at: axis)
    }
    try bind(node, input)
  }

  /// Identity, Dropout in inference, Cast between floats.
  mutating func alias(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    if node.type == "Dropout", let training = try optionalConstant(node, 2, "training_mode"),
      training.floats != [0]
    {
      throw .unsupported("it is in training mode; export the model after model.eval()")
    }
    if node.type == "Cast" || node.type == "CastLike" {
      let type = try node.integer("to", default: 1)
      guard let type = ElementType(rawValue: Int32(truncatingIfNeeded: type)), type.isFloat else {
        throw .unsupported("it casts activations to element type \(type)")
      }
    }
    try bind(node, input)
  }

  // MARK: Parts of axes

  mutating func concatenate(_ node: ONNXNode) throws(ImportFailure) {
    var operands: [Binding] = []
    for place in node.inputs.indices {
      guard let operand = try operand(node, place) else { throw .invalid("an input is left out") }
      operands.append(operand)
    }
    try bind(node, concatenate(node, operands, axis: try node.integer("axis", default: 1)))
  }

  mutating func concatenate(
    _ node: ONNXNode, _ operands: [Binding], axis wanted: Int
  ) throws(ImportFailure) -> Activation {
    let activations = operands.compactMap { operand -> Activation? in
      if case .activation(let activation) = operand { activation } else { nil }
    }
    guard let first = activations.first else { throw .invalid("it has no computed input") }
    let axis = try axisIndex(wanted, rank: first.rank)
    guard activations.allSatisfy({ $0.rank == first.rank }) else {
      throw .invalid("its inputs differ in their numbers of axes")
    }
    let permutation = permutation(for: activations)
    var shape = first.shape
    shape[axis] = 0
    var inputs: [Int] = []
    for operand in operands {
      let part: [Int]
      switch operand {
      case .activation(let activation):
        part = activation.shape
        inputs.append(realize(activation, permutation).value)
      case .constant(let constant):
        part = constant.shape
        guard part.count == shape.count else { throw .invalid("an input is \(text(part))") }
        let stored = constant.transposed(permutation)
        inputs.append(
          addConstant(
            node.displayName + "/constant",
            FloatArray(shape: stored.shape, elements: stored.floats)))
      }
      guard part.indices.allSatisfy({ $0 == axis || part[$0] == shape[$0] }) else {
        throw .invalid("an input of \(text(part)) does not fit one of \(text(first.shape))")
      }
      shape[axis] += part[axis]
      guard shape[axis] <= GraphLimits.extent else { throw .invalid("its output is too large") }
    }
    let layout = try layout(
      shape: shape, permutation: permutation, spatial: first.layout.logical.map(\.isSpatial))
    let place = permutation.firstIndex(of: axis) ?? axis
    var output = first
    if inputs.count > 1 {
      output.value = emit(
        node.displayName, .concatenate(axis: place), inputs, to: node.outputName)
      output.layout = layout
    }
    output.isNonNegative =
      activations.count == operands.count && activations.allSatisfy(\.isNonNegative)
    output.quantization = first.quantization
    guard activations.allSatisfy({ $0.quantization == first.quantization }),
      first.quantization == nil || activations.count == operands.count
    else { throw .unsupported("its inputs are quantised in different ways") }
    return output
  }

  mutating func split(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    let axis = try axisIndex(node.integer("axis", default: 0), rank: input.rank)
    let extent = input.shape[axis]
    let parts = try splitSizes(node, extent: extent)
    var start = 0
    for (place, count) in parts.enumerated() {
      let suffix = place < node.outputs.count ? node.outputs[place] : ""
      let part = try slice(input, axis: axis, start: start, count: count, step: 1, name: suffix)
      try bind(node, output: place, .activation(part))
      start += count
    }
  }

  /// The parts' sizes from the attribute, the input, or the number of outputs.
  func splitSizes(_ node: ONNXNode, extent: Int) throws(ImportFailure) -> [Int] {
    let number = node.outputs.count
    guard number >= 1 else { throw .invalid("it has no output") }
    let size = (extent + number - 1) / number
    let even = (0..<number).map { max(0, min(size, extent - $0 * size)) }
    let sizes = try integers(node, attribute: "split", input: 1) ?? even
    guard sizes.count == number, sizes.allSatisfy({ $0 >= 1 && $0 <= extent }),
      sizes.reduce(0, +) == extent
    else { throw .invalid("it cannot cut \(extent) into \(sizes.prefix(16))") }
    return sizes
  }

  mutating func slice(_ node: ONNXNode) throws(ImportFailure) {
    var result = try activation(node, 0)
    let ranges = try sliceRanges(node, shape: result.shape)
    for range in ranges {
      result = try slice(
        result, axis: range.axis, start: range.start, count: range.count, step: range.step,
        name: node.outputName)
    }
    try bind(node, result)
  }

  /// One axis of a slice: `count` indices from `start` on, `step` apart (which may be negative).
  struct AxisRange {
    var axis: Int
    var start: Int
    var count: Int
    var step: Int
  }

  func sliceRanges(_ node: ONNXNode, shape: [Int]) throws(ImportFailure) -> [AxisRange] {
    guard let starts = try integers(node, attribute: "starts", input: 1),
      let ends = try integers(node, attribute: "ends", input: 2)
    else { throw .invalid("it has no starts or no ends") }
    let axes = try integers(node, attribute: "axes", input: 3) ?? Array(starts.indices)
    let steps =
      try optionalConstant(node, 4, "the steps")?.integers("the steps")
      ?? Array(repeating: 1, count: starts.count)
    guard starts.count == ends.count, starts.count == axes.count, starts.count == steps.count else {
      throw .invalid("starts, ends, axes and steps differ in length")
    }
    _ = try axisIndices(axes, rank: shape.count)
    var ranges: [AxisRange] = []
    for place in starts.indices {
      let axis = try axisIndex(axes[place], rank: shape.count)
      let extent = shape[axis]
      let step = steps[place]
      guard step != 0, step > -GraphLimits.extent, step < GraphLimits.extent else {
        throw .invalid("a step is \(step)")
      }
      // Adding the extent to a negative number cannot overflow.
      let start = starts[place] < 0 ? starts[place] + extent : starts[place]
      let end = ends[place] < 0 ? ends[place] + extent : ends[place]
      let first = step > 0 ? min(max(start, 0), extent) : min(max(start, -1), extent - 1)
      let last = step > 0 ? min(max(end, 0), extent) : min(max(end, -1), extent - 1)
      let length = step > 0 ? last - first : first - last
      let count = length <= 0 ? 0 : (length - 1) / step.magnitudeInt + 1
      ranges.append(AxisRange(axis: axis, start: first, count: count, step: step))
    }
    return ranges
  }

  /// Part of one logical axis; what is whole stays as it is.
  mutating func slice(
    _ input: Activation, axis: Int, start: Int, count: Int, step: Int, name: String
  ) throws(ImportFailure) -> Activation {
    let extent = input.shape[axis]
    guard count >= 1 else { throw .invalid("nothing is left of axis \(axis)") }
    if start == 0 && count == extent && step == 1 { return input }
    let permutation = permutation(for: [input])
    let moved = realize(input, permutation)
    let place = permutation.firstIndex(of: axis) ?? axis
    let atoms = input.layout.logical[axis]
    let operation: FloatOperation
    if step > 0 {
      // To the end of rows or columns stays so at any size of the image.
      let toEnd = atoms.isSpatial && start + count * step >= extent
      operation = .slice(axis: place, start: start, count: toEnd ? nil : count, step: step)
    } else {
      operation = .gather(axis: place, indices: (0..<count).map { start + $0 * step })
    }
    return try part(moved, permutation, axis: axis, extent: count, operation, name: name)
  }

  /// Constant indices: one drops the axis, a list of them keeps it.
  mutating func gather(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    let indices = try constant(node, 1, "the indices")
    let axis = try axisIndex(node.integer("axis", default: 0), rank: input.rank)
    let extent = input.shape[axis]
    let list = try indices.integers("the indices").map { $0 < 0 ? $0 + extent : $0 }
    guard indices.shape.count <= 1, !list.isEmpty, list.allSatisfy({ $0 >= 0 && $0 < extent })
    else {
      throw .unsupported("indices of \(text(indices.shape)) into \(text(input.shape))")
    }
    var result: Activation
    if list == Array(list[0]..<list[0] + list.count) {
      result = try slice(
        input, axis: axis, start: list[0], count: list.count, step: 1, name: node.outputName)
    } else {
      let permutation = permutation(for: [input])
      let place = permutation.firstIndex(of: axis) ?? axis
      result = try part(
        realize(input, permutation), permutation, axis: axis, extent: list.count,
        .gather(axis: place, indices: list), name: node.outputName)
    }
    if indices.shape.isEmpty { result.layout.logical.remove(at: axis) }
    try bind(node, result)
  }

  private mutating func part(
    _ input: Activation, _ permutation: [Int], axis: Int, extent: Int,
    _ operation: FloatOperation, name: String
  ) throws(ImportFailure) -> Activation {
    var shape = input.shape
    shape[axis] = extent
    var result = input
    result.layout = try layout(
      shape: shape, permutation: permutation, spatial: input.layout.logical.map(\.isSpatial))
    result.value = emit(name, operation, [input.value], to: name)
    givenRanges[result.value] = givenRanges[input.value]
    return result
  }

  mutating func pad(_ node: ONNXNode) throws(ImportFailure) {
    let input = try activation(node, 0)
    let mode = try node.string("mode", default: "constant")
    guard mode == "constant" else { throw .unsupported("its mode is '\(printable(mode))'") }
    var value = try node.bound("value") ?? 0
    if let given = try optionalConstant(node, 2, "the value") {
      value = try given.scalar("the value")
    }
    guard let pads = try integers(node, attribute: "pads", input: 1) else {
      throw .invalid("it has no pads")
    }
    let axes = try optionalConstant(node, 3, "the axes")?.integers("the axes")
    _ = try axisIndices(axes ?? [], rank: input.rank)
    let padded = axes ?? Array(0..<input.rank)
    guard pads.count == 2 * padded.count,
      pads.allSatisfy({ $0 >= 0 && $0 <= GraphLimits.window })
    else { throw .unsupported("pads \(pads.prefix(16)) of \(text(input.shape))") }
    if pads.allSatisfy({ $0 == 0 }) { return try bind(node, input) }
    var before = [Int](repeating: 0, count: input.rank)
    var after = before
    var shape = input.shape
    for (place, wanted) in padded.enumerated() {
      let axis = try axisIndex(wanted, rank: input.rank)
      before[axis] = pads[place]
      after[axis] = pads[padded.count + place]
      shape[axis] += before[axis] + after[axis]
    }
    let permutation = permutation(for: [input])
    let moved = realize(input, permutation)
    let layout = try layout(
      shape: shape, permutation: permutation, spatial: input.layout.logical.map(\.isSpatial))
    let operation = FloatOperation.pad(
      before: permutation.map { before[$0] }, after: permutation.map { after[$0] }, value: value)
    let output = emit(node.displayName, operation, [moved.value], to: node.outputName)
    try bind(
      node,
      Activation(
        value: output, layout: layout, isNonNegative: input.isNonNegative && value >= 0))
  }
}

extension Int {
  /// The magnitude of a number that was checked not to be the smallest.
  var magnitudeInt: Int { Int(magnitude) }
}
