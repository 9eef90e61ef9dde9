import CKernels
import Model
import Tensors

// Convolutions, depthwise convolutions and fully connected layers.
extension Lowering {
  /// Lends the bytes of a constant tensor, one int8 or int32 an element.
  typealias ConstantReader = (TensorInfo) -> [UInt8]

  enum Family {
    case convolution, depthwise, fullyConnected

    /// Of each output channel, the sum of its weights and of their absolute values.
    func weightSums(_ weights: [UInt8], channels: Int) -> [(sum: Int, magnitude: Int)] {
      let count = weights.count / channels
      return weights.withUnsafeBytes { bytes in
        let base = bytes.assumingMemoryBound(to: Int8.self)
        return (0..<channels).map { channel in
          let (first, stride) = self == .depthwise ? (channel, channels) : (channel * count, 1)
          guard let address = base.baseAddress else { return (0, 0) }
          var sum: Int32 = 0
          var magnitude: Int32 = 0
          vd_weight_sum(address + first, count, stride, &sum, &magnitude)
          return (Int(sum), Int(magnitude))
        }
      }
    }
  }

  mutating func convolution(
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

    guard weights.shape.elementCount / channels < 1 << 24 else {
      throw unsupported(
        op, "a channel has more than 2^24 weights, so that its sums can leave 32 bits")
    }
    let sums = family.weightSums(constant(weights), channels: channels)
    let requantization: ChannelRequantization
    do throws(ChannelRequantization.Unusable) {
      requantization = try ChannelRequantization(
        .init(
          factors: (0..<channels).map {
            Double(input.scale) * Double(weightScales[weightScales.count == 1 ? 0 : $0])
              / Double(output.scale)
          },
          bias: bias ?? .init(repeating: 0, count: channels), weightSums: sums.map(\.sum),
          weightMagnitudes: sums.map(\.magnitude), inputZeroPoint: input.zeroPoint,
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

  func window(
    _ window: Window, _ step: Schedule.Step, kernel: (height: Int, width: Int),
    filterChannels: Int
  ) -> vd_window {
    let input = graph.tensors[step.view].shape
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
  func fullyConnectedWindow(_ step: Schedule.Step) -> vd_window {
    let weights = graph.tensors[step.source.inputs[1]].shape
    let inputs = weights[1]
    let rows = graph.tensors[step.view].shape.elementCount / inputs
    return vd_window(
      in_h: Int32(rows), in_w: 1, in_c: Int32(inputs), out_h: Int32(rows), out_w: 1,
      out_c: Int32(weights[0]), kernel_h: 1, kernel_w: 1, stride_h: 1, stride_w: 1,
      dilation_h: 1, dilation_w: 1, pad_top: 0, pad_left: 0, filter_c: Int32(inputs))
  }
}
