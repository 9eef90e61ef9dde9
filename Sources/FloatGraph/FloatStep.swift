import CFloat

/// One node planned for shapes that are known: the numbers that its kernel is called with.
struct FloatStep {
  enum Kernel {
    case convolution(ConvolutionPlan)
    case depthwise(vd_float_window)
    case fullyConnected(rows: Int, outputs: Int, depth: Int)
    case binary(vd_float_binary_kind, vd_float_walk)
    /// Scale and offset with an entry for each channel.
    case affine(rows: Int, scale: [Float], offset: [Float])
    case clamp(ClipRange)
    case leakyReLU(slope: Float)
    case hardSwish
    case hardSigmoid(alpha: Float, beta: Float)
    case sigmoid
    case softmax(rows: Int, channels: Int)
    case maxPool(vd_float_window)
    /// With the rows and columns of padding that the divisor counts.
    case averagePool(vd_float_window, top: Int, left: Int, bottom: Int, right: Int)
    case mean(vd_float_walk, divisor: Double)
    /// `fill` first, where not everything is written.
    case copies([CopyPlan], fill: Float?)
    case gather(rows: Int, extent: Int, inner: Int, indices: [Int32])
  }

  /// A copy of one operand, or of a part of it, into a part of the output.
  struct CopyPlan {
    var operand: Int
    var inputOffset: Int
    var outputOffset: Int
    var walk: vd_float_walk
  }

  /// A convolution by patches: a tile of windows is copied out, then multiplied.
  struct ConvolutionPlan {
    var window: vd_float_window
    var groups: Int
    /// Of one group.
    var outputs: Int
    var inputs: Int
    /// Windows in a tile; nil where the image's own rows serve as patches (1x1).
    var tile: Int?

    var depth: Int { window.kernel_height * window.kernel_width * inputs }
    var pixels: Int { window.output_height * window.output_width }
  }

  var kernel: Kernel
  /// A clamp that the kernel does not do itself.
  var clip: ClipRange?
  var inputs: [Int]
  var output: Int
  var outputCount: Int

  /// In floats.
  var scratchCount: Int {
    switch kernel {
    case .convolution(let plan): (plan.tile ?? 0) * plan.depth
    case .mean: outputCount * 2
    default: 0
    }
  }

  /// `shapes` are those of all values, checked; `node`'s too.
  init(_ node: FloatNode, shapes: [[Int]]) {
    let shape = shapes[node.output]
    kernel = Kernel(node, operands: node.inputs.map { shapes[$0] }, output: shape)
    clip = kernel.clampsItself ? nil : node.clip
    inputs = node.inputs
    output = node.output
    outputCount = shape.reduce(1, *)
  }
}

extension FloatStep.Kernel {
  var clampsItself: Bool {
    switch self {
    case .convolution, .depthwise, .fullyConnected: true
    default: false
    }
  }

  init(_ node: FloatNode, operands: [[Int]], output: [Int]) {
    let shape = operands.first ?? []
    let channels = shape.last ?? 1
    let rows = shape.dropLast().reduce(1, *)
    switch node.operation {
    case .convolution(let convolution):
      self = Self.convolution(convolution, shape)
    case .fullyConnected(let weights, _):
      self = .fullyConnected(rows: rows, outputs: weights.shape[0], depth: weights.shape[1])
    case .binary(let kind):
      self = .binary(
        kind.kernelKind,
        .walk(
          extents: output, first: .broadcast(operands[0], to: output),
          second: .broadcast(operands[1], to: output)))
    case .affine(let scale, let offset):
      self = .affine(
        rows: rows, scale: Self.spread(scale, channels), offset: Self.spread(offset, channels))
    case .clip(let range): self = .clamp(range)
    case .leakyReLU(let slope): self = .leakyReLU(slope: slope)
    case .hardSwish: self = .hardSwish
    case .hardSigmoid(let alpha, let beta): self = .hardSigmoid(alpha: alpha, beta: beta)
    case .sigmoid: self = .sigmoid
    case .softmax: self = .softmax(rows: rows, channels: channels)
    case .maxPool(let window):
      self = .maxPool(vd_float_window(window, window.planned(on: shape), image: shape))
    case .averagePool(let window, let countsPadding):
      let geometry = window.planned(on: shape)
      self = .averagePool(
        vd_float_window(window, geometry, image: shape), top: countsPadding ? geometry.top : 0,
        left: countsPadding ? geometry.left : 0, bottom: countsPadding ? geometry.statedBottom : 0,
        right: countsPadding ? geometry.statedRight : 0)
    case .mean(let axes, _):
      let kept = shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
      self = .mean(
        .walk(extents: shape, first: .rowMajor(shape), second: .broadcast(kept, to: shape)),
        divisor: Double(axes.reduce(1) { $0 * shape[$1] }))
    case .pad(let before, _, let value):
      self = .copies([.placed(shape, at: before, in: output)], fill: value)
    case .concatenate(let axis):
      self = .copies(Self.concatenation(operands, axis: axis, output: output), fill: nil)
    case .slice(let axis, let start, _, let step):
      self = .copies([.slice(shape, axis: axis, start: start, step: step, output)], fill: nil)
    case .gather(let axis, let indices):
      self = .gather(
        rows: shape[..<axis].reduce(1, *), extent: shape[axis],
        inner: shape[(axis + 1)...].reduce(1, *), indices: indices.map { Int32($0) })
    case .reshape:
      self = .copies([.placed(output, at: output.map { _ in 0 }, in: output)], fill: nil)
    case .transpose(let permutation):
      let steps = [Int].rowMajor(shape)
      self = .copies(
        [
          FloatStep.CopyPlan(
            operand: 0, inputOffset: 0, outputOffset: 0,
            walk: .walk(
              extents: output, first: permutation.map { steps[$0] }, second: .rowMajor(output)))
        ], fill: nil)
    }
  }

  private static func spread(_ entries: [Float], _ channels: Int) -> [Float] {
    entries.count == channels ? entries : Array(repeating: entries[0], count: channels)
  }

  private static func convolution(_ convolution: FloatConvolution, _ shape: [Int]) -> Self {
    let geometry = convolution.window.planned(on: shape)
    let window = vd_float_window(convolution.window, geometry, image: shape)
    if convolution.isPlainDepthwise { return .depthwise(window) }
    var plan = FloatStep.ConvolutionPlan(
      window: window, groups: convolution.groups,
      outputs: convolution.outputChannels / convolution.groups,
      inputs: convolution.weights.shape[3])
    let readsRows =
      window.kernel_height == 1 && window.kernel_width == 1 && window.stride_height == 1
      && window.stride_width == 1 && !geometry.hasPadding
    if !readsRows {
      // 256 KiB of patches stay in a second-level cache; 12 rows are the widest kernel's block.
      let fitting = max(1, 65536 / plan.depth / 12) * 12
      plan.tile = min(fitting, plan.pixels)
    }
    return .convolution(plan)
  }

  private static func concatenation(
    _ operands: [[Int]], axis: Int, output: [Int]
  ) -> [FloatStep.CopyPlan] {
    var position = 0
    return operands.enumerated().map { index, shape in
      var corner = output.map { _ in 0 }
      corner[axis] = position
      position += shape[axis]
      return .placed(shape, at: corner, in: output, operand: index)
    }
  }
}

extension BinaryKind {
  var kernelKind: vd_float_binary_kind {
    switch self {
    case .add: VD_FLOAT_ADD
    case .subtract: VD_FLOAT_SUBTRACT
    case .multiply: VD_FLOAT_MULTIPLY
    case .divide: VD_FLOAT_DIVIDE
    }
  }
}
