import CKernels
import CKernelsWalk

/// Runs kernels of the dispatch tables on Swift arrays.
enum KernelCall {
  /// Draws tensors and parameters for a window, as the walk does.
  static func draw(_ random: inout vd_random, window: vd_window) -> Naive.Call {
    let products = Int(window.kernel_h * window.kernel_w * window.filter_c)
    let channels = Int(window.out_c)
    let padded = paddedCount(channels)
    var bias = [Int32](repeating: 0, count: padded)
    var shift = [Int32](repeating: 0, count: padded)
    var multiplier = [Int16](repeating: 0, count: padded)
    // The pointers that it holds are not used after this.
    let requant = vd_draw_requant(
      &random, &bias, &shift, &multiplier, channels, padded, Int32(products))
    var input = [Int8](
      repeating: 0, count: Int(window.in_h * window.in_w * window.in_c))
    var weights = [Int8](repeating: 0, count: products * channels)
    vd_draw_bytes(&random, &input, input.count)
    vd_draw_bytes(&random, &weights, weights.count)
    return Naive.Call(
      window: window, input: input, weights: weights,
      inputZeroPoint: Int(vd_between(&random, -128, 127)), bias: bias, shift: shift,
      multiplier: multiplier, finalShift: Int(requant.final_shift),
      zeroPoint: Int(requant.zero_point), low: Int(requant.low), high: Int(requant.high))
  }

  static func paddedCount(_ channels: Int) -> Int {
    let padding = Int(VD_CHANNEL_PADDING)
    return (channels + padding - 1) / padding * padding
  }

  /// Packs the weights and computes rows 0 ..< rows.
  static func run(_ kernel: vd_conv_kernel, _ call: Naive.Call, rows: Int32) -> [Int8] {
    var window = call.window
    let packed = aligned(kernel.packed_size(&window))
    let scratch = aligned(kernel.scratch_size(&window))
    defer {
      packed.deallocate()
      scratch.deallocate()
    }
    kernel.pack(&window, call.weights, packed)
    var output = [Int8](
      repeating: 0, count: Int(window.out_h * window.out_w * window.out_c))
    call.bias.withUnsafeBufferPointer { bias in
      call.shift.withUnsafeBufferPointer { shift in
        call.multiplier.withUnsafeBufferPointer { multiplier in
          let requant = vd_requant(
            bias: bias.baseAddress!, shift: shift.baseAddress!,
            multiplier: multiplier.baseAddress!, final_shift: Int32(call.finalShift),
            zero_point: Int32(call.zeroPoint), low: Int32(call.low), high: Int32(call.high))
          var args = vd_conv_args(
            window: window, requant: requant, input_zero_point: Int32(call.inputZeroPoint),
            weights: packed)
          kernel.run(&args, call.input, &output, scratch, 0, rows)
        }
      }
    }
    return output
  }

  private static func aligned(_ size: Int) -> UnsafeMutableRawPointer {
    .allocate(byteCount: max(size, 1), alignment: 64)
  }
}
