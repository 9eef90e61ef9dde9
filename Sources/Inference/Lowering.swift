import CKernels
import Model
import Tensors

/// Turns a graph's operators into kernel calls: chooses the kernel, folds the quantisation into
/// integers, lays out the packed parameters. Addresses and the arena come later.
struct Lowering {
  let graph: Graph
  let schedule: Schedule
  /// Bits of `vd_isa` that may be used.
  let isaMask: UInt32

  /// The bytes of the parameters so far: weights as each kernel packs them, biases, tables.
  private(set) var parameterByteCount = 0
  /// What fills them, once there is an allocation of that size.
  var fills: [Fill] = []
  var scratchByteCount = 0
  /// Where operands that are constants lie, by tensor.
  var constantOffsets: [Int: Int] = [:]
  /// "conv_s8_avx2" and so on, by position of the step.
  private(set) var kernelNames: [String] = []
  /// The highest instruction set among the kernels chosen.
  var highestISA = VD_ISA_SCALAR

  /// A piece of the parameters that must be written.
  enum Fill {
    case weights(
      offset: Int, kernel: vd_conv_kernel, window: vd_window, tensor: Int)
    case channels(ChannelRequantization, bias: Int, shift: Int, multiplier: Int)
    case exponentials([UInt32], offset: Int)
    case table([Int8], offset: Int)
    case indices([Int32], offset: Int)
    /// An operand's elements as they are.
    case constant(tensor: Int, offset: Int)
  }

  init(graph: Graph, schedule: Schedule, isaMask: UInt32) {
    self.graph = graph
    self.schedule = schedule
    self.isaMask = isaMask
  }

  /// The kernel calls of one step: one for each input of a concatenation, one for all others.
  mutating func kernels(
    for step: Schedule.Step, constant: ConstantReader
  ) throws(InferenceError) -> [PlannedStep.Kernel] {
    if case .concatenation(let axis) = step.source.kind {
      kernelNames.append("copy_rows_s8")
      return concatenation(step, axis: axis)
    }
    return [try kernel(for: step, constant: constant)]
  }

  /// `constant` lends a constant tensor's bytes, int4 already widened.
  private mutating func kernel(
    for step: Schedule.Step, constant: ConstantReader
  ) throws(InferenceError) -> PlannedStep.Kernel {
    let op = step.source
    let output = graph.tensors[op.output]
    let kernel: PlannedStep.Kernel
    var name: String
    switch op.kind {
    case .conv2D(let window, let activation):
      let weights = graph.tensors[op.inputs[1]]
      (kernel, name) = try convolution(
        step, family: .convolution, activation: activation, constant: constant,
        window: self.window(
          window, step, kernel: (weights.shape[1], weights.shape[2]),
          filterChannels: weights.shape[3]))
    case .depthwiseConv2D(let window, _, let activation):
      let weights = graph.tensors[op.inputs[1]]
      (kernel, name) = try convolution(
        step, family: .depthwise, activation: activation, constant: constant,
        window: self.window(
          window, step, kernel: (weights.shape[1], weights.shape[2]), filterChannels: 1))
    case .fullyConnected(let activation, _):
      (kernel, name) = try convolution(
        step, family: .fullyConnected, activation: activation, constant: constant,
        window: fullyConnectedWindow(step))
    case .add(let activation):
      (kernel, name) = try add(step, activation, isDifference: false)
    case .sub(let activation):
      (kernel, name) = try add(step, activation, isDifference: true)
    case .mul(let activation):
      (kernel, name) = try mul(step, activation)
    case .mean(let axes, _):
      (kernel, name) = (try mean(step, axes), "mean_s8")
    case .averagePool2D(let window, let height, let width, let activation):
      let clamp = clampRange(try quantization(of: op.output, op), activation)
      (kernel, name) = (
        .averagePool(
          self.window(window, step, kernel: (height, width), filterChannels: 1), low: clamp.low,
          high: clamp.high), "average_pool_s8"
      )
    case .maxPool2D(let window, let height, let width, let activation):
      let clamp = clampRange(try quantization(of: op.output, op), activation)
      (kernel, name) = (
        .maxPool(
          self.window(window, step, kernel: (height, width), filterChannels: 1), low: clamp.low,
          high: clamp.high), "max_pool_s8"
      )
    case .pad(let before, let after):
      (kernel, name) = (try pad(step, before, after), "pad_s8")
    case .softmax(let beta):
      (kernel, name) = (try softmax(step, beta), "softmax_s8")
    case .reshape:
      (kernel, name) = (.copy(byteCount: output.byteCount), "copy")
    case .logistic:
      (kernel, name) = (try lookup(step, ElementFunction.logistic), "lookup_s8")
    case .hardSwish:
      (kernel, name) = (try lookup(step, ElementFunction.hardSwish), "lookup_s8")
    case .leakyRelu(let alpha):
      (kernel, name) = (
        try lookup(step) { ElementFunction.leakyRelu($0, alpha: alpha) }, "lookup_s8"
      )
    case .activation(let activation):
      (kernel, name) = (
        try lookup(step) { ElementFunction.clamp($0, activation) }, "lookup_s8"
      )
    case .transpose(let permutation):
      (kernel, name) = (try transpose(step, permutation), "copy_strided_s8")
    case .stridedSlice(let begin, let end, let strides):
      (kernel, name) = (try slice(step, begin, end, strides), "copy_strided_s8")
    case .gather(let axis, let indices):
      (kernel, name) = (gather(step, axis: axis, indices: indices), "gather_s8")
    case .concatenation:
      preconditionFailure("a concatenation takes a kernel call for each input")
    case .quantize:
      (kernel, name) = (try quantize(step), "quantize")
    case .dequantize:
      (kernel, name) = (try dequantize(step), "dequantize")
    }
    kernelNames.append(name)
    return kernel
  }
}

// MARK: - Helpers

extension Lowering {
  mutating func reserve(_ byteCount: Int) -> Int {
    let offset = parameterByteCount
    parameterByteCount += MemoryPlan.alignedUp(byteCount)
    return offset
  }

  /// The per-tensor quantization of an int8 activation.
  func quantization(
    of tensor: Int, _ op: Operator
  ) throws(InferenceError) -> (scale: Float, zeroPoint: Int32) {
    let info = graph.tensors[tensor]
    guard info.elementType == .int8 else {
      throw unsupported(op, "tensor \(tensor) is \(info.elementType); only int8 is computed with")
    }
    return try signedQuantization(of: tensor, op)
  }

  /// As above, a uint8 tensor seen as int8 with its top bits flipped.
  func signedQuantization(
    of tensor: Int, _ op: Operator
  ) throws(InferenceError) -> (scale: Float, zeroPoint: Int32) {
    let info = graph.tensors[tensor]
    guard let quantization = info.quantization, quantization.isPerTensor else {
      throw unsupported(op, "tensor \(tensor) ('\(info.name)') has not one scale")
    }
    return (
      quantization.scale, quantization.zeroPoint - (info.elementType == .uint8 ? 128 : 0)
    )
  }

  /// The clamp of a fused activation in the output's integers, as TensorFlow Lite works it out.
  func clampRange(
    _ output: (scale: Float, zeroPoint: Int32), _ activation: Activation
  ) -> (low: Int32, high: Int32) {
    func stored(_ real: Float) -> Int32 {
      Int32(max(-128, min(127, Float(output.zeroPoint) + (real / output.scale).rounded())))
    }
    switch activation {
    case .none: return (-128, 127)
    case .relu: return (max(-128, output.zeroPoint), 127)
    case .relu6: return (max(-128, output.zeroPoint), stored(6))
    }
  }

  func unsupported(_ op: Operator, _ reason: String) -> InferenceError {
    .unsupported(operatorIndex: op.index, operatorName: op.kind.name, reason: reason)
  }

  func unusable(_ op: Operator, _ reason: String) -> InferenceError {
    .unusableScale(operatorIndex: op.index, operatorName: op.kind.name, reason: reason)
  }
}
