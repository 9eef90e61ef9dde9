import CFloat

/// The rounding of one layer: its float weights, what is known of its rows, and what the integers
/// must suit.
public struct LayerRounding: Sendable {
  public var layer: LayerWeights
  /// Rows that codes and biases are fitted to.
  public var fit: GramStatistics?
  /// Rows of other frames, which decide whether a fit is kept.
  public var gate: GramStatistics?
  public var limits: WeightScaleLimits
  /// Threads; the result does not depend on them.
  public var workers: Int
  /// Sweeps after the best start was chosen; most channels are still after five.
  public var maximumSweeps = 20

  public init(
    layer: LayerWeights, fit: GramStatistics?, gate: GramStatistics?, limits: WeightScaleLimits,
    workers: Int = 1
  ) {
    self.layer = layer
    self.fit = fit.flatMap { $0.isFinite ? $0 : nil }
    self.gate = gate.flatMap { $0.isFinite ? $0 : nil }
    self.limits = limits
    self.workers = workers
  }

  /// Rounds by `method`, with bias correction where it helps on the held-out rows.
  public func rounded(bits: Int, by method: RoundingMethod) -> RoundedLayer {
    switch method {
    case .nearest: nearest(bits: bits)
    case .gram: gram(bits: bits)
    case .given: given(bits: bits) ?? nearest(bits: bits)
    }
  }

  /// Each weight to the nearest integer, at the scale with the least error: of the weights
  /// themselves, or weighted by their inputs' variances, whichever the held-out rows prefer.
  public func nearest(bits: Int) -> RoundedLayer {
    let plain = nearest(bits: bits, weighted: false)
    guard fit != nil, gate != nil else { return plain }
    let weighted = nearest(bits: bits, weighted: true)
    return isBetter(weighted, than: plain) ? weighted : plain
  }

  /// Ridges towards the float weights, as shares of the mean variance of the inputs. What is best
  /// depends on how many rows there are for how many inputs, and how alike they are; measured on
  /// EfficientNet-Lite0 with 100 frames: 0.1 for 9 to 40 inputs, 1 to 3 for 320 to 1152, 10 for the
  /// classifier. A ridge of 0.01 loses to nearest rounding on all of the large ones.
  static let ridges: [Float] = [0.03, 0.1, 0.3, 1, 3, 10]
  static let firstRidge = 3

  /// Codes, scales and bias fitted together to the rows; nearest rounding where the held-out rows
  /// like that better (unless not `isGated`), or where there are no rows.
  ///
  /// The ridge is found by going from 1 up or down while the error of the held-out rows falls.
  public func gram(bits: Int, isGated: Bool = true) -> RoundedLayer {
    let nearest = nearest(bits: bits)
    guard let fit else { return nearest }
    var best = gram(fit, bits: bits, ridge: LayerRounding.firstRidge)
    if gate != nil {
      for direction in [1, -1] {
        var ridge = LayerRounding.firstRidge + direction
        var improves = false
        while LayerRounding.ridges.indices.contains(ridge) {
          let other = gram(fit, bits: bits, ridge: ridge)
          guard isBetter(other, than: best) else { break }
          best = other
          improves = true
          ridge += direction
        }
        if improves { break }
      }
    }
    guard !isGated || gate == nil || isBetter(best, than: nearest) else {
      var kept = nearest
      kept.fellBack = true
      return kept
    }
    return best
  }

  private func gram(_ fit: GramStatistics, bits: Int, ridge: Int) -> RoundedLayer {
    let damping = LayerRounding.ridges[ridge]
    let solution = GramSolver(self, fit, bits: bits, damping: damping).solve()
    var solved = RoundedLayer(
      codes: solution.codes, scales: solution.scales, bias: layer.bias, bits: bits, method: .gram)
    solved.ridge = damping
    correctBias(&solved)
    return solved
  }

  func importance(_ group: Int, weighted: Bool) -> [Float]? {
    guard weighted, let fit else { return nil }
    let variances = fit.variances(group, inputs: layer.inputs)
    let mean = variances.reduce(0.0) { $0 + Double($1) } / Double(variances.count)
    guard mean > 0 else { return nil }
    // The ridge, so that an input that never moved on these rows still counts for something.
    return variances.map { $0 + 0.01 * Float(mean) }
  }

  func bounds(_ output: Int, bits: Int) -> ClosedRange<Float> {
    limits.bounds(bias: layer.bias[output], inputs: layer.inputs, limit: codeLimit(bits: bits))
  }

  private func nearest(bits: Int, weighted: Bool) -> RoundedLayer {
    let limit = codeLimit(bits: bits)
    let inputs = layer.inputs
    let blocks = ChannelBlock.all(of: layer)
    var scales = [Float](repeating: 1, count: layer.outputs)
    var codes = [Int8](repeating: 0, count: layer.weights.count)
    scales.withUnsafeMutableBufferPointer { scales in
      codes.withUnsafeMutableBufferPointer { codes in
        layer.weights.withUnsafeBufferPointer { weights in
          forEachIndex(count: blocks.count, workers: workers) { index, _ in
            let block = blocks[index]
            let importance = importance(block.group, weighted: weighted)
            for output in block.first..<block.first + block.count {
              let row = UnsafeBufferPointer(
                rebasing: weights[output * inputs..<(output + 1) * inputs])
              let bounds = bounds(output, bits: bits)
              let scale =
                importance?.withUnsafeBufferPointer {
                  searchedScale(row, importance: $0, limit: limit, bounds: bounds)
                } ?? searchedScale(row, importance: nil, limit: limit, bounds: bounds)
              scales[output] = scale
              for k in 0..<inputs {
                let code = (row[k] / scale).rounded(.toNearestOrEven)
                codes[output * inputs + k] = Int8(min(max(code, -Float(limit)), Float(limit)))
              }
            }
          }
        }
      }
    }
    var rounded = RoundedLayer(
      codes: codes, scales: scales, bias: layer.bias, bits: bits, method: .nearest)
    correctBias(&rounded)
    return rounded
  }

  /// On the held-out rows, or without such on the fitted ones.
  private func isBetter(_ a: RoundedLayer, than b: RoundedLayer) -> Bool {
    guard let errorA = a.gateError ?? a.fitError, let errorB = b.gateError ?? b.fitError else {
      return false
    }
    return errorA < errorB
  }

  /// Moves the bias by the mean error on the fitted rows, less where there were few frames
  /// (n / (n + 16)), and only if the error of the held-out rows falls. Notes the errors.
  private func correctBias(_ rounded: inout RoundedLayer) {
    guard let fit else {
      rounded.gateError = gate?.error(of: rounded, for: layer, workers: workers).total
      return
    }
    let fitted = fit.channelErrors(
      codes: rounded.codes, scales: rounded.scales, layer, workers: workers)
    let held = gate?.channelErrors(
      codes: rounded.codes, scales: rounded.scales, layer, workers: workers)
    let share = Double(fit.frameCount) / Double(fit.frameCount + 16)
    let shifts = fitted.shifts.map { $0 * share }
    func total(_ errors: GramStatistics.ChannelErrors, _ shifts: [Double]?) -> Double {
      errors.variances.indices.reduce(0) { sum, channel in
        let rest = errors.shifts[channel] - (shifts?[channel] ?? 0)
        return sum + errors.variances[channel] + rest * rest
      }
    }
    let helps = held.map { total($0, shifts) < total($0, nil) } ?? true
    if helps {
      rounded.correctsBias = true
      rounded.bias = layer.bias.indices.map { Float(Double(layer.bias[$0]) + shifts[$0]) }
    }
    rounded.fitError = total(fitted, helps ? shifts : nil)
    rounded.gateError = held.map { total($0, helps ? shifts : nil) }
  }
}
