import CTFLite
import Tensors

/// The operators that move elements and leave their values alone.
extension GraphBuilder {
  /// The most axes of an operator that moves elements along them: what LiteRT's kernels have.
  private var maximumMovedRank: Int { 6 }
  /// The most indices of a GATHER; channel shuffles have some hundreds.
  private var maximumIndices: Int { 65536 }

  func reshape(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 1...2)
    try expectOptions(source, VD_TFLITE_OPTIONS_RESHAPE)
    let input = try activationInput(source, 0)
    let options = source.options.new_shape
    var target: [Int]
    if operand(source, 1) != nil {
      target = try integers(source, 1, "new extents", limit: Shape.maximumRank)
    } else {
      guard options.count > 0, options.count <= Shape.maximumRank else {
        throw wrong(source, "its new shape is missing or has more than \(Shape.maximumRank) axes")
      }
      target = options.int32s.map(Int.init)
    }
    try expectSameQuantization(source, input, try activationOutput(source))
    guard outputShape(of: .reshape(to: target), inputs: [input.shape]) != nil else {
      throw wrong(source, "\(input.shape) cannot become \(target)")
    }
    return (.reshape(to: target), [input.index])
  }

  func concatenation(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 1...4096)
    try expectOptions(source, VD_TFLITE_OPTIONS_CONCATENATION, optional: false)
    guard try activation(source) == .none else {
      throw unsupported(source, "a fused activation")
    }
    let output = try activationOutput(source)
    var inputs: [TensorInfo] = []
    for position in source.inputs.indices {
      let input = try activationInput(source, position)
      try expectSameQuantization(source, input, output)
      inputs.append(input)
    }
    let axis = try axis(source, source.options.axis, of: inputs[0])
    return (.concatenation(axis: axis), inputs.map(\.index))
  }

  func transposition(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 2...2)
    try expectOptions(source, VD_TFLITE_OPTIONS_TRANSPOSE)
    let input = try movedInput(source)
    let permutation = try integers(source, 1, "permutation", limit: maximumMovedRank)
    guard permutation.sorted() == Array(0..<input.shape.rank) else {
      throw wrong(source, "its permutation \(permutation) is none of \(input.shape.rank) axes")
    }
    return (.transpose(permutation: permutation), [input.index])
  }

  func stridedSlice(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 4...4)
    try expectOptions(source, VD_TFLITE_OPTIONS_STRIDED_SLICE, optional: false)
    let options = source.options
    guard options.ellipsis_mask == 0, options.new_axis_mask == 0, options.shrink_axis_mask == 0,
      options.is_offset == 0
    else {
      throw unsupported(source, "an ellipsis, new or dropped axes, or ends that count from begins")
    }
    let input = try movedInput(source)
    let rank = input.shape.rank
    let begin = try sliceIntegers(source, 1, "begin", rank)
    let end = try sliceIntegers(source, 2, "end", rank)
    let strides = try sliceIntegers(source, 3, "strides", rank)
    for stride in strides where stride < 1 {
      throw unsupported(source, "the stride \(stride); 1 and above are")
    }
    return (
      .stridedSlice(
        begin: (0..<rank).map { options.begin_mask >> Int32($0) & 1 != 0 ? 0 : begin[$0] },
        end: (0..<rank).map { options.end_mask >> Int32($0) & 1 != 0 ? nil : end[$0] },
        strides: strides), [input.index]
    )
  }

  func gather(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 2...2)
    try expectOptions(source, VD_TFLITE_OPTIONS_GATHER)
    guard source.options.batch_dims == 0 else {
      throw unsupported(source, "\(source.options.batch_dims) batch dimensions; 0 are")
    }
    let input = try movedInput(source)
    let axis = try axis(source, source.options.axis, of: input)
    let indices = try integers(source, 1, "indices", limit: maximumIndices)
    guard operand(source, 1)?.shape.rank == 1 else {
      throw unsupported(source, "indices that are not a list")
    }
    if let outside = indices.first(where: { !(0..<input.shape[axis] ~= $0) }) {
      throw wrong(source, "index \(outside) is not one of \(input.shape[axis]) along axis \(axis)")
    }
    return (.gather(axis: axis, indices: indices), [input.index])
  }

  // MARK: Helpers

  /// Input 0, whose quantization is the output's and whose axes are few enough.
  private func movedInput(_ source: OperatorSource) throws(ModelError) -> TensorInfo {
    let input = try activationInput(source, 0)
    guard input.shape.rank <= maximumMovedRank else {
      throw unsupported(source, "\(input.shape.rank) axes; \(maximumMovedRank) are the most")
    }
    try expectSameQuantization(source, input, try activationOutput(source))
    return input
  }

  /// An axis of `tensor`; a negative one counts from the last.
  private func axis(_ source: OperatorSource, _ stated: Int32, of tensor: TensorInfo)
    throws(ModelError) -> Int
  {
    let rank = tensor.shape.rank
    let axis = stated < 0 ? Int(stated) + rank : Int(stated)
    guard 0..<rank ~= axis else {
      throw wrong(source, "its axis \(stated) is not one of \(tensor.shape)")
    }
    return axis
  }

  private func sliceIntegers(
    _ source: OperatorSource, _ position: Int, _ what: String, _ rank: Int
  ) throws(ModelError) -> [Int] {
    let values = try integers(source, position, what, limit: maximumMovedRank)
    guard values.count == rank else {
      throw wrong(source, "its \(what) has \(values.count) entries for \(rank) axes")
    }
    // An int64 may hold anything; no axis is longer.
    let limit = Shape.maximumElementCount
    return values.map { max(-limit, min($0, limit)) }
  }
}
