import Tensors

extension Graph {
  /// The same network for an input `[1, height, width, C]`: every shape and every window's padding
  /// worked out again. Weights and quantizations stay.
  ///
  /// The outputs keep their shapes, so what depends on the image's size (a mean or a pooling over
  /// what is left of it) has to be in between.
  ///
  /// - Parameter path: the model file's, for messages.
  /// - Throws: ``ModelError/unsuitableSize(path:height:width:index:name:why:)`` with the first
  ///   operator that cannot take the size: a RESHAPE whose extents are all fixed, a kernel larger
  ///   than its image, a fully connected layer that read whole images.
  public func resized(height: Int, width: Int, path: String) throws(ModelError) -> Graph {
    guard inputs.count == 1, let image = tensors[inputs[0]].shape.image else {
      throw .invalidGraph(path: path, why: "its input is not one image, so it has one size only")
    }
    if image.height == height, image.width == width { return self }
    guard let input = Shape([1, height, width, image.channels]) else {
      throw .invalidGraph(
        path: path, why: "an input of \(width)x\(height) is empty or too large")
    }
    var shapes = tensors.map(\.shape)
    shapes[inputs[0]] = input
    var resized: [Operator] = []
    for op in operators {
      let read = op.inputs.map { shapes[$0] }
      func unsuitable(_ why: String) -> ModelError {
        .unsuitableSize(
          path: path, height: height, width: width, index: op.index, name: op.kind.name, why: why)
      }
      let list = read.map(\.description).joined(separator: ", ")
      guard let kind = op.kind.fitted(inputs: read) else {
        throw unsuitable("its kernel is larger than \(list)")
      }
      guard let shape = outputShape(of: kind, inputs: read) else {
        throw unsuitable("it cannot take \(list)")
      }
      let before = tensors[op.output].shape
      if case .fullyConnected(_, keepDimensions: false) = kind, shape != before {
        throw unsuitable("its \(before[0]) rows would become \(shape[0]) of \(list)")
      }
      guard !outputs.contains(op.output) || shape == before else {
        throw unsuitable("the graph's output \(before) would become \(shape)")
      }
      shapes[op.output] = shape
      resized.append(Operator(index: op.index, kind: kind, inputs: op.inputs, output: op.output))
    }
    return Graph(
      tensors: tensors.map { $0.reshaped(shapes[$0.index]) }, operators: resized, inputs: inputs,
      outputs: outputs)
  }
}

extension TensorInfo {
  fileprivate func reshaped(_ shape: Shape) -> TensorInfo {
    TensorInfo(
      index: index, name: name, shape: shape, elementType: elementType,
      quantization: quantization, constant: constant)
  }
}

extension OperatorKind {
  /// This operator with its window's padding worked out for the shapes of its inputs; nil if the
  /// window does not fit.
  fileprivate func fitted(inputs: [Shape]) -> OperatorKind? {
    func fit(_ window: Window, _ height: Int, _ width: Int) -> Window? {
      guard let image = inputs[0].image else { return nil }
      return window.fitted(
        inputHeight: image.height, inputWidth: image.width, kernelHeight: height,
        kernelWidth: width)
    }
    switch self {
    case .conv2D(let window, let activation):
      return fit(window, inputs[1][1], inputs[1][2]).map { .conv2D($0, activation) }
    case .depthwiseConv2D(let window, let depthMultiplier, let activation):
      return fit(window, inputs[1][1], inputs[1][2]).map {
        .depthwiseConv2D($0, depthMultiplier: depthMultiplier, activation)
      }
    case .averagePool2D(let window, let height, let width, let activation):
      return fit(window, height, width).map {
        .averagePool2D($0, kernelHeight: height, kernelWidth: width, activation)
      }
    case .maxPool2D(let window, let height, let width, let activation):
      return fit(window, height, width).map {
        .maxPool2D($0, kernelHeight: height, kernelWidth: width, activation)
      }
    case .fullyConnected, .add, .sub, .mul, .mean, .pad, .concatenation, .softmax, .logistic,
      .hardSwish, .leakyRelu, .activation, .reshape, .transpose, .stridedSlice, .gather, .quantize,
      .dequantize:
      return self
    }
  }
}
