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
  private(set) var fills: [Fill] = []
  private(set) var scratchByteCount = 0
  /// "conv_s8_avx2" and so on, by position of the step.
  private(set) var kernelNames: [String] = []
  /// The highest instruction set among the kernels chosen.
  private(set) var highestISA = VD_ISA_SCALAR

  /// A piece of the parameters that must be written.
  enum Fill {
    case weights(
      offset: Int, kernel: vd_conv_kernel, window: vd_window, tensor: Int)
    case channels(ChannelRequantization, bias: Int, shift: Int, multiplier: Int)
    case exponentials([UInt32], offset: Int)
  }

  init(graph: Graph, schedule: Schedule, isaMask: UInt32) {
    self.graph = graph
    self.schedule = schedule
    self.isaMask = isaMask
  }

  /// The kernel of one step. `constant` lends a constant tensor's bytes, int4 already widened.
  mutating func kernel(
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
      (kernel, name) = (try add(step, activation), "add_s8")
    case .mean:
      (kernel, name) = (try mean(step), "mean_s8")
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
    case .quantize:
      (kernel, name) = (try quantize(step), "quantize")
    case .dequantize:
      (kernel, name) = (try dequantize(step), "dequantize")
    }
    kernelNames.append(name)
    return kernel
  }
}

// MARK: - Convolutions and fully connected layers

extension Lowering {
  /// Lends the bytes of a constant tensor, one int8 or int32 an element.
  typealias ConstantReader = (TensorInfo) -> [UInt8]

  private enum Family {
    case convolution, depthwise, fullyConnected

    /// Where the channels of the output lie in the weights.
    func channelOfWeight(_ index: Int, outputChannels: Int, weightsPerChannel: Int) -> Int {
      switch self {
      case .convolution, .fullyConnected: index / weightsPerChannel
      case .depthwise: index % outputChannels
      }
    }
  }

  private mutating func convolution(
    _ step: Schedule.Step, family: Family, activation: Activation, constant: ConstantReader,
    window: vd_window
  ) throws(InferenceError) -> (PlannedStep.Kernel, String) {
    let op = step.source
    let weights = graph.tensors[op.inputs[1]]
    let bias: [Int32]? =
      op.inputs.count > 2
      ? constant(graph.tensors[op.inputs[2]]).withUnsafeBytes { bytes in
        (0..<Int(window.out_c)).map {
          Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self))
        }
      } : nil
    let input = try quantization(of: step.input, op)
    let output = try quantization(of: op.output, op)
    guard let weightScales = weights.quantization?.scales else {
      throw unsupported(op, "its weights have no scale")
    }
    let channels = Int(window.out_c)
    let clamp = clampRange(output, activation)

    var sums = [Int](repeating: 0, count: channels)
    var magnitudes = sums
    let bytes = constant(weights)
    let perChannel = bytes.count / channels
    for (index, byte) in bytes.enumerated() {
      let channel = family.channelOfWeight(
        index, outputChannels: channels, weightsPerChannel: perChannel)
      let value = Int(Int8(bitPattern: byte))
      sums[channel] += value
      magnitudes[channel] += abs(value)
    }
    let requantization: ChannelRequantization
    do throws(ChannelRequantization.Unusable) {
      requantization = try ChannelRequantization(
        .init(
          factors: (0..<channels).map {
            Double(input.scale) * Double(weightScales[weightScales.count == 1 ? 0 : $0])
              / Double(output.scale)
          },
          bias: bias ?? .init(repeating: 0, count: channels), weightSums: sums,
          weightMagnitudes: magnitudes, inputZeroPoint: input.zeroPoint,
          outputZeroPoint: output.zeroPoint, low: clamp.low, high: clamp.high))
    } catch {
      throw unusable(op, error.reason)
    }

    var count = 0
    let table: UnsafePointer<vd_conv_kernel>
    switch family {
    case .convolution: table = vd_conv_kernels(&count)
    case .depthwise: table = vd_depthwise_kernels(&count)
    case .fullyConnected: table = vd_fully_connected_kernels(&count)
    }
    var window = window
    let kernel = vd_best_kernel(table, count, isaMask, &window).pointee
    if kernel.isa.rawValue > highestISA.rawValue { highestISA = kernel.isa }
    let packed = kernel.packed_size(&window)
    scratchByteCount = max(scratchByteCount, kernel.scratch_size(&window))

    let padded = requantization.bias.count
    let weightsOffset = reserve(packed)
    let biasOffset = reserve(padded * 4)
    let shiftOffset = reserve(padded * 4)
    let multiplierOffset = reserve(padded * 2)
    fills.append(
      .weights(
        offset: weightsOffset, kernel: kernel, window: window,
        tensor: weights.index))
    fills.append(
      .channels(
        requantization, bias: biasOffset, shift: shiftOffset, multiplier: multiplierOffset))
    let block = Int32(VD_FULLY_CONNECTED_BLOCK)
    return (
      .convolution(
        .init(
          run: kernel.run, window: window, inputZeroPoint: input.zeroPoint,
          finalShift: requantization.finalShift, zeroPoint: requantization.zeroPoint,
          low: requantization.low, high: requantization.high,
          rows: family == .fullyConnected ? (window.out_c + block - 1) / block : window.out_h,
          weights: weightsOffset, bias: biasOffset, shift: shiftOffset,
          multiplier: multiplierOffset)), String(cString: kernel.name)
    )
  }

  private func window(
    _ window: Window, _ step: Schedule.Step, kernel: (height: Int, width: Int),
    filterChannels: Int
  ) -> vd_window {
    let input = graph.tensors[step.input].shape
    let output = graph.tensors[step.source.output].shape
    return vd_window(
      in_h: Int32(input[1]), in_w: Int32(input[2]), in_c: Int32(input[3]),
      out_h: Int32(output[1]), out_w: Int32(output[2]), out_c: Int32(output[3]),
      kernel_h: Int32(kernel.height), kernel_w: Int32(kernel.width),
      stride_h: Int32(window.strideHeight), stride_w: Int32(window.strideWidth),
      dilation_h: Int32(window.dilationHeight), dilation_w: Int32(window.dilationWidth),
      pad_top: Int32(window.padTop + step.extraTop),
      pad_left: Int32(window.padLeft + step.extraLeft), filter_c: Int32(filterChannels))
  }

  /// M rows of inputs as an image of height M, width 1.
  private func fullyConnectedWindow(_ step: Schedule.Step) -> vd_window {
    let weights = graph.tensors[step.source.inputs[1]].shape
    let inputs = weights[1]
    let rows = graph.tensors[step.input].shape.elementCount / inputs
    return vd_window(
      in_h: Int32(rows), in_w: 1, in_c: Int32(inputs), out_h: Int32(rows), out_w: 1,
      out_c: Int32(weights[0]), kernel_h: 1, kernel_w: 1, stride_h: 1, stride_w: 1,
      dilation_h: 1, dilation_w: 1, pad_top: 0, pad_left: 0, filter_c: Int32(inputs))
  }
}

// MARK: - The other operators

extension Lowering {
  /// See `vd_add_args` for the formula.
  private func add(
    _ step: Schedule.Step, _ activation: Activation
  ) throws(InferenceError) -> PlannedStep.Kernel {
    let op = step.source
    let a = try quantization(of: op.inputs[0], op)
    let b = try quantization(of: op.inputs[1], op)
    let output = try quantization(of: op.output, op)
    let ratioA = Double(a.scale) / Double(output.scale)
    let ratioB = Double(b.scale) / Double(output.scale)
    // The largest shift, so the most significant bits, whose multipliers fit 16 bits.
    let shift = min(22, 14 - Int(max(ratioA, ratioB).exponent))
    guard shift >= 0 else {
      throw unusable(op, "an input's scale is \(max(ratioA, ratioB)) times the output's")
    }
    let unit = Double(1 << shift)
    let multiplierA = min((ratioA * unit).rounded(), 32767)
    let multiplierB = min((ratioB * unit).rounded(), 32767)
    let bias =
      -Double(a.zeroPoint) * multiplierA - Double(b.zeroPoint) * multiplierB
      + Double(output.zeroPoint) * unit + (shift > 0 ? unit / 2 : 0)
    let clamp = clampRange(output, activation)
    return .add(
      vd_add_args(
        multiplier_a: Int32(multiplierA), multiplier_b: Int32(multiplierB), bias: Int32(bias),
        shift: Int32(shift), low: clamp.low, high: clamp.high),
      count: graph.tensors[op.output].shape.elementCount)
  }

  private func mean(_ step: Schedule.Step) throws(InferenceError) -> PlannedStep.Kernel {
    let op = step.source
    let input = try quantization(of: step.input, op)
    let output = try quantization(of: op.output, op)
    let shape = graph.tensors[step.input].shape
    let count = shape[1] * shape[2]
    // The kernel's sum, zero point taken off, is an int32: at most 255 a pixel.
    guard count <= 1 << 23 else { throw unsupported(op, "\(count) pixels; at most \(1 << 23)") }
    let factor = Double(input.scale) / (Double(output.scale) * Double(count))
    guard let wide = FixedPointMultiplier.wide(factor) else {
      throw unusable(op, "scale ratio \(factor)")
    }
    return .mean(
      vd_mean_args(
        in_h: Int32(shape[1]), in_w: Int32(shape[2]), c: Int32(shape[3]),
        input_zero_point: input.zeroPoint, multiplier: wide.multiplier, shift: wide.shift,
        zero_point: output.zeroPoint, low: -128, high: 127))
  }

  private func pad(
    _ step: Schedule.Step, _ before: [Int], _ after: [Int]
  ) throws(InferenceError) -> PlannedStep.Kernel {
    let op = step.source
    let quantization = try quantization(of: step.input, op)
    // Leading axes of extent 1 bring every rank to 4.
    let missing = 4 - before.count
    guard missing >= 0 else { throw unsupported(op, "rank \(before.count); at most 4") }
    func quad(_ values: [Int], _ filler: Int32) -> (Int32, Int32, Int32, Int32) {
      let all = [Int32](repeating: filler, count: missing) + values.map(Int32.init)
      return (all[0], all[1], all[2], all[3])
    }
    return .pad(
      vd_pad_args(
        extents: quad(graph.tensors[step.input].shape.extents, 1), before: quad(before, 0),
        after: quad(after, 0), value: quantization.zeroPoint))
  }

  private mutating func softmax(
    _ step: Schedule.Step, _ beta: Float
  ) throws(InferenceError) -> PlannedStep.Kernel {
    let op = step.source
    let input = try quantization(of: step.input, op)
    let shape = graph.tensors[step.input].shape
    let count = shape.extents.last ?? 1
    guard count <= 1 << 16 else { throw unsupported(op, "\(count) classes; at most 65536") }
    let table = exponentialTable(step: Double(beta) * Double(input.scale))
    let offset = reserve(table.count * 4)
    fills.append(.exponentials(table, offset: offset))
    return .softmax(table: offset, rows: shape.elementCount / count, count: count)
  }

  private func quantize(_ step: Schedule.Step) throws(InferenceError) -> PlannedStep.Kernel {
    let op = step.source
    let input = graph.tensors[step.input]
    let output = graph.tensors[op.output]
    let to = try signedQuantization(of: op.output, op)
    let count = output.shape.elementCount
    let flipOutput = output.elementType == .uint8
    if input.elementType == .float32 {
      return .quantize(
        scale: to.scale, zeroPoint: to.zeroPoint, flipOutput: flipOutput, count: count)
    }
    let from = try signedQuantization(of: step.input, op)
    let factor = Double(from.scale) / Double(to.scale)
    guard let wide = FixedPointMultiplier.wide(factor) else {
      throw unusable(op, "scale ratio \(factor)")
    }
    return .rescale(
      vd_rescale_args(
        input_zero_point: from.zeroPoint, multiplier: wide.multiplier, shift: wide.shift,
        zero_point: to.zeroPoint), flipInput: input.elementType == .uint8, flipOutput: flipOutput,
      count: count)
  }

  private mutating func dequantize(
    _ step: Schedule.Step
  ) throws(InferenceError) -> PlannedStep.Kernel {
    let from = try signedQuantization(of: step.input, step.source)
    let input = graph.tensors[step.input]
    let flip = input.elementType == .uint8
    if flip { scratchByteCount = max(scratchByteCount, input.byteCount) }
    return .dequantize(
      scale: from.scale, zeroPoint: from.zeroPoint, flipInput: flip,
      count: input.shape.elementCount)
  }
}

// MARK: - Helpers

extension Lowering {
  private mutating func reserve(_ byteCount: Int) -> Int {
    let offset = parameterByteCount
    parameterByteCount += MemoryPlan.alignedUp(byteCount)
    return offset
  }

  /// The per-tensor quantization of an int8 activation.
  private func quantization(
    of tensor: Int, _ op: Operator
  ) throws(InferenceError) -> (scale: Float, zeroPoint: Int32) {
    let info = graph.tensors[tensor]
    guard info.elementType == .int8 else {
      throw unsupported(op, "tensor \(tensor) is \(info.elementType); only int8 is computed with")
    }
    return try signedQuantization(of: tensor, op)
  }

  /// As above, a uint8 tensor seen as int8 with its top bits flipped.
  private func signedQuantization(
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
  private func clampRange(
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

  private func unsupported(_ op: Operator, _ reason: String) -> InferenceError {
    .unsupported(operatorIndex: op.index, operatorName: op.kind.name, reason: reason)
  }

  private func unusable(_ op: Operator, _ reason: String) -> InferenceError {
    .unusableScale(operatorIndex: op.index, operatorName: op.kind.name, reason: reason)
  }
}
