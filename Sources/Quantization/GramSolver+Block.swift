import CFloat

extension GramSolver {
  /// What does not change during the descent of a block.
  struct Setting {
    let block: ChannelBlock
    let inputs: Int
    let limit: Float
    let damping: Float
    let order: [UInt32]
    let bounds: [ClosedRange<Float>]
    let scales: [Float]
    let weights: [Float]
    /// Of the error that arrives with the input.
    let cross: [Float]
    /// (S + damping) w + c: the gradient where all codes are 0.
    let origin: [Float]

    init(
      _ rounding: LayerRounding, _ fit: GramStatistics, _ block: ChannelBlock, bits: Int,
      damping: Float
    ) {
      self.block = block
      let layer = rounding.layer
      self.inputs = layer.inputs
      let inputs = layer.inputs
      let limit = codeLimit(bits: bits)
      self.limit = Float(limit)
      let variances = fit.variances(block.group, inputs: inputs)
      let mean = variances.reduce(0.0) { $0 + Double($1) } / Double(inputs)
      self.damping = damping * Float(mean)
      // What weighs most goes first, while the rest can still make up for it.
      order = variances.indices.sorted {
        variances[$0] != variances[$1] ? variances[$0] > variances[$1] : $0 < $1
      }.map { UInt32($0) }
      let range = block.first * inputs..<(block.first + block.count) * inputs
      weights = Array(layer.weights[range])
      cross = Array(fit.crossCovariances[range])
      let outputs = block.first..<block.first + block.count
      let ranges = outputs.map { rounding.bounds($0, bits: bits) }
      bounds = ranges
      let importance = rounding.importance(block.group, weighted: true)
      var scales: [Float] = []
      for channel in 0..<block.count {
        scales.append(
          layer.weights.withUnsafeBufferPointer { all in
            let first = (block.first + channel) * layer.inputs
            let row = UnsafeBufferPointer(rebasing: all[first..<first + layer.inputs])
            guard let importance else {
              return searchedScale(row, importance: nil, limit: limit, bounds: ranges[channel])
            }
            return importance.withUnsafeBufferPointer {
              searchedScale(row, importance: $0, limit: limit, bounds: ranges[channel])
            }
          })
      }
      self.scales = scales
      var origin = fit.product(weights, block, inputs)
      for at in origin.indices { origin[at] += self.damping * weights[at] + cross[at] }
      self.origin = origin
    }
  }

  /// The codes of a block of channels on their way.
  struct BlockState {
    let setting: Setting
    var scales: [Float]
    /// Integers but for the start of a progressive descent.
    var codes: [Float]
    /// (S + damping) d + c with d = w - scale * code.
    var gradient: [Float]
  }
}

extension GramSolver.BlockState {
  init(_ setting: GramSolver.Setting, _ fit: GramStatistics, _ start: GramSolver.Start) {
    self.setting = setting
    let inputs = setting.inputs
    scales = setting.scales.indices.map {
      min(
        max(setting.scales[$0] * start.scaleFactor, setting.bounds[$0].lowerBound),
        setting.bounds[$0].upperBound)
    }
    codes = setting.weights
    gradient = setting.cross
    if start.isProgressive {
      for at in codes.indices { codes[at] /= scales[at / inputs] }
      return
    }
    codes.withUnsafeMutableBufferPointer { codes in
      setting.weights.withUnsafeBufferPointer { weights in
        guard let codes = codes.baseAddress, let weights = weights.baseAddress else { return }
        for channel in scales.indices {
          let first = channel * inputs
          vd_gram_round(weights + first, inputs, scales[channel], setting.limit, codes + first)
        }
      }
    }
    let applied = fit.product(codes, setting.block, inputs)
    for at in gradient.indices {
      gradient[at] =
        setting.origin[at] - scales[at / inputs] * (applied[at] + setting.damping * codes[at])
    }
  }

  /// One pass over the coordinates; returns how many codes changed.
  mutating func sweep(_ fit: GramStatistics) -> Int {
    fit.withMatrix(setting.block.group) { matrix in
      var problem = vd_gram_problem(
        matrix: matrix, stride: fit.stride, count: setting.inputs, channels: setting.block.count,
        damping: setting.damping, limit: setting.limit)
      return codes.withUnsafeMutableBufferPointer { codes in
        gradient.withUnsafeMutableBufferPointer { gradient in
          guard let codes = codes.baseAddress, let gradient = gradient.baseAddress else { return 0 }
          return Int(vd_gram_sweep(&problem, setting.order, scales, codes, gradient))
        }
      }
    }
  }

  /// The scale with the least error for the codes as they are: with u = (S + damping) v it is
  /// v (origin) / (v u), and u is (origin - gradient) / scale.
  mutating func refitScales() {
    let inputs = setting.inputs
    for channel in scales.indices {
      let old = scales[channel]
      var numerator = 0.0
      var denominator = 0.0
      for at in channel * inputs..<(channel + 1) * inputs {
        let code = Double(codes[at])
        numerator += code * Double(setting.origin[at])
        denominator += code * (Double(setting.origin[at]) - Double(gradient[at]))
      }
      guard numerator > 0, denominator > 0 else { continue }
      let fitted = Float(numerator / denominator * Double(old))
      guard fitted.isFinite, setting.bounds[channel].contains(fitted) else { continue }
      scales[channel] = fitted
      let ratio = fitted / old
      for at in channel * inputs..<(channel + 1) * inputs {
        gradient[at] = setting.origin[at] - ratio * (setting.origin[at] - gradient[at])
      }
    }
  }

  /// Takes over the channels for which `other` has the lower error.
  mutating func takeBetter(of other: GramSolver.BlockState) {
    let inputs = setting.inputs
    for channel in scales.indices where other.objective(channel) < objective(channel) {
      scales[channel] = other.scales[channel]
      for at in channel * inputs..<(channel + 1) * inputs {
        codes[at] = other.codes[at]
        gradient[at] = other.gradient[at]
      }
    }
  }

  /// The damped error of a channel, less what no code changes: d (gradient + c).
  private func objective(_ channel: Int) -> Double {
    var sum = 0.0
    for at in channel * setting.inputs..<(channel + 1) * setting.inputs {
      let difference = Double(setting.weights[at]) - Double(scales[channel]) * Double(codes[at])
      sum += difference * (Double(gradient[at]) + Double(setting.cross[at]))
    }
    return sum
  }
}
