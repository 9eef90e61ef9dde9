import Tensors

extension FloatNode {
  /// The shape of the output for inputs of these shapes (each of which is a `Shape`); throws
  /// `invalidNode` where they do not fit.
  func outputShape(_ operands: [[Int]]) throws(FloatGraphError) -> [Int] {
    let extents = try checkedExtents(operands)
    guard let shape = Shape(extents) else {
      throw invalid(
        "its output \(extents) is empty, has more than \(Shape.maximumRank) axes or more than "
          + "\(Shape.maximumElementCount) elements")
    }
    return shape.extents
  }

  func invalid(_ reason: String) -> FloatGraphError {
    .invalidNode(name: name, reason: reason)
  }

  private func checkedExtents(_ operands: [[Int]]) throws(FloatGraphError) -> [Int] {
    switch operation {
    case .binary:
      guard operands.count == 2 else { throw invalid("it needs two inputs") }
      return try broadcast(operands[0], operands[1])
    case .concatenate(let axis):
      return try concatenated(operands, axis: axis)
    case .convolution, .fullyConnected, .affine, .clip, .leakyReLU, .hardSwish, .hardSigmoid,
      .sigmoid, .softmax, .maxPool, .averagePool, .mean, .pad, .slice, .gather, .reshape,
      .transpose:
      guard operands.count == 1 else { throw invalid("it needs one input") }
      return try unaryExtents(operands[0])
    }
  }

  private func unaryExtents(_ shape: [Int]) throws(FloatGraphError) -> [Int] {
    switch operation {
    case .binary, .concatenate:
      preconditionFailure("these have several inputs")
    case .convolution(let convolution):
      return try convolved(shape, convolution)
    case .fullyConnected(let weights, let bias):
      guard weights.shape.count == 2, let outputs = weights.shape.first, bias.count == outputs
      else { throw invalid("its weights are not [outputs, inputs] with a bias for each output") }
      guard let last = shape.last, last == weights.shape[1] else {
        throw invalid("its input \(shape) does not end in the \(weights.shape[1]) it takes")
      }
      return shape.dropLast() + [outputs]
    case .affine(let scale, let offset):
      let channels = shape.last ?? 1
      for count in [scale.count, offset.count] where count != 1 && count != channels {
        throw invalid("its \(count) factors or offsets do not fit \(channels) channels")
      }
      return shape
    case .clip, .leakyReLU, .hardSwish, .hardSigmoid, .sigmoid:
      return shape
    case .softmax:
      guard !shape.isEmpty else { throw invalid("a scalar has no last axis") }
      return shape
    case .maxPool(let window), .averagePool(let window, _):
      return try pooled(shape, window)
    case .mean(let axes, let keepsDimensions):
      guard Set(axes).count == axes.count, axes.allSatisfy(shape.indices.contains) else {
        throw invalid("its axes \(axes) are not those of \(shape)")
      }
      return shape.indices.compactMap { axis in
        axes.contains(axis) ? (keepsDimensions ? 1 : nil) : shape[axis]
      }
    case .pad(let before, let after, _):
      return try padded(shape, before: before, after: after)
    case .slice(let axis, let start, let count, let step):
      return try sliced(shape, axis: axis, start: start, count: count, step: step)
    case .gather(let axis, let indices):
      guard shape.indices.contains(axis) else { throw invalid("\(shape) has no axis \(axis)") }
      guard !indices.isEmpty, indices.allSatisfy({ (0..<shape[axis]).contains($0) }) else {
        throw invalid("its indices are not those of an axis of \(shape[axis])")
      }
      var result = shape
      result[axis] = indices.count
      return result
    case .reshape(let target):
      return try reshaped(shape, to: target)
    case .transpose(let permutation):
      guard permutation.sorted() == Array(shape.indices) else {
        throw invalid("\(permutation) is no permutation of the axes of \(shape)")
      }
      return permutation.map { shape[$0] }
    }
  }

  private func image(
    _ shape: [Int]
  ) throws(FloatGraphError) -> (height: Int, width: Int, channels: Int) {
    guard shape.count == 4, shape[0] == 1 else {
      throw invalid("it needs an image [1, height, width, channels], not \(shape)")
    }
    return (shape[1], shape[2], shape[3])
  }

  private func convolved(
    _ shape: [Int], _ convolution: FloatConvolution
  ) throws(FloatGraphError) -> [Int] {
    let image = try image(shape)
    let weights = convolution.weights.shape
    guard let weightShape = Shape(weights), weightShape.rank == 4,
      weightShape.elementCount == convolution.weights.elements.count,
      convolution.bias.count == weights[0]
    else { throw invalid("its weights \(weights) or its bias do not fill their shape") }
    guard weights[1] == convolution.window.kernelHeight,
      weights[2] == convolution.window.kernelWidth
    else { throw invalid("its window is not that of its weights \(weights)") }
    guard (1...weights[0]).contains(convolution.groups), weights[0] % convolution.groups == 0
    else { throw invalid("\(weights[0]) outputs cannot form \(convolution.groups) groups") }
    guard image.channels == convolution.inputChannels else {
      throw invalid("it takes \(convolution.inputChannels) channels, its input is \(shape)")
    }
    let geometry = try geometry(convolution.window, image.height, image.width)
    return [1, geometry.outputHeight, geometry.outputWidth, weights[0]]
  }

  private func pooled(_ shape: [Int], _ window: FloatWindow) throws(FloatGraphError) -> [Int] {
    let image = try image(shape)
    let geometry = try geometry(window, image.height, image.width)
    // A window that lies in the padding alone would have no value.
    let reachesIn =
      geometry.top <= (window.kernelHeight - 1) * window.dilationHeight
      && geometry.left <= (window.kernelWidth - 1) * window.dilationWidth
      && (geometry.outputHeight - 1) * window.strideHeight < image.height + geometry.top
      && (geometry.outputWidth - 1) * window.strideWidth < image.width + geometry.left
    guard reachesIn else { throw invalid("its padding is larger than its window") }
    return [1, geometry.outputHeight, geometry.outputWidth, image.channels]
  }

  private func geometry(
    _ window: FloatWindow, _ height: Int, _ width: Int
  ) throws(FloatGraphError) -> WindowGeometry {
    guard let geometry = window.geometry(inputHeight: height, inputWidth: width) else {
      throw invalid(
        "its window of \(window.kernelWidth)x\(window.kernelHeight) does not fit an image of "
          + "\(width)x\(height)")
    }
    return geometry
  }
}
