import CKernels
import Model
import Tensors

// The operators that are no sums of products with weights.
extension Lowering {
  func mean(_ step: Schedule.Step, _ axes: [Int]) throws(InferenceError) -> PlannedStep.Kernel {
    let op = step.source
    let input = try quantization(of: step.input, op)
    let output = try quantization(of: op.output, op)
    let shape = graph.tensors[step.view].shape
    guard let first = axes.first, let last = axes.last else {
      throw unsupported(op, "a mean over no axis")
    }
    for axis in first...last where !axes.contains(axis) && shape[axis] > 1 {
      throw unsupported(op, "a mean over the axes \(axes) of \(shape), which are not neighbours")
    }
    let outer = shape.extents[..<first].reduce(1, *)
    let count = shape.extents[first...last].reduce(1, *)
    // The kernel's sum, zero point taken off, is an int32: at most 255 an element.
    guard count <= 1 << 23 else { throw unsupported(op, "\(count) elements; at most \(1 << 23)") }
    let factor = Double(input.scale) / (Double(output.scale) * Double(count))
    guard let wide = FixedPointMultiplier.wide(factor) else {
      throw unusable(op, "scale ratio \(factor)")
    }
    return .mean(
      vd_mean_args(
        outer: Int32(outer), reduced: Int32(count),
        inner: Int32(shape.elementCount / outer / count), input_zero_point: input.zeroPoint,
        multiplier: wide.multiplier, shift: wide.shift, zero_point: output.zeroPoint, low: -128,
        high: 127))
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
        extents: quad(graph.tensors[step.view].shape.extents, 1), before: quad(before, 0),
        after: quad(after, 0), value: quantization.zeroPoint))
  }

  mutating func softmax(
    _ step: Schedule.Step, _ beta: Float
  ) throws(InferenceError) -> PlannedStep.Kernel {
    let op = step.source
    let input = try quantization(of: step.input, op)
    let shape = graph.tensors[step.view].shape
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
