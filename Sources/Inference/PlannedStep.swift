import CKernels

/// One kernel call with everything worked out but the addresses: plain numbers, so that running a
/// plan touches no reference counts and allocates nothing.
struct PlannedStep {
  /// Where an activation lies.
  enum Location {
    /// The network's own input tensor.
    case input
    /// The network's own output tensor.
    case output
    /// Bytes from the start of the arena.
    case arena(Int)
    /// Bytes from the start of the parameters: a constant.
    case parameters(Int)
  }

  /// A convolution, depthwise convolution or fully connected layer.
  struct Convolution {
    var run: ConvolutionFunction
    var window: vd_window
    var inputZeroPoint: Int32
    var finalShift: Int32
    var zeroPoint: Int32
    var low: Int32
    var high: Int32
    /// Rows of output, or blocks of output channels of a fully connected layer.
    var rows: Int32
    /// Bytes from the start of the parameters.
    var weights: Int
    var bias: Int
    var shift: Int
    var multiplier: Int
  }

  typealias ConvolutionFunction =
    @convention(c) (
      UnsafePointer<vd_conv_args>, UnsafePointer<Int8>, UnsafeMutablePointer<Int8>,
      UnsafeMutableRawPointer, Int32, Int32
    ) -> Void

  enum Kernel {
    case convolution(Convolution)
    case add(vd_add_args, count: Int)
    case addBroadcast(vd_add_args, vd_broadcast)
    case mul(vd_mul_args, count: Int)
    case mulBroadcast(vd_mul_args, vd_broadcast)
    /// The table is 256 Int8 in the parameters.
    case lookup(table: Int, count: Int)
    case mean(vd_mean_args)
    case averagePool(vd_window, low: Int32, high: Int32)
    case maxPool(vd_window, low: Int32, high: Int32)
    case pad(vd_pad_args)
    /// The table is 256 UInt32 in the parameters.
    case softmax(table: Int, rows: Int, count: Int)
    case copy(byteCount: Int)
    /// `offset` elements from the input's start on.
    case copyStrided(vd_copy_args, offset: Int)
    /// One input of a concatenation: where its part begins in the output.
    case copyRows(rows: Int, size: Int, outputStride: Int, offset: Int)
    /// The indices are Int32 in the parameters.
    case gather(vd_gather_args, indices: Int)
    /// uint8 input or output is int8 with the top bit flipped, before or after.
    case rescale(vd_rescale_args, flipInput: Bool, flipOutput: Bool, count: Int)
    case quantize(scale: Float, zeroPoint: Int32, flipOutput: Bool, count: Int)
    case dequantize(scale: Float, zeroPoint: Int32, flipInput: Bool, count: Int)
  }

  var kernel: Kernel
  var first: Location
  /// The second operand of an ADD, SUB or MUL; equal to `first` for the others.
  var second: Location
  var destination: Location
  /// The tensor that it writes and that tensor's bytes, for whoever looks in between.
  var tensor: Int
  var tensorByteCount: Int
  /// Its operator's position in the file.
  var operatorIndex: Int
  /// Whether its operator's output is whole after it: a concatenation takes a step for each input.
  var completesOperator: Bool
}

extension PlannedStep {
  /// The addresses that the locations count from.
  struct Memory {
    var input: UnsafeRawPointer
    var output: UnsafeMutableRawPointer
    var arena: UnsafeMutableRawPointer
    var parameters: UnsafeRawPointer
    /// One area for each thread.
    var scratch: UnsafeMutableRawPointer
    /// Bytes of one thread's area.
    var scratchByteCount: Int

    func source(_ location: Location) -> UnsafeRawPointer {
      switch location {
      case .input: input
      case .output: UnsafeRawPointer(output)
      case .arena(let offset): UnsafeRawPointer(arena + offset)
      case .parameters(let offset): parameters + offset
      }
    }

    func destination(_ location: Location) -> UnsafeMutableRawPointer {
      switch location {
      case .input: preconditionFailure("a step never writes the network's input")
      case .output: output
      case .arena(let offset): arena + offset
      case .parameters: preconditionFailure("a step never writes a constant")
      }
    }
  }

  /// Whether threads share it: a convolution or a fully connected layer of some size. The others
  /// are over before a helper has its share.
  var isShared: Bool {
    guard case .convolution(let convolution) = kernel else { return false }
    return convolution.rows > 1 && convolution.isWorthSharing
  }

  /// Computes share `index` of `count` of a step that ``isShared``.
  func runShare(_ index: Int, of count: Int, in memory: Memory) {
    guard case .convolution(let convolution) = kernel else { return }
    let rows = Int(convolution.rows)
    let first = rows * index / count
    let last = rows * (index + 1) / count
    guard first < last else { return }
    var args = convolution.arguments(parameters: memory.parameters)
    convolution.run(
      &args, memory.source(self.first).assumingMemoryBound(to: Int8.self),
      memory.destination(destination).assumingMemoryBound(to: Int8.self),
      memory.scratch + index * memory.scratchByteCount, Int32(first), Int32(last))
  }

  /// Calls the kernel.
  func run(in memory: Memory) {
    let from = memory.source(first)
    let to = memory.destination(destination)
    let input = from.assumingMemoryBound(to: Int8.self)
    let output = to.assumingMemoryBound(to: Int8.self)
    switch kernel {
    case .convolution(let convolution):
      var args = convolution.arguments(parameters: memory.parameters)
      convolution.run(&args, input, output, memory.scratch, 0, convolution.rows)
    case .add(var args, let count):
      let other = memory.source(second).assumingMemoryBound(to: Int8.self)
      vd_add_s8(&args, input, other, output, count)
    case .addBroadcast(var args, var shape):
      let other = memory.source(second).assumingMemoryBound(to: Int8.self)
      vd_add_broadcast_s8(&args, &shape, input, other, output)
    case .mul(var args, let count):
      let other = memory.source(second).assumingMemoryBound(to: Int8.self)
      vd_mul_s8(&args, input, other, output, count)
    case .mulBroadcast(var args, var shape):
      let other = memory.source(second).assumingMemoryBound(to: Int8.self)
      vd_mul_broadcast_s8(&args, &shape, input, other, output)
    case .lookup(let table, let count):
      vd_lookup_s8(
        (memory.parameters + table).assumingMemoryBound(to: Int8.self), input, output, count)
    case .mean(var args):
      vd_mean_s8(&args, input, output)
    case .averagePool(var window, let low, let high):
      vd_average_pool_s8(&window, low, high, input, output, 0, window.out_h)
    case .maxPool(var window, let low, let high):
      vd_max_pool_s8(&window, low, high, input, output, 0, window.out_h)
    case .pad(var args):
      vd_pad_s8(&args, input, output)
    case .softmax(let table, let rows, let count):
      let exponentials = (memory.parameters + table).assumingMemoryBound(to: UInt32.self)
      vd_softmax_s8(exponentials, input, output, rows, count)
    case .copy(let byteCount):
      to.copyMemory(from: from, byteCount: byteCount)
    case .copyStrided(var args, let offset):
      vd_copy_strided_s8(&args, input + offset, output)
    case .copyRows(let rows, let size, let outputStride, let offset):
      vd_copy_rows_s8(input, output + offset, rows, size, outputStride)
    case .gather(var args, let indices):
      vd_gather_s8(
        &args, (memory.parameters + indices).assumingMemoryBound(to: Int32.self), input, output)
    case .rescale(var args, let flipInput, let flipOutput, let count):
      var source = input
      if flipInput {
        flip(from, to, count)
        source = UnsafePointer(output)
      }
      vd_rescale_s8(&args, source, output, count)
      if flipOutput { flip(to, to, count) }
    case .quantize(let scale, let zeroPoint, let flipOutput, let count):
      vd_quantize_f32(from.assumingMemoryBound(to: Float.self), output, count, scale, zeroPoint)
      if flipOutput { flip(to, to, count) }
    case .dequantize(let scale, let zeroPoint, let flipInput, let count):
      var source = input
      if flipInput {
        flip(from, memory.scratch, count)
        source = UnsafePointer(memory.scratch.assumingMemoryBound(to: Int8.self))
      }
      vd_dequantize_s8(source, to.assumingMemoryBound(to: Float.self), count, scale, zeroPoint)
    }
  }

  private func flip(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int
  ) {
    vd_flip_sign(
      from.assumingMemoryBound(to: UInt8.self), to.assumingMemoryBound(to: UInt8.self), count)
  }
}

extension PlannedStep.Convolution {
  /// Half a million products take some 10 us: ten times what handing a share over costs.
  var isWorthSharing: Bool {
    Int(window.out_h) * Int(window.out_w) * Int(window.out_c) * Int(window.kernel_h)
      * Int(window.kernel_w) * Int(window.filter_c) >= 500_000
  }

  /// The C arguments, once the parameters have an address.
  func arguments(parameters: UnsafeRawPointer) -> vd_conv_args {
    vd_conv_args(
      window: window,
      requant: vd_requant(
        bias: (parameters + bias).assumingMemoryBound(to: Int32.self),
        shift: (parameters + shift).assumingMemoryBound(to: Int32.self),
        multiplier: (parameters + multiplier).assumingMemoryBound(to: Int16.self),
        final_shift: finalShift, zero_point: zeroPoint, low: low, high: high),
      input_zero_point: inputZeroPoint,
      weights: parameters + weights)
  }
}
