import CKernels
import Model
import Tensors

// The operators that work on elements one by one: arithmetic of two tensors, functions of one.
extension Lowering {
  /// ADD, and SUB as an ADD whose second factor is negative. See `vd_add_args` for the formula.
  mutating func add(
    _ step: Schedule.Step, _ activation: Activation, isDifference: Bool
  ) throws(InferenceError) -> (PlannedStep.Kernel, String) {
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
    let magnitudeB = min((ratioB * unit).rounded(), 32767)
    let multiplierB = isDifference ? -magnitudeB : magnitudeB
    let bias =
      -Double(a.zeroPoint) * multiplierA - Double(b.zeroPoint) * multiplierB
      + Double(output.zeroPoint) * unit + (shift > 0 ? unit / 2 : 0)
    let clamp = clampRange(output, activation)
    let args = vd_add_args(
      multiplier_a: Int32(multiplierA), multiplier_b: Int32(multiplierB), bias: Int32(bias),
      shift: Int32(shift), low: clamp.low, high: clamp.high)
    placeConstants(op)
    guard let shape = try broadcast(op) else {
      return (.add(args, count: graph.tensors[op.output].shape.elementCount), "add_s8")
    }
    return (.addBroadcast(args, shape), "add_broadcast_s8")
  }

  /// See `vd_mul_args` for the formula.
  mutating func mul(
    _ step: Schedule.Step, _ activation: Activation
  ) throws(InferenceError) -> (PlannedStep.Kernel, String) {
    let op = step.source
    let a = try quantization(of: op.inputs[0], op)
    let b = try quantization(of: op.inputs[1], op)
    let output = try quantization(of: op.output, op)
    let factor = Double(a.scale) * Double(b.scale) / Double(output.scale)
    guard let wide = FixedPointMultiplier.wide(factor) else {
      throw unusable(op, "scale ratio \(factor)")
    }
    let clamp = clampRange(output, activation)
    let args = vd_mul_args(
      zero_point_a: a.zeroPoint, zero_point_b: b.zeroPoint, multiplier: wide.multiplier,
      shift: wide.shift, zero_point: output.zeroPoint, low: clamp.low, high: clamp.high)
    placeConstants(op)
    guard let shape = try broadcast(op) else {
      return (.mul(args, count: graph.tensors[op.output].shape.elementCount), "mul_s8")
    }
    return (.mulBroadcast(args, shape), "mul_broadcast_s8")
  }

  /// A function of one element as a table of 256 stored values, each the exact result's nearest
  /// (halves away from zero).
  mutating func lookup(
    _ step: Schedule.Step, _ function: (Double) -> Double
  ) throws(InferenceError) -> PlannedStep.Kernel {
    let op = step.source
    let input = try quantization(of: step.input, op)
    let output = try quantization(of: op.output, op)
    let table = lookupTable(input: input, output: output, function)
    let offset = reserve(table.count)
    fills.append(.table(table, offset: offset))
    return .lookup(table: offset, count: graph.tensors[op.output].shape.elementCount)
  }

  /// Reserves room for an operand that is a constant.
  private mutating func placeConstants(_ op: Operator) {
    for tensor in op.inputs
    where graph.tensors[tensor].isConstant && constantOffsets[tensor] == nil {
      let offset = reserve(graph.tensors[tensor].byteCount)
      constantOffsets[tensor] = offset
      fills.append(.constant(tensor: tensor, offset: offset))
    }
  }

  /// How the two operands meet; nil if both have the output's shape.
  private func broadcast(_ op: Operator) throws(InferenceError) -> vd_broadcast? {
    let shapes = op.inputs.map { graph.tensors[$0].shape }
    guard let loops = BroadcastLoops(shapes[0], shapes[1], graph.tensors[op.output].shape) else {
      throw unsupported(op, "broadcasting of \(shapes[0]) and \(shapes[1]): more than 4 loops")
    }
    return loops.isElementwise ? nil : loops.arguments
  }
}

/// The 256 values of a function of one stored int8, from -128 on.
///
/// `function` uses IEEE operations that all machines round alike, so the table is the same
/// everywhere.
package func lookupTable(
  input: (scale: Float, zeroPoint: Int32), output: (scale: Float, zeroPoint: Int32),
  _ function: (Double) -> Double
) -> [Int8] {
  (-128...127).map { stored in
    let real = function(Double(input.scale) * Double(stored - Int(input.zeroPoint)))
    let steps = (real / Double(output.scale)).rounded() + Double(output.zeroPoint)
    return Int8(max(-128, min(127, steps)))
  }
}

/// The functions of one element, in double.
package enum ElementFunction {
  /// `1 / (1 + exp(-x))`.
  package static func logistic(_ x: Double) -> Double {
    let e = deterministicExponential(-abs(x))
    return x >= 0 ? 1 / (1 + e) : e / (1 + e)
  }

  /// `x * min(max(x + 3, 0), 6) / 6`.
  package static func hardSwish(_ x: Double) -> Double { x * min(max(x + 3, 0), 6) / 6 }

  package static func leakyRelu(_ x: Double, alpha: Float) -> Double {
    x >= 0 ? x : x * Double(alpha)
  }

  static func clamp(_ x: Double, _ activation: Activation) -> Double {
    switch activation {
    case .none: x
    case .relu: max(x, 0)
    case .relu6: max(0, min(x, 6))
    }
  }
}
