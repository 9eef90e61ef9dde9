import CKernels
import Model
import Tensors

// The operators that are no sums of products with weights.
extension Lowering {
  /// See `vd_add_args` for the formula.
  func add(
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

  func mean(_ step: Schedule.Step) throws(InferenceError) -> PlannedStep.Kernel {
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

  func pad(
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

  mutating func softmax(
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

  func quantize(_ step: Schedule.Step) throws(InferenceError) -> PlannedStep.Kernel {
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

  mutating func dequantize(
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
