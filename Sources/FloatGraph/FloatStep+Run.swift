import CFloat

/// What a step runs on: the arena, and where each value lies in it.
struct FloatArena {
  var base: UnsafeMutablePointer<Float>
  var offsets: [Int?]
  /// Free for the step that runs.
  var scratch: UnsafeMutablePointer<Float>
  var instructionSet: vd_float_isa

  func pointer(_ value: Int) -> UnsafeMutablePointer<Float> {
    guard let offset = offsets[value] else {
      preconditionFailure("every value that a step touches has a place")
    }
    return base + offset
  }
}

extension FloatStep {
  /// Computes the output. It allocates nothing.
  func run(_ arena: FloatArena, _ packed: PackedWeights, clip: ClipRange?) {
    let target = arena.pointer(output)
    let source = UnsafePointer(arena.pointer(inputs[0]))
    let minimum = clip?.minimum ?? -.infinity
    let maximum = clip?.maximum ?? .infinity
    switch kernel {
    case .convolution(let plan):
      guard case .panels(let panels) = packed else { return }
      panels.withUnsafeBytes { bytes in
        let panels = bytes.bindMemory(to: Float.self)
        FloatStep.convolve(plan, arena, source, panels, target, minimum, maximum)
      }
    case .depthwise(var window):
      guard case .depthwise(let weights, let bias) = packed else { return }
      vd_float_depthwise(
        arena.instructionSet, &window, source, weights, bias, target, minimum, maximum)
    case .fullyConnected(let rows, let outputs, let depth):
      guard case .panels(let panels) = packed else { return }
      panels.withUnsafeBytes { bytes in
        guard let panels = bytes.bindMemory(to: Float.self).baseAddress else { return }
        vd_float_product(
          arena.instructionSet, rows, outputs, depth, source, depth, panels, target, outputs,
          minimum, maximum)
      }
    case .binary(let kind, var walk):
      vd_float_binary(kind, &walk, source, arena.pointer(inputs[1]), target)
    case .affine(let rows, let scale, let offset):
      vd_float_affine(rows, scale.count, source, scale, offset, target)
    case .clamp(let range):
      vd_float_clamp(outputCount, source, range.minimum, range.maximum, target)
    case .leakyReLU(let slope): vd_float_leaky_relu(outputCount, source, slope, target)
    case .hardSwish: vd_float_hard_swish(outputCount, source, target)
    case .hardSigmoid(let alpha, let beta):
      vd_float_hard_sigmoid(outputCount, source, alpha, beta, target)
    case .sigmoid: vd_float_sigmoid(outputCount, source, target)
    case .softmax(let rows, let channels): vd_float_softmax(rows, channels, source, target)
    case .maxPool(var window): vd_float_max_pool(&window, source, target)
    case .averagePool(var window, let top, let left, let bottom, let right):
      vd_float_average_pool(&window, top, left, bottom, right, source, target)
    case .mean(var walk, let divisor):
      arena.scratch.withMemoryRebound(to: Double.self, capacity: outputCount) { sums in
        sums.update(repeating: 0, count: outputCount)
        vd_float_sum(&walk, source, sums)
        vd_float_quotient(outputCount, sums, divisor, target)
      }
    case .copies(let copies, let fill):
      if let fill { target.update(repeating: fill, count: outputCount) }
      for copy in copies {
        var walk = copy.walk
        vd_float_copy(
          &walk, arena.pointer(inputs[copy.operand]) + copy.inputOffset,
          target + copy.outputOffset)
      }
    case .gather(let rows, let extent, let inner, let indices):
      vd_float_gather(rows, extent, inner, indices, indices.count, source, target)
    }
    if let clip = self.clip {
      vd_float_clamp(outputCount, target, clip.minimum, clip.maximum, target)
    }
  }

  private static func convolve(
    _ plan: ConvolutionPlan, _ arena: FloatArena, _ source: UnsafePointer<Float>,
    _ panels: UnsafeBufferPointer<Float>, _ target: UnsafeMutablePointer<Float>,
    _ minimum: Float, _ maximum: Float
  ) {
    guard let panels = panels.baseAddress else { return }
    let (outputs, depth) = (plan.outputs, plan.depth)
    let stride = outputs * plan.groups
    let groupCount = vd_float_packed_count(outputs, depth)
    var window = plan.window
    for group in 0..<plan.groups {
      let packed = panels + group * groupCount
      guard let tile = plan.tile else {
        vd_float_product(
          arena.instructionSet, plan.pixels, outputs, depth, source + group * plan.inputs,
          window.channels, packed, target + group * outputs, stride, minimum, maximum)
        continue
      }
      var first = 0
      while first < plan.pixels {
        let count = min(tile, plan.pixels - first)
        vd_float_patches(
          &window, source, group * plan.inputs, plan.inputs, first, count, arena.scratch)
        vd_float_product(
          arena.instructionSet, count, outputs, depth, arena.scratch, depth, packed,
          target + first * stride + group * outputs, stride, minimum, maximum)
        first += count
      }
    }
  }
}
