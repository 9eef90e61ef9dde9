import CTFLite
import Tensors

/// From an operator of the file to an ``OperatorKind``: one function an operator.
extension GraphBuilder {
  /// What the operator does, and the tensors that it reads.
  func kind(of source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    switch source.builtin {
    case VD_TFLITE_CONV_2D: try convolution(source)
    case VD_TFLITE_DEPTHWISE_CONV_2D: try depthwiseConvolution(source)
    case VD_TFLITE_FULLY_CONNECTED: try fullyConnected(source)
    case VD_TFLITE_ADD, VD_TFLITE_SUB, VD_TFLITE_MUL: try binary(source)
    case VD_TFLITE_MEAN: try mean(source)
    case VD_TFLITE_AVERAGE_POOL_2D, VD_TFLITE_MAX_POOL_2D: try pooling(source)
    case VD_TFLITE_PAD: try padding(source)
    case VD_TFLITE_SOFTMAX: try softmax(source)
    case VD_TFLITE_LOGISTIC, VD_TFLITE_HARD_SWISH, VD_TFLITE_LEAKY_RELU, VD_TFLITE_RELU,
      VD_TFLITE_RELU6:
      try unary(source)
    case VD_TFLITE_CONCATENATION: try concatenation(source)
    case VD_TFLITE_RESHAPE: try reshape(source)
    case VD_TFLITE_TRANSPOSE: try transposition(source)
    case VD_TFLITE_STRIDED_SLICE: try stridedSlice(source)
    case VD_TFLITE_GATHER: try gather(source)
    case VD_TFLITE_QUANTIZE: try quantize(source)
    case VD_TFLITE_DEQUANTIZE: try dequantize(source)
    default: throw unsupported(source, "no code for it")
    }
  }

  /// The most that a stride, a dilation or a kernel's side may be: beyond any network, and small
  /// enough that products of them stay small.
  private var maximumWindow: Int { 1024 }

  /// The options' strides, dilations and padding rule, with the padding worked out.
  private func window(
    _ source: OperatorSource, over input: TensorInfo, kernelHeight: Int, kernelWidth: Int,
    hasDilation: Bool
  ) throws(ModelError) -> Window {
    let options = source.options
    let bounded: [(String, Int32)] = [
      ("stride", options.stride_h), ("stride", options.stride_w),
      ("dilation", hasDilation ? options.dilation_h : 1),
      ("dilation", hasDilation ? options.dilation_w : 1),
      ("kernel side", Int32(clamping: kernelHeight)), ("kernel side", Int32(clamping: kernelWidth)),
    ]
    for (what, value) in bounded where !(1...maximumWindow).contains(Int(value)) {
      throw wrong(source, "its \(what) \(value) is outside 1...\(maximumWindow)")
    }
    guard options.padding == 0 || options.padding == 1 else {
      throw wrong(source, "its padding \(options.padding) is neither SAME (0) nor VALID (1)")
    }
    guard let image = input.shape.image else {
      throw wrong(source, "its input has the shape \(input.shape) instead of [1, H, W, C]")
    }
    let unfitted = Window(
      strideHeight: Int(options.stride_h), strideWidth: Int(options.stride_w),
      dilationHeight: hasDilation ? Int(options.dilation_h) : 1,
      dilationWidth: hasDilation ? Int(options.dilation_w) : 1,
      padding: options.padding == 0 ? .same : .valid)
    guard
      let window = unfitted.fitted(
        inputHeight: image.height, inputWidth: image.width, kernelHeight: kernelHeight,
        kernelWidth: kernelWidth)
    else {
      throw wrong(
        source, "its kernel, \(kernelHeight) x \(kernelWidth), is larger than \(input.shape)")
    }
    return window
  }

  private func convolution(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 2...3)
    try expectOptions(source, VD_TFLITE_OPTIONS_CONV_2D, optional: false)
    let input = try activationInput(source, 0)
    let weights = try weights(source, rank: 4, axis: 0)
    let window = try window(
      source, over: input, kernelHeight: weights.shape[1], kernelWidth: weights.shape[2],
      hasDilation: true)
    let (channels, outputs, depth) = (input.shape[3], weights.shape[0], weights.shape[3])
    guard channels % depth == 0, outputs % (channels / depth) == 0 else {
      throw wrong(
        source,
        "its weights \(weights.shape) do not divide \(channels) input channels into groups")
    }
    let bias = try bias(source, input: input, weights: weights, channels: outputs)
    let kind = OperatorKind.conv2D(window, try activation(source))
    try activationOutput(source)
    return (kind, [input, weights, bias].compactMap { $0?.index })
  }

  private func depthwiseConvolution(_ source: OperatorSource)
    throws(ModelError) -> (OperatorKind, [Int])
  {
    try expectInputs(source, 2...3)
    try expectOptions(source, VD_TFLITE_OPTIONS_DEPTHWISE_CONV_2D, optional: false)
    let input = try activationInput(source, 0)
    let weights = try weights(source, rank: 4, axis: 3)
    let window = try window(
      source, over: input, kernelHeight: weights.shape[1], kernelWidth: weights.shape[2],
      hasDilation: true)
    let (channels, outputs) = (input.shape[3], weights.shape[3])
    guard weights.shape[0] == 1, outputs % channels == 0 else {
      throw wrong(
        source,
        "its weights \(weights.shape) do not have a multiple of \(channels) channels behind a 1")
    }
    // Runtimes go by the shapes; a file that leaves the field at 0 is in use.
    let stated = Int(source.options.depth_multiplier)
    guard stated == 0 || stated == outputs / channels else {
      throw wrong(
        source, "its depth multiplier is \(stated), but \(channels) channels become \(outputs)")
    }
    let bias = try bias(source, input: input, weights: weights, channels: outputs)
    let kind = OperatorKind.depthwiseConv2D(
      window, depthMultiplier: outputs / channels, try activation(source))
    try activationOutput(source)
    return (kind, [input, weights, bias].compactMap { $0?.index })
  }

  private func fullyConnected(_ source: OperatorSource)
    throws(ModelError) -> (OperatorKind, [Int])
  {
    try expectInputs(source, 2...3)
    try expectOptions(source, VD_TFLITE_OPTIONS_FULLY_CONNECTED)
    let input = try activationInput(source, 0)
    let weights = try weights(source, rank: 2, axis: 0)
    guard source.options.weights_format == 0 else {
      throw unsupported(
        source, "weights format \(source.options.weights_format); DEFAULT (0) is")
    }
    guard input.shape.elementCount % weights.shape[1] == 0 else {
      throw wrong(
        source, "its input \(input.shape) does not split into rows of \(weights.shape[1])")
    }
    let bias = try bias(source, input: input, weights: weights, channels: weights.shape[0])
    let kind = OperatorKind.fullyConnected(
      try activation(source), keepDimensions: source.options.keep_dims != 0)
    try activationOutput(source)
    return (kind, [input, weights, bias].compactMap { $0?.index })
  }

  private func mean(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 2...2)
    try expectOptions(source, VD_TFLITE_OPTIONS_REDUCER)
    let input = try activationInput(source, 0)
    let rank = input.shape.rank
    let stated = try integers(source, 1, "axes", limit: Shape.maximumRank)
    let axes = Set(stated.map { $0 < 0 ? $0 &+ rank : $0 }).sorted()
    guard !axes.isEmpty, axes.allSatisfy(input.shape.extents.indices.contains) else {
      throw wrong(source, "its axes \(stated) are not axes of \(input.shape)")
    }
    try activationOutput(source)
    return (.mean(axes: axes, keepDimensions: source.options.keep_dims != 0), [input.index])
  }

  private func pooling(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 1...1)
    try expectOptions(source, VD_TFLITE_OPTIONS_POOL_2D, optional: false)
    let input = try activationInput(source, 0)
    let (height, width) = (Int(source.options.kernel_h), Int(source.options.kernel_w))
    let window = try window(
      source, over: input, kernelHeight: height, kernelWidth: width, hasDilation: false)
    try expectSameQuantization(source, input, try activationOutput(source))
    let activation = try activation(source)
    let kind: OperatorKind =
      source.builtin == VD_TFLITE_MAX_POOL_2D
      ? .maxPool2D(window, kernelHeight: height, kernelWidth: width, activation)
      : .averagePool2D(window, kernelHeight: height, kernelWidth: width, activation)
    return (kind, [input.index])
  }

  private func padding(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 2...2)
    try expectOptions(source, VD_TFLITE_OPTIONS_PAD)
    let input = try activationInput(source, 0)
    let rank = input.shape.rank
    guard rank <= 4 else { throw unsupported(source, "\(rank) axes; 4 are the most") }
    let amounts = try integers(source, 1, "paddings", limit: 2 * Shape.maximumRank)
    guard operand(source, 1)?.shape == Shape([rank, 2]) else {
      throw wrong(source, "its paddings do not have the shape [\(rank), 2]")
    }
    for amount in amounts where !(0...Shape.maximumElementCount).contains(amount) {
      throw wrong(source, "padding \(amount) is negative or too large")
    }
    try expectSameQuantization(source, input, try activationOutput(source))
    let before = (0..<rank).map { amounts[2 * $0] }
    let after = (0..<rank).map { amounts[2 * $0 + 1] }
    return (.pad(before: before, after: after), [input.index])
  }

  private func softmax(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectInputs(source, 1...1)
    try expectOptions(source, VD_TFLITE_OPTIONS_SOFTMAX, optional: false)
    let input = try activationInput(source, 0)
    let output = try activationOutput(source)
    let beta = source.options.beta
    guard beta.isFinite, beta > 0 else {
      throw wrong(source, "its beta \(beta) is not a finite number above 0")
    }
    try expectProbabilities(source, output)
    return (.softmax(beta: beta), [input.index])
  }

  /// The input of QUANTIZE or DEQUANTIZE. Types other than int8 stand at the edges only.
  private func edgeInput(_ source: OperatorSource, _ types: Set<ElementType>)
    throws(ModelError) -> TensorInfo
  {
    try expectInputs(source, 1...1)
    guard let input = operand(source, 0), !input.isConstant else {
      throw unsupported(source, "its input is missing or a constant")
    }
    guard types.contains(input.elementType) else {
      throw unsupported(source, "an input of \(input.elementType)")
    }
    guard input.elementType == .int8 || isGraphInput(input) else {
      throw unsupported(source, "\(input.elementType) in the middle of the graph")
    }
    if input.elementType != .float32 { try expectOneScale(source, input, "input") }
    return input
  }

  private func edgeOutput(_ source: OperatorSource, _ types: Set<ElementType>)
    throws(ModelError)
  {
    let output = output(source)
    guard types.contains(output.elementType) else {
      throw unsupported(source, "an output of \(output.elementType)")
    }
    guard output.elementType == .int8 || isGraphOutput(output) else {
      throw unsupported(source, "\(output.elementType) in the middle of the graph")
    }
    if output.elementType != .float32 { try expectOneScale(source, output, "output") }
  }

  private func quantize(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectOptions(source, VD_TFLITE_OPTIONS_QUANTIZE)
    let input = try edgeInput(source, [.float32, .uint8, .int8])
    try edgeOutput(source, [.int8, .uint8])
    return (.quantize, [input.index])
  }

  private func dequantize(_ source: OperatorSource) throws(ModelError) -> (OperatorKind, [Int]) {
    try expectOptions(source, VD_TFLITE_OPTIONS_DEQUANTIZE)
    let input = try edgeInput(source, [.uint8, .int8])
    try edgeOutput(source, [.float32])
    return (.dequantize, [input.index])
  }
}
