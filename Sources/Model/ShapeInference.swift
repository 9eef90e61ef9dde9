public import Tensors

/// The shape that an operator computes from the shapes of its inputs (activation first, then
/// weights where it has them), or nil if they do not fit it.
///
/// It reads nothing else, so that a graph can be planned again for another input size.
public func outputShape(of kind: OperatorKind, inputs: [Shape]) -> Shape? {
  guard let input = inputs.first else { return nil }
  switch kind {
  case .conv2D(let window, _):
    guard inputs.count >= 2, inputs[1].rank == 4, let image = input.image else { return nil }
    let weights = inputs[1]
    let groups = image.channels / weights[3]
    guard image.channels % weights[3] == 0, weights[0] % groups == 0 else { return nil }
    return window.outputShape(
      of: image, kernelHeight: weights[1], kernelWidth: weights[2], channels: weights[0])
  case .depthwiseConv2D(let window, let depthMultiplier, _):
    guard inputs.count >= 2, inputs[1].rank == 4, let image = input.image else { return nil }
    let weights = inputs[1]
    guard weights[0] == 1, weights[3] == image.channels * depthMultiplier else { return nil }
    return window.outputShape(
      of: image, kernelHeight: weights[1], kernelWidth: weights[2], channels: weights[3])
  case .fullyConnected(_, let keepDimensions):
    guard inputs.count >= 2, inputs[1].rank == 2, input.rank >= 1 else { return nil }
    let (outputs, depth) = (inputs[1][0], inputs[1][1])
    if keepDimensions {
      guard input.extents.last == depth else { return nil }
      return Shape(input.extents.dropLast() + [outputs])
    }
    guard input.elementCount % depth == 0 else { return nil }
    return Shape([input.elementCount / depth, outputs])
  case .add, .sub, .mul:
    return inputs.count == 2 ? input.broadcast(with: inputs[1]) : nil
  case .mean(let axes, let keepDimensions):
    guard axes.allSatisfy(input.extents.indices.contains) else { return nil }
    if keepDimensions {
      return Shape(input.extents.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
    }
    return Shape(input.extents.enumerated().filter { !axes.contains($0.offset) }.map(\.element))
  case .averagePool2D(let window, let height, let width, _),
    .maxPool2D(let window, let height, let width, _):
    guard let image = input.image else { return nil }
    return window.outputShape(
      of: image, kernelHeight: height, kernelWidth: width, channels: image.channels)
  case .pad(let before, let after):
    guard before.count == input.rank, after.count == input.rank else { return nil }
    return Shape(input.extents.indices.map { before[$0] + input[$0] + after[$0] })
  case .concatenation(let axis):
    guard input.extents.indices.contains(axis) else { return nil }
    var extents = input.extents
    for other in inputs.dropFirst() {
      guard other.rank == input.rank else { return nil }
      for index in extents.indices where index != axis && other[index] != extents[index] {
        return nil
      }
      extents[axis] += other[axis]
    }
    return Shape(extents)
  case .softmax, .logistic, .hardSwish, .leakyRelu, .activation, .quantize, .dequantize:
    return input
  case .reshape(let target):
    return reshaped(input, to: target)
  case .transpose(let permutation):
    guard permutation.sorted() == Array(input.extents.indices) else { return nil }
    return Shape(permutation.map { input[$0] })
  case .stridedSlice(let begin, let end, let strides):
    guard begin.count == input.rank, end.count == input.rank, strides.count == input.rank else {
      return nil
    }
    return Shape(
      input.extents.indices.map {
        SliceRange(begin: begin[$0], end: end[$0], stride: strides[$0], extent: input[$0]).count
      })
  case .gather(let axis, let indices):
    guard input.extents.indices.contains(axis),
      indices.allSatisfy({ 0..<input[axis] ~= $0 })
    else { return nil }
    var extents = input.extents
    extents[axis] = indices.count
    return Shape(extents)
  }
}

/// What a strided slice takes of one axis.
public struct SliceRange: Sendable, Hashable {
  /// The first index, 0...extent.
  public let start: Int
  /// How many; 0 if `end` is not behind `begin`.
  public let count: Int

  /// The rules of ``OperatorKind/stridedSlice(begin:end:strides:)``; what lies outside the axis is
  /// cut off.
  public init(begin: Int, end: Int?, stride: Int, extent: Int) {
    func resolved(_ index: Int) -> Int {
      max(0, min(index < 0 ? index + extent : index, extent))
    }
    let first = resolved(begin)
    let last = end.map(resolved) ?? extent
    start = first
    count = stride >= 1 && last > first ? (last - first - 1) / stride + 1 : 0
  }
}

extension Shape {
  /// The shape of an elementwise operation on the two, extents of 1 stretched and axes missing in
  /// front taken as 1; nil if they do not fit.
  func broadcast(with other: Shape) -> Shape? {
    let rank = max(rank, other.rank)
    var extents: [Int] = []
    for axis in 0..<rank {
      let a = axis < rank - self.rank ? 1 : self[axis - (rank - self.rank)]
      let b = axis < rank - other.rank ? 1 : other[axis - (rank - other.rank)]
      guard a == b || a == 1 || b == 1 else { return nil }
      extents.append(max(a, b))
    }
    return Shape(extents)
  }
}

/// `target` with its -1, of which there may be one, filled in.
private func reshaped(_ input: Shape, to target: [Int]) -> Shape? {
  guard target.count <= Shape.maximumRank else { return nil }
  guard target.contains(-1) else {
    guard let shape = Shape(target), shape.elementCount == input.elementCount else { return nil }
    return shape
  }
  guard let known = Shape(target.filter { $0 != -1 }), known.rank == target.count - 1,
    input.elementCount % known.elementCount == 0
  else { return nil }
  return Shape(target.map { $0 == -1 ? input.elementCount / known.elementCount : $0 })
}

extension Window {
  /// The output's extent along one axis, and the padding before it. Nil if the kernel does not fit.
  ///
  /// TensorFlow's rules: SAME gives ceil(input / stride) and puts the odd row of padding at the
  /// end; VALID lets the kernel reach only what is there.
  private func fit(input: Int, kernel: Int, stride: Int, dilation: Int)
    -> (extent: Int, padding: Int)?
  {
    let reach = (kernel - 1) * dilation + 1
    switch padding {
    case .same:
      let extent = (input + stride - 1) / stride
      return (extent, max(0, (extent - 1) * stride + reach - input) / 2)
    case .valid:
      guard input >= reach else { return nil }
      return ((input - reach) / stride + 1, 0)
    }
  }

  fileprivate func outputShape(
    of image: (height: Int, width: Int, channels: Int), kernelHeight: Int, kernelWidth: Int,
    channels: Int
  ) -> Shape? {
    guard
      let rows = fit(
        input: image.height, kernel: kernelHeight, stride: strideHeight, dilation: dilationHeight),
      let columns = fit(
        input: image.width, kernel: kernelWidth, stride: strideWidth, dilation: dilationWidth)
    else { return nil }
    return Shape([1, rows.extent, columns.extent, channels])
  }

  /// This window with `padTop` and `padLeft` worked out for an input `[1, H, W, C]` of this height
  /// and width. Nil if the kernel does not fit into it.
  public func fitted(inputHeight: Int, inputWidth: Int, kernelHeight: Int, kernelWidth: Int)
    -> Window?
  {
    guard
      let rows = fit(
        input: inputHeight, kernel: kernelHeight, stride: strideHeight, dilation: dilationHeight),
      let columns = fit(
        input: inputWidth, kernel: kernelWidth, stride: strideWidth, dilation: dilationWidth)
    else { return nil }
    var window = self
    window.padTop = rows.padding
    window.padLeft = columns.padding
    return window
  }
}
